"""REST-JSON on the twin's wire: what botocore writes for a client is read back as what the client said."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from botocore.serialize import create_serializer

from twin.aws.corrections.wire import (
    AwsError,
    Operation,
    Parameters,
    Request,
    answer_of,
    encode_answer,
    encode_error,
    operation_of,
    parameters_of,
    service_model,
)

ROLE = "arn:aws:iam::111122223333:role/teams/vision"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
EXAMPLES = {"principalArn": ROLE, "policyArn": POLICY, "resourceArn": "arn:aws:eks:eu-west-1:1:cluster/c"}


def request_of(operation: Operation, parameters: Parameters) -> Request:
    """The request as it arrives: the server has decoded the path."""
    written = create_serializer("rest-json", include_validation=False).serialize_to_request(parameters, operation.model)
    path, _, query = written["url_path"].partition("?")
    query = "&".join(filter(None, [query, urlencode(written["query_string"], doseq=True)]))
    credential = f"Credential=1/20261127/eu-west-1/{service_model(operation.service).signing_name}/aws4_request"
    headers = {name.lower(): value for name, value in written["headers"].items()} | {"authorization": credential}
    return Request(written["method"], unquote(path), query, headers, written["body"] or b"")


def path_parameters(operation: Operation) -> dict[str, Any]:
    shape = operation.model.input_shape
    assert shape is not None
    return {
        name: EXAMPLES.get(name, f"a-{name}")
        for name, member in shape.members.items()
        if member.serialization.get("location") == "uri"
    }


@pytest.mark.parametrize("name", service_model("eks").operation_names)
def test_every_operation_of_eks_is_known_by_its_route(name: str) -> None:
    operation = Operation("eks", name)
    parameters = path_parameters(operation)
    request = request_of(operation, parameters)
    assert operation_of(request) == operation
    assert parameters.items() <= parameters_of(operation, request).items()


def test_parameters_come_from_path_query_and_body() -> None:
    association = Operation("eks", "AssociateAccessPolicy")
    given = {
        "clusterName": "groundwork-dev",
        "principalArn": ROLE,
        "policyArn": POLICY,
        "accessScope": {"type": "namespace", "namespaces": ["team-*"]},
    }
    assert parameters_of(association, request_of(association, given)) == given
    untag = Operation("eks", "UntagResource")
    many = {"resourceArn": EXAMPLES["resourceArn"], "tagKeys": ["one", "two words"]}
    assert parameters_of(untag, request_of(untag, many)) == many
    listing = Operation("eks", "ListNodegroups")
    paged = {"clusterName": "groundwork-dev", "maxResults": 7, "nextToken": "more"}
    assert parameters_of(listing, request_of(listing, paged)) == paged


def test_another_service_with_the_same_protocol() -> None:
    operation = Operation("eks-auth", "AssumeRoleForPodIdentity")
    given = {"clusterName": "groundwork-dev", "token": "x.y.z"}
    request = request_of(operation, given)
    assert operation_of(request) == operation
    assert parameters_of(operation, request) == given


def test_what_has_no_route_is_no_operation() -> None:
    headers = {"authorization": "Credential=1/20261127/eu-west-1/eks/aws4_request"}
    assert operation_of(Request("PATCH", "/clusters/a", "", headers, b"")) is None
    assert operation_of(Request("GET", "/clusters/a/b", "", headers, b"")) is None


def test_an_answer_is_what_a_client_reads() -> None:
    operation = Operation("eks", "DescribeCluster")
    answer = {"cluster": {"name": "a", "createdAt": datetime(2026, 11, 27, tzinfo=UTC), "deletionProtection": False}}
    headers, body = encode_answer(operation, answer)
    assert answer_of(operation, 200, headers, body) == answer
    assert json.loads(body)["cluster"]["createdAt"] == 1795737600


def test_an_error_has_its_code_and_message() -> None:
    operation = Operation("eks", "DescribeCluster")
    headers, body = encode_error(operation, AwsError("ResourceNotFoundException", "No cluster found for name: a.", 404))
    error = answer_of(operation, 404, headers, body)["Error"]
    assert (error["Code"], error["Message"]) == ("ResourceNotFoundException", "No cluster found for name: a.")

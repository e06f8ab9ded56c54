"""Files of a SecretProviderClass, with AWS played by botocore's own stubs: what is asked, written, refused."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from tests.unit.twin.pods.support import api, held
from twin.account import Account
from twin.kubernetes.pod_identity import PodIdentityError
from twin.pods import secrets_store
from twin.pods.errors import PodError

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf"


class Stubbed:
    """The account as a pod sees it."""

    region = "eu-west-1"

    def __init__(self) -> None:
        made = {name: boto3.client(name, "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b") for name in _OF}
        self.stubs = {name: Stubber(client) for name, client in made.items()}
        self.client = made.__getitem__


_OF = ("secretsmanager", "ssm")


@contextmanager
def stubbed() -> Iterator[Stubbed]:
    account = Stubbed()
    for stub in account.stubs.values():
        stub.activate()
    yield account
    for stub in account.stubs.values():
        stub.assert_no_pending_responses()


def files(account: Stubbed, objects: Any, **parameters: str) -> dict[str, bytes]:
    written = objects if isinstance(objects, str) else json.dumps(objects)
    spec = {"provider": "aws", "parameters": {"usePodIdentity": "true", "objects": written, **parameters}}
    cluster = api(held("SecretProviderClass", "c", spec=spec))
    return secrets_store.files(cluster, "shop", "c", lambda: cast(Account, account))


def test_a_secret_is_a_file_and_so_is_what_jmespath_finds_in_it() -> None:
    value = json.dumps({"username": "u", "inner": {"password": "p/w"}})
    with stubbed() as account:
        asked = {"SecretId": "shop/db", "VersionStage": "AWSPREVIOUS"}
        account.stubs["secretsmanager"].add_response("get_secret_value", {"SecretString": value}, asked)
        entries = [
            {"path": "username", "objectAlias": "user"},
            {"path": "inner.password", "objectAlias": "deep/password"},
        ]
        one = {"objectName": "shop/db", "objectType": "secretsmanager", "objectVersionLabel": "AWSPREVIOUS"}
        found = files(account, [{**one, "jmesPath": entries, "filePermission": "0600"}])
    assert found == {"shop_db": value.encode(), "user": b"u", "deep_password": b"p/w"}


def test_names_versions_aliases_and_parameters() -> None:
    with stubbed() as account:
        secrets, parameters = account.stubs["secretsmanager"], account.stubs["ssm"]
        secrets.add_response("get_secret_value", {"SecretBinary": b"\x00"}, {"SecretId": ARN, "VersionId": "v" * 32})
        parameters.add_response(
            "get_parameter", {"Parameter": {"Value": "x"}}, {"Name": "/shop/size:3", "WithDecryption": True}
        )
        found = files(
            account,
            [
                {"objectName": ARN, "objectAlias": "db", "objectVersion": "v" * 32},
                {"objectName": "/shop/size", "objectType": "ssmparameter", "objectVersion": "3"},
            ],
            pathTranslation="False",
        )
    assert found == {"db": b"\x00", "shop/size": b"x"}


def test_a_refusal_is_told_in_the_services_own_words() -> None:
    with stubbed() as account:
        words = "User: x is not authorized to perform: secretsmanager:GetSecretValue"
        account.stubs["secretsmanager"].add_client_error("get_secret_value", "AccessDeniedException", words, 400)
        with pytest.raises(PodError, match=f"SecretProviderClass shop/c: a: .*AccessDeniedException.*{words}"):
            files(account, [{"objectName": "a", "objectType": "secretsmanager"}])


def test_a_value_that_is_no_json_is_not_shown() -> None:
    with stubbed() as account:
        account.stubs["secretsmanager"].add_response("get_secret_value", {"SecretString": "hush"})
        one = {"objectName": "a", "objectType": "secretsmanager", "jmesPath": [{"path": "p", "objectAlias": "b"}]}
        with pytest.raises(PodError, match="Invalid JSON used with jmesPath in secret: a") as raised:
            files(account, [one])
    assert "hush" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"path": "none", "objectAlias": "b"}, "does not point to a valid object"),
        ({"path": "list", "objectAlias": "b"}, "is no string"),
        ({"path": "[", "objectAlias": "b"}, "Invalid JMES Path"),
        ({"path": "k", "objectAlias": "a"}, "duplicate object alias a"),
    ],
)
def test_a_wrong_jmespath_is_named(entry: dict[str, str], words: str) -> None:
    with stubbed() as account:
        account.stubs["secretsmanager"].add_response("get_secret_value", {"SecretString": '{"list": [], "k": "v"}'})
        with pytest.raises(PodError, match=words):
            files(account, [{"objectName": "a", "objectType": "secretsmanager", "jmesPath": [entry]}])


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ("{", "no valid YAML"),
        ("a: 1", "must be a list"),
        ([{"objectType": "secretsmanager"}], "Object name must be specified"),
        ([{"objectName": "a"}], "Must use objectType"),
        ([{"objectName": "a", "objectType": "ssm"}], "Invalid objectType: ssm"),
        ([{"objectName": ARN, "objectType": "ssmparameter"}], "objectType does not match ARN"),
        ([{"objectName": "a", "objectType": "secretsmanager", "failoverObject": {}}], "failoverObject is not modelled"),
        ([{"objectName": "a", "objectType": "secretsmanager", "jmesPath": [{"path": "p"}]}], "path and objectAlias"),
    ],
)
def test_wrong_objects_are_refused_before_aws_is_asked(objects: Any, words: str) -> None:
    with stubbed() as account, pytest.raises(PodError, match=words):
        files(account, objects)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"usePodIdentity": "false"}, "without usePodIdentity"),
        ({"region": "us-east-1"}, "region us-east-1 is not the cluster's"),
        ({"failoverRegion": "us-east-1"}, "failoverRegion is not modelled"),
    ],
)
def test_parameters_that_are_not_modelled_are_refused(parameters: dict[str, str], words: str) -> None:
    with stubbed() as account, pytest.raises(PodError, match=words):
        files(account, [], **parameters)


def test_a_path_out_of_the_folder_is_refused() -> None:
    with stubbed() as account:
        account.stubs["secretsmanager"].add_response("get_secret_value", {"SecretString": "v"})
        one = {"objectName": "a", "objectAlias": "../a", "objectType": "secretsmanager"}
        with pytest.raises(PodError, match=r"path can not contain \.\./"):
            files(account, [one], pathTranslation="False")


def test_a_class_that_is_missing_or_of_another_provider_and_a_pod_without_a_role_are_told() -> None:
    def refused() -> Account:
        raise PodIdentityError("no agent")

    spec: dict[str, Any] = {"provider": "aws", "parameters": {"usePodIdentity": "true", "objects": "[]"}}
    cluster = api(
        held("SecretProviderClass", "vault", spec={"provider": "vault"}),
        held("SecretProviderClass", "synced", spec={**spec, "secretObjects": [{"secretName": "x"}]}),
        held("SecretProviderClass", "aws", spec=spec),
    )
    for name, words in {
        "none": 'SecretProviderClass "none" not found',
        "vault": "provider 'vault' is not modelled",
        "synced": "secretObjects is not modelled",
        "aws": "the pod gets no credentials: no agent",
    }.items():
        with pytest.raises(PodError, match=words):
            secrets_store.files(cluster, "shop", name, refused)

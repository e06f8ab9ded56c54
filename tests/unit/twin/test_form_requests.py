"""Forms on the twin's wire: what botocore writes for a client is read back as what the client said."""

from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.serialize import create_serializer

from twin.aws.corrections.wire import Operation, Request, parameters_of


def request_of(operation: Operation, parameters: dict[str, Any]) -> Request:
    """The request as it arrives."""
    written = create_serializer("query", include_validation=False).serialize_to_request(parameters, operation.model)
    return Request("POST", "/", "", {}, urlencode(written["body"]).encode())


@pytest.mark.parametrize(
    ("service", "name", "given"),
    [
        # A map whose entries have names of their own.
        (
            "sns",
            "Publish",
            {
                "TopicArn": "arn:aws:sns:eu-west-1:1:t",
                "Message": "m",
                "MessageAttributes": {
                    "severity": {"DataType": "String", "StringValue": "critical"},
                    "team": {"DataType": "String", "StringValue": "vision"},
                },
            },
        ),
        # One whose entries have none, and a list.
        ("sns", "CreateTopic", {"Name": "t", "Attributes": {"Policy": "{}"}, "Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_maps_and_lists_are_read_back(service: str, name: str, given: dict[str, Any]) -> None:
    operation = Operation(service, name)
    assert parameters_of(operation, request_of(operation, given)) == given

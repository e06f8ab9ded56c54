"""SQS."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World

_SAID = {
    "contentBasedDeduplication": ("ContentBasedDeduplication", "false"),
    "delaySeconds": ("DelaySeconds", "0"),
    "fifoQueue": ("FifoQueue", "false"),
    "kmsDataKeyReusePeriodSeconds": ("KmsDataKeyReusePeriodSeconds", None),
    "kmsMasterKeyId": ("KmsMasterKeyId", None),
    "maxMessageSize": ("MaximumMessageSize", "262144"),
    "messageRetentionSeconds": ("MessageRetentionPeriod", "345600"),
    "receiveWaitTimeSeconds": ("ReceiveMessageWaitTimeSeconds", "0"),
    "sqsManagedSseEnabled": ("SqsManagedSseEnabled", None),
    "visibilityTimeoutSeconds": ("VisibilityTimeout", "30"),
}
"""By property: the attribute, and its value where the program says nothing; None, whatever SQS has."""
_DOCUMENTS = {"policy": "Policy", "redriveAllowPolicy": "RedriveAllowPolicy", "redrivePolicy": "RedrivePolicy"}


def _arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def _key(world: World) -> str:
    return str(world.client("kms").create_key()["KeyMetadata"]["Arn"])


def _policy(name: str, *actions: str) -> str:
    statement = {
        "Sid": "Use",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": list(actions),
        "Resource": _arn(name),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def _inputs(world: World) -> dict[str, Any]:
    name, dead = world.name("registry-events"), world.name("registry-events-dead")
    world.client("sqs").create_queue(QueueName=dead)
    return {
        "name": name,
        "kmsMasterKeyId": _key(world),
        "kmsDataKeyReusePeriodSeconds": 600,
        "messageRetentionSeconds": 1209600,
        "visibilityTimeoutSeconds": 60,
        "receiveWaitTimeSeconds": 20,
        "policy": _policy(name, "sqs:SendMessage"),
        "redrivePolicy": json.dumps({"deadLetterTargetArn": _arn(dead), "maxReceiveCount": 5}),
        "redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"}),
        "tags": {"data-classification": "confidential"},
    }


def _holds(world: World, url: str, inputs: Mapping[str, Any]) -> None:
    sqs = world.client("sqs")
    assert url == f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{inputs['name']}"
    there = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert there["QueueArn"] == _arn(inputs["name"])
    for name, (attribute, default) in _SAID.items():
        wanted = inputs.get(name)
        text = default if wanted is None else str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
        if text is not None:
            assert there.get(attribute, "false") == text, attribute
    if "kmsMasterKeyId" not in inputs:
        assert "KmsMasterKeyId" not in there or there["KmsMasterKeyId"] == ""
    for name, attribute in _DOCUMENTS.items():
        if name in inputs:
            assert json.loads(there[attribute]) == json.loads(inputs[name])
    assert sqs.list_queue_tags(QueueUrl=url).get("Tags", {}) == inputs["tagsAll"]


EXAMPLES = (
    Example(
        "aws:sqs/queue:Queue",
        inputs=_inputs,
        holds=_holds,
        updates=(
            {"messageRetentionSeconds": 86400, "delaySeconds": 5, "maxMessageSize": 1024},
            {"visibilityTimeoutSeconds": None, "receiveWaitTimeSeconds": 0},
            {"redriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})},
            lambda world: {"kmsMasterKeyId": _key(world)},
            {"kmsMasterKeyId": None, "kmsDataKeyReusePeriodSeconds": None, "sqsManagedSseEnabled": True},
            {"tags": {"more": "1"}},
        ),
    ),
    Example("aws:sqs/queue:Queue", inputs=lambda _: {"delaySeconds": 1}, holds=_holds, case="autonamed"),
    Example(
        "aws:sqs/queue:Queue",
        inputs=lambda world: {
            "name": world.name("ordered") + ".fifo",
            "fifoQueue": True,
            "contentBasedDeduplication": True,
            "deduplicationScope": "messageGroup",
            "fifoThroughputLimit": "perMessageGroupId",
        },
        holds=_holds,
        updates=({"contentBasedDeduplication": False},),
        case="fifo",
    ),
)

"""SNS."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World


def _arn(name: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


def _key(world: World) -> str:
    return str(world.client("kms").create_key()["KeyMetadata"]["Arn"])


def _policy(name: str, service: str) -> str:
    statement = {
        "Sid": "Publish",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Resource": _arn(name),
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def _topic(world: World) -> dict[str, Any]:
    name = world.name("alarms")
    return {
        "name": name,
        "displayName": "Alarms",
        "kmsMasterKeyId": _key(world),
        "policy": _policy(name, "events.amazonaws.com"),
        "tags": {"data-classification": "internal"},
    }


def _topic_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    sns = world.client("sns")
    assert arn == _arn(inputs["name"])
    there = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert there.get("DisplayName", "") == inputs.get("displayName", "")
    assert there.get("KmsMasterKeyId", "") == inputs.get("kmsMasterKeyId", "")
    if "policy" in inputs:
        assert json.loads(there["Policy"]) == json.loads(inputs["policy"])
    tags = {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    assert tags == inputs["tagsAll"]


def _queue_subscription(world: World) -> dict[str, Any]:
    topic, queue = world.name("alarms"), world.name("heard")
    world.client("sns").create_topic(Name=topic)
    world.client("sqs").create_queue(QueueName=queue)
    return {"topic": _arn(topic), "protocol": "sqs", "endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"}


def _mail_subscription(world: World) -> dict[str, Any]:
    topic = world.name("alarms")
    world.client("sns").create_topic(Name=topic)
    return {"topic": _arn(topic), "protocol": "email", "endpoint": "on-call@example.org"}


def _subscription_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert (there["TopicArn"], there["Protocol"]) == (inputs["topic"], inputs["protocol"])
    assert there["Endpoint"] == inputs["endpoint"]
    assert there["RawMessageDelivery"] == str(inputs["rawMessageDelivery"]).lower()
    assert json.loads(there.get("FilterPolicy") or "{}") == json.loads(inputs.get("filterPolicy") or "{}")
    assert there["PendingConfirmation"] == ("true" if inputs["protocol"] == "email" else "false")


EXAMPLES = (
    Example(
        "aws:sns/topic:Topic",
        inputs=_topic,
        holds=_topic_holds,
        updates=(
            {"displayName": "More alarms"},
            {"displayName": None},
            lambda world: {"kmsMasterKeyId": _key(world)},
            {"kmsMasterKeyId": None},
            {"tags": {"more": "1"}},
        ),
    ),
    Example("aws:sns/topic:Topic", inputs=lambda _: {}, holds=_topic_holds, case="autonamed"),
    Example(
        "aws:sns/topicSubscription:TopicSubscription",
        inputs=_queue_subscription,
        holds=_subscription_holds,
        updates=(
            {"rawMessageDelivery": True},
            {"filterPolicy": json.dumps({"severity": ["critical"]})},
            {"filterPolicy": None},
        ),
        case="queue",
    ),
    Example(
        "aws:sns/topicSubscription:TopicSubscription",
        inputs=_mail_subscription,
        holds=_subscription_holds,
        case="mail",
    ),
)

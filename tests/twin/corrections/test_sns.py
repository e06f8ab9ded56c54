"""SNS against its API reference: e-mail subscriptions, and the key of a topic."""

import json
from typing import Any

import pytest

from tests.twin.corrections.alarms import heard, lets, listener, topic
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow
from tests.twin.corrections.test_secrets import refused


@pytest.fixture
def sns(twin: Twin) -> Any:
    return twin.client("sns")


def test_an_e_mail_subscription_waits_for_somebody(twin: Twin, sns: Any) -> None:
    """Subscribe, GetSubscriptionAttributes, ListSubscriptionsByTopic, GetTopicAttributes."""
    arn = topic(twin)
    who = {"TopicArn": arn, "Protocol": "email", "Endpoint": "on-call@example.org"}
    assert sns.subscribe(**who)["SubscriptionArn"] == "pending confirmation"
    known = sns.subscribe(**who, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert known.startswith(f"{arn}:")
    told = sns.get_subscription_attributes(SubscriptionArn=known)["Attributes"]
    assert (told["PendingConfirmation"], told["ConfirmationWasAuthenticated"]) == ("true", "false")
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    listener(twin, arn)
    counted = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (counted["SubscriptionsPending"], counted["SubscriptionsConfirmed"]) == ("1", "1")
    sns.unsubscribe(SubscriptionArn=known)
    assert [one["Protocol"] for one in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]] == ["sqs"]


def key_for(twin: Twin, topics: str) -> str:
    """A key that anybody of the account may use through SNS, for these topics."""
    statements = [
        {"Sid": "Administer", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
         "Action": ["kms:DescribeKey", "kms:PutKeyPolicy"], "Resource": "*"},
        {"Sid": "Use", "Effect": "Allow", "Principal": "*", "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
         "Resource": "*", "Condition": {
             "StringEquals": {"kms:ViaService": f"sns.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT},
             "StringLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}}},
    ]  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(twin.client("kms").create_key(Policy=document)["KeyMetadata"]["Arn"])


def test_who_publishes_needs_the_key_of_the_topic(twin: Twin, sns: Any) -> None:
    """Publish: KMS is asked on behalf of the caller, with the topic's ARN."""
    open_key, strange = key_for(twin, "*"), key_for(twin, "arn:aws:sns:*:*:another")
    ours, theirs = topic(twin, key=open_key), topic(twin, key=strange)
    publisher = twin.client("sns", twin.role("publisher", allow([ours, theirs], "sns:Publish")))
    hears = listener(twin, ours)
    publisher.publish(TopicArn=ours, Message="one")
    assert heard(twin, hears) == ["one"]
    assert refused(publisher.publish, TopicArn=theirs, Message="two")[0] == "KMSAccessDenied"


def test_a_topic_can_shut_out_everybody_but_services(twin: Twin, sns: Any) -> None:
    """aws:PrincipalIsAWSService, which is in every request."""
    shut = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    }
    arn = topic(twin, shut, lets("events.amazonaws.com", "sns:Publish", "*"))
    publisher = twin.client("sns", twin.role("shut-out", allow(arn, "sns:Publish")))
    assert refused(publisher.publish, TopicArn=arn, Message="one")[0] in ("AuthorizationError", "AccessDenied")

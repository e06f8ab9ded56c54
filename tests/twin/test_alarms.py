"""The alarms of an environment that is up: what is done to it arrives, with who did it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.project import Project
from tests.twin.mailbox import Mailbox, listening
from twin.account import Account

PERSON = "somebody-at-night"


@pytest.fixture(scope="module")
def topic(account: Account) -> str:
    (arn,) = (one["TopicArn"] for one in account.client("sns").list_topics()["Topics"] if "-alarms" in one["TopicArn"])
    return str(arn)


@pytest.fixture(scope="module")
def alarms(account: Account) -> Iterator[Mailbox]:
    """What the topic of alarms is told."""
    with listening(account, "alarms") as found:
        yield found


@pytest.fixture(autouse=True)
def from_now_on(alarms: Mailbox) -> None:
    """What was told before is none of a test's."""
    alarms.forget()


@pytest.fixture(scope="module")
def person(account: Account) -> Iterator[Account]:
    """Somebody with more rights than anybody needs."""
    iam = account.client("iam")
    number = account.client("sts").get_caller_identity()["Account"]
    root = {"AWS": f"arn:aws:iam::{number}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=PERSON, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Version": "2012-10-17"}
    iam.put_role_policy(RoleName=PERSON, PolicyName="everything", PolicyDocument=json.dumps(everything))
    yield account.assume(arn)
    iam.delete_role_policy(RoleName=PERSON, PolicyName="everything")
    iam.delete_role(RoleName=PERSON)


def test_who_stops_the_trail_is_told_of_and_the_trail_goes_on(
    dev: Project, account: Account, person: Account, alarms: Mailbox, outputs: dict[str, Any]
) -> None:
    trail = outputs["trail_arn"]
    person.client("cloudtrail").stop_logging(Name=trail)
    account.client("cloudtrail").start_logging(Name=trail)
    (message,) = (one for one in alarms.facts() if one.get("what") == "StopLogging")
    assert message["alarm"] == "The audit trail was stopped, deleted or records something else"
    assert f"assumed-role/{PERSON}/" in message["who"]
    assert message["trail"] == trail
    assert message["runbook"].endswith("/aws-trail-changed.md")


def test_a_user_that_is_made_past_the_pipeline_is_told_of_from_us_east_1(
    dev: Project, account: Account, person: Account, alarms: Mailbox
) -> None:
    person.client("iam").create_user(UserName="backdoor")
    account.client("iam").delete_user(UserName="backdoor")
    (message,) = (one for one in alarms.facts() if one.get("what") == "CreateUser")
    assert (message["user"], message["region"]) == ("backdoor", "us-east-1")
    assert f"assumed-role/{PERSON}/" in message["who"]


def test_a_key_of_the_platform_that_is_disabled_is_told_of(
    dev: Project, account: Account, person: Account, alarms: Mailbox, outputs: dict[str, Any]
) -> None:
    """Another key than the topic's: with that one nobody could be told, until it is enabled again."""
    key = account.client("kms").describe_key(KeyId=outputs["key_alias_internal"])["KeyMetadata"]["KeyId"]
    person.client("kms").disable_key(KeyId=key)
    account.client("kms").enable_key(KeyId=key)
    (message,) = (one for one in alarms.facts() if one.get("what") == "DisableKey")
    assert message["key"] == key


def test_an_alarm_of_the_database_arrives_with_its_runbook(dev: Project, account: Account, alarms: Mailbox) -> None:
    """One whose metric has no values here, so that nothing but this changes its state."""
    cloudwatch, name = account.client("cloudwatch"), "groundwork-dev-database-storage"
    for state in ("ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="tried")
    told = [one for one in alarms.facts() if one.get("AlarmName") == name]
    assert [one["NewStateValue"] for one in told] == ["ALARM", "OK"]
    assert "aws-database-storage.md" in told[0]["AlarmDescription"]


def test_everybody_on_the_list_is_asked_to_confirm(dev: Project, account: Account, topic: str) -> None:
    listed = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    mails = {one["Endpoint"]: one["SubscriptionArn"] for one in listed if one["Protocol"] == "email"}
    assert mails == dict.fromkeys(dev.settings()["monitoring"]["alarms"]["emails"], "PendingConfirmation")


def test_nothing_waits_that_could_not_be_delivered(dev: Project, account: Account) -> None:
    for region in (account.region, "us-east-1"):
        sqs = replace(account, region=region).client("sqs")
        url = sqs.get_queue_url(QueueName="groundwork-dev-alarms-undelivered")["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        assert told["ApproximateNumberOfMessages"] == "0", region

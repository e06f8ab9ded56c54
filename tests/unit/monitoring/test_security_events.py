"""Decides which events each pattern matches, by the emulator's matcher, which follows that of EventBridge."""

import json
from typing import Any

import pytest
from ministack.services import eventbridge

from components.monitoring.security_events import EVENT_ALARMS, EventAlarm
from tests.unit.monitoring import recorded_events as events
from tests.unit.monitoring.recorded_events import DEPLOY, ROOT, USER, blocks, call, opened, session, sign_in

BY_NAME = {alarm.name: alarm for alarm in EVENT_ALARMS}
SERVICE_OF_ROOT = ROOT | {"invokedBy": "autoscaling.amazonaws.com"}
RULE_CHANGE = "ModifySecurityGroupRulesRequest"


def matches(alarm: EventAlarm, event: dict[str, Any], reviewed: tuple[str, ...] = (DEPLOY,)) -> bool:
    asked = {"EventPattern": json.dumps(alarm.pattern(reviewed)), "Event": json.dumps(event)}
    status, _, body = eventbridge._test_event_pattern(asked)
    assert status == 200, body
    return bool(json.loads(body)["Result"])


HEARD: list[tuple[str, dict[str, Any]]] = [
    ("root-use", sign_in("Success", ROOT)),
    ("root-use", call("ec2", "RunInstances", {}, ROOT)),
    ("identity-changes", call("iam", "PutRolePolicy", {"roleName": "groundwork-dev-x"})),
    ("identity-changes", call("iam", "CreateAccessKey", {"userName": "alice"}, USER)),
    ("identity-changes", call("iam", "UpdateAssumeRolePolicy", {"roleName": "x"}, ROOT)),
    ("keys-endangered", call("kms", "ScheduleKeyDeletion", {"keyId": "k", "pendingWindowInDays": 30})),
    ("keys-endangered", call("kms", "DisableKey", {"keyId": "k"}, session(DEPLOY))),
    ("bucket-exposed", call("s3", "DeleteBucketPublicAccessBlock", {"bucketName": "b"}, session(DEPLOY))),
    ("bucket-exposed", call("s3", "PutBucketPublicAccessBlock", blocks(BlockPublicPolicy=False))),
    ("bucket-exposed", call("s3", "PutAccountPublicAccessBlock", blocks(RestrictPublicBuckets=False))),
    ("bucket-exposed", call("s3", "PutBucketPolicy", {"bucketName": "b", "bucketPolicy": {}})),
    ("bucket-exposed", call("s3", "DeleteBucketPolicy", {"bucketName": "b"}, USER)),
    ("network-opened", call("ec2", "AuthorizeSecurityGroupIngress", opened("10.0.0.0/8", "0.0.0.0/0"))),
    (
        "network-opened",
        call("ec2", "AuthorizeSecurityGroupIngress", opened("::/0", key="cidrIpv6", where="ipv6Ranges")),
    ),
    (
        "network-opened",
        call(
            "ec2",
            "ModifySecurityGroupRules",
            {RULE_CHANGE: {"GroupId": "sg-1", "SecurityGroupRule": {"SecurityGroupRule": {"CidrIpv4": "0.0.0.0/0"}}}},
        ),
    ),
    ("database-exposed", call("rds", "ModifyDBInstance", {"publiclyAccessible": True})),
    ("database-exposed", call("rds", "ModifyDBSnapshotAttribute", {"valuesToAdd": ["all"]})),
    ("trail-changed", call("cloudtrail", "StopLogging", {"name": "groundwork-dev-audit-trail"})),
    ("trail-changed", call("cloudtrail", "DeleteTrail", {"name": "t"}, ROOT)),
    ("trail-changed", call("cloudtrail", "PutEventSelectors", {"trailName": "t"}, session(DEPLOY))),
    (
        "audit-copy-changed",
        call("logs", "DeleteSubscriptionFilter", {"logGroupName": "/aws/eks/groundwork-dev/cluster"}),
    ),
    ("audit-copy-changed", call("logs", "DeleteLogGroup", {"logGroupName": "/aws/cloudtrail/groundwork-dev-t"}, USER)),
    ("audit-copy-changed", call("firehose", "DeleteDeliveryStream", {"deliveryStreamName": "groundwork-dev-it"})),
    (
        "audit-copy-changed",
        call("eks", "UpdateClusterConfig", {"name": "c", "logging": {"clusterLogging": [{"enabled": False}]}}),
    ),
    ("alarms-changed", call("events", "DisableRule", {"name": "groundwork-dev-root-use"}, session(DEPLOY))),
    ("alarms-changed", call("sns", "Unsubscribe", {"subscriptionArn": "arn"})),
    ("alarms-changed", call("monitoring", "DeleteAlarms", {"alarmNames": ["a"]})),
    ("failed-sign-in", sign_in("Failure", errorMessage="Failed authentication")),
    ("database-event", events.of_database("failover", "Multi-AZ failover completed")),
    ("database-event", events.of_database("low storage", "The free storage capacity is low")),
]

UNHEARD: list[tuple[str, dict[str, Any]]] = [
    ("root-use", sign_in("Success", USER)),
    ("root-use", call("ec2", "RunInstances", {}, SERVICE_OF_ROOT)),
    ("root-use", call("ec2", "RunInstances", {}, ROOT, eventType="AwsServiceEvent")),
    ("identity-changes", call("iam", "PutRolePolicy", {"roleName": "x"}, session(DEPLOY))),
    ("identity-changes", call("iam", "TagRole", {"roleName": "x"})),
    ("identity-changes", call("ec2", "PutRolePolicy", {})),
    ("keys-endangered", call("kms", "CreateKey", {})),
    ("keys-endangered", call("kms", "CancelKeyDeletion", {"keyId": "k"})),
    ("bucket-exposed", call("s3", "PutBucketPublicAccessBlock", blocks())),
    ("bucket-exposed", call("s3", "PutBucketPolicy", {"bucketName": "b"}, session(DEPLOY))),
    ("bucket-exposed", call("s3", "PutBucketTagging", {"bucketName": "b"})),
    ("network-opened", call("ec2", "AuthorizeSecurityGroupIngress", opened("10.0.0.0/8"))),
    ("network-opened", call("ec2", "AuthorizeSecurityGroupEgress", opened("0.0.0.0/0"))),
    ("network-opened", call("ec2", "RevokeSecurityGroupIngress", opened("0.0.0.0/0"))),
    ("database-exposed", call("rds", "ModifyDBInstance", {"publiclyAccessible": False})),
    ("database-exposed", call("rds", "ModifyDBInstance", {"allocatedStorage": 30})),
    ("trail-changed", call("cloudtrail", "StartLogging", {"name": "t"})),
    (
        "audit-copy-changed",
        call("logs", "PutSubscriptionFilter", {"logGroupName": "/aws/eks/groundwork-dev/cluster"}, session(DEPLOY)),
    ),
    ("audit-copy-changed", call("logs", "DeleteLogGroup", {"logGroupName": "/aws/lambda/of-another"})),
    ("audit-copy-changed", call("firehose", "DeleteDeliveryStream", {"deliveryStreamName": "of-another"})),
    ("audit-copy-changed", call("eks", "UpdateClusterConfig", {"name": "c", "resourcesVpcConfig": {}})),
    ("alarms-changed", call("events", "PutRule", {"name": "r"})),
    ("alarms-changed", call("sns", "Subscribe", {"topicArn": "arn"})),
    ("failed-sign-in", sign_in("Success")),
    ("database-event", events.of_database("backup", "Backing up DB instance")),
]


def named(case: tuple[str, dict[str, Any]]) -> str:
    detail = case[1]["detail"]
    return f"{case[0]}-{detail.get('eventName', detail.get('EventCategories', [''])[0])}"


@pytest.mark.parametrize("case", HEARD, ids=named)
def test_what_should_not_happen_is_heard(case: tuple[str, dict[str, Any]]) -> None:
    name, event = case
    assert matches(BY_NAME[name], event)


@pytest.mark.parametrize("case", UNHEARD, ids=named)
def test_what_is_in_order_is_not(case: tuple[str, dict[str, Any]]) -> None:
    name, event = case
    assert not matches(BY_NAME[name], event)


def test_every_kind_of_event_is_tried_both_ways() -> None:
    assert {name for name, _ in HEARD} == {name for name, _ in UNHEARD} == BY_NAME.keys()


def test_without_a_reviewed_role_everybody_is_told_of() -> None:
    by_pipeline = call("iam", "PutRolePolicy", {"roleName": "x"}, session(DEPLOY))
    assert matches(BY_NAME["identity-changes"], by_pipeline, reviewed=())


@pytest.mark.parametrize("alarm", EVENT_ALARMS, ids=lambda alarm: alarm.name)
def test_a_message_says_who_did_what_when_and_where(alarm: EventAlarm) -> None:
    assert {"who", "what", "when", "region"} <= alarm.paths.keys()
    assert not alarm.paths.keys() & alarm.on.keys(), "one would hide the other"
    assert not {'"', "<", ">"} & set(alarm.title), "it stands in a template of JSON"

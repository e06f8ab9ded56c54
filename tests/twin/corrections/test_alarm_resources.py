"""Policies that name topics, rules and alarms decide, against the service authorization reference."""

import json
from collections.abc import Callable
from typing import Any

from tests.twin.corrections.alarms import SNS, name, topic
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow
from tests.twin.corrections.test_secrets import refused

DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
EVENTS = f"arn:aws:events:{REGION}:{ACCOUNT}:rule"
ALARMS = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm"


def decides(ours: Callable[[], Any], theirs: Callable[[], Any]) -> None:
    ours()
    assert refused(theirs)[0] in DENIED


def test_of_a_subscription_its_topic_decides(twin: Twin) -> None:
    """GetSubscriptionAttributes, ListTagsForResource."""
    root = twin.client("sns")
    ours, theirs = topic(twin), topic(twin)
    subscribed = [
        root.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.org", ReturnSubscriptionArn=True)
        for arn in (ours, theirs)
    ]
    mine, other = (one["SubscriptionArn"] for one in subscribed)
    who = twin.client("sns", twin.role(name("r"), allow(ours, "sns:Get*", "sns:List*")))
    decides(
        lambda: who.get_subscription_attributes(SubscriptionArn=mine),
        lambda: who.get_subscription_attributes(SubscriptionArn=other),
    )
    decides(
        lambda: who.list_tags_for_resource(ResourceArn=ours), lambda: who.list_tags_for_resource(ResourceArn=theirs)
    )
    assert SNS in ours


def test_rules_are_known_by_name_whatever_the_parameter_is_called(twin: Twin) -> None:
    """PutRule, PutTargets, ListTargetsByRule, DescribeRule, TagResource, RemoveTargets, DeleteRule."""
    ours, theirs = name("ours"), name("theirs")
    who = twin.client("events", twin.role(name("r"), allow(f"{EVENTS}/{ours}", "events:*")))
    pattern = json.dumps({"source": ["x"]})
    twin.client("events").put_rule(Name=theirs, EventPattern=pattern)
    target = [{"Id": "it", "Arn": topic(twin)}]
    tags = [{"Key": "a", "Value": "b"}]
    for call in (
        lambda rule: who.put_rule(Name=rule, EventPattern=pattern),
        lambda rule: who.put_targets(Rule=rule, Targets=target),
        lambda rule: who.list_targets_by_rule(Rule=rule),
        lambda rule: who.describe_rule(Name=rule),
        lambda rule: who.tag_resource(ResourceARN=f"{EVENTS}/{rule}", Tags=tags),
        lambda rule: who.list_tags_for_resource(ResourceARN=f"{EVENTS}/{rule}"),
        lambda rule: who.remove_targets(Rule=rule, Ids=["it"]),
        lambda rule: who.delete_rule(Name=rule),
    ):
        decides(lambda call=call: call(ours), lambda call=call: call(theirs))  # type: ignore[misc]


def test_alarms_are_known_by_each_of_their_names(twin: Twin) -> None:
    """PutMetricAlarm, DescribeAlarms, ListTagsForResource, DeleteAlarms."""
    ours, theirs = name("ours"), name("theirs")
    who = twin.client("cloudwatch", twin.role(name("r"), allow(f"{ALARMS}:{ours}", "cloudwatch:*")))
    what = {
        "Namespace": "Shop",
        "MetricName": "Orders",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    twin.client("cloudwatch").put_metric_alarm(AlarmName=theirs, **what)
    for call in (
        lambda alarm: who.put_metric_alarm(AlarmName=alarm, **what),
        lambda alarm: who.describe_alarms(AlarmNames=[alarm]),
        lambda alarm: who.list_tags_for_resource(ResourceARN=f"{ALARMS}:{alarm}"),
        lambda alarm: who.delete_alarms(AlarmNames=[alarm]),
    ):
        decides(lambda call=call: call(ours), lambda call=call: call(theirs))  # type: ignore[misc]

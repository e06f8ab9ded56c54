"""CloudWatch: log groups, alarms, rules of EventBridge and their targets."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World
from tests.contracts.providers.aws.examples.kinesis import delivery_stream


def _key(world: World) -> str:
    made: str = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return made


def _log_group_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    logs = world.client("logs")
    [there] = [g for g in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] if g["logGroupName"] == name]
    assert there.get("retentionInDays", 0) == inputs["retentionInDays"]
    assert there.get("kmsKeyId") == inputs.get("kmsKeyId")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == inputs["tagsAll"]


def _topic(world: World) -> str:
    return str(world.client("sns").create_topic(Name=world.name("alarms"))["TopicArn"])


def _alarm(world: World) -> dict[str, Any]:
    return {
        "name": world.name("database-connections"),
        "alarmDescription": "The database is close to the most connections it takes.",
        "namespace": "AWS/RDS",
        "metricName": "DatabaseConnections",
        "dimensions": {"DBInstanceIdentifier": "groundwork-dev-registry"},
        "statistic": "Maximum",
        "period": 300,
        "evaluationPeriods": 3,
        "datapointsToAlarm": 2,
        "threshold": 60,
        "comparisonOperator": "GreaterThanThreshold",
        "alarmActions": [_topic(world)],
        "okActions": [_topic(world)],
        "tags": {"data-classification": "internal"},
    }


_ALARM = {
    "alarmDescription": "AlarmDescription",
    "comparisonOperator": "ComparisonOperator",
    "evaluationPeriods": "EvaluationPeriods",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "period": "Period",
    "threshold": "Threshold",
    "treatMissingData": "TreatMissingData",
    "actionsEnabled": "ActionsEnabled",
}


def _alarm_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    cloudwatch = world.client("cloudwatch")
    [there] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert {key: there[member] for key, member in _ALARM.items()} == {key: inputs[key] for key in _ALARM}
    assert there.get("DatapointsToAlarm") == inputs.get("datapointsToAlarm")
    assert {one["Name"]: one["Value"] for one in there.get("Dimensions", [])} == inputs.get("dimensions", {})
    for key, member in (("alarmActions", "AlarmActions"), ("okActions", "OKActions")):
        assert there.get(member, []) == inputs.get(key, [])
    tags = cloudwatch.list_tags_for_resource(ResourceARN=there["AlarmArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


_PATTERN = {"source": ["aws.kms"], "detail": {"eventName": ["ScheduleKeyDeletion"]}}


def _rule(world: World) -> dict[str, Any]:
    return {
        "name": world.name("keys"),
        "description": "Somebody is about to lose a key",
        "eventPattern": json.dumps(_PATTERN, indent=1),
        "tags": {"data-classification": "internal"},
    }


def _rule_holds(world: World, rule_id: str, inputs: Mapping[str, Any]) -> None:
    events = world.client("events")
    bus = inputs["eventBusName"]
    assert rule_id == (inputs["name"] if bus == "default" else f"{bus}/{inputs['name']}")
    there = events.describe_rule(Name=inputs["name"], EventBusName=bus)
    assert json.loads(there["EventPattern"]) == json.loads(inputs["eventPattern"])
    assert there.get("Description", "") == inputs.get("description", "")
    assert there["State"] == inputs.get("state", there["State"])
    tags = events.list_tags_for_resource(ResourceARN=there["Arn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


def _rule_of_a_bus(world: World) -> dict[str, Any]:
    bus = world.name("orders")
    world.client("events").create_event_bus(Name=bus)
    return {"name": world.name("paid"), "eventBusName": bus, "eventPattern": json.dumps({"source": ["shop"]})}


def _target(world: World) -> dict[str, Any]:
    rule = world.name("keys")
    world.client("events").put_rule(Name=rule, EventPattern=json.dumps(_PATTERN))
    return {
        "rule": rule,
        "targetId": "alarms",
        "arn": _topic(world),
        "inputTransformer": {
            "inputPaths": {"who": "$.detail.userIdentity.arn", "what": "$.detail.eventName"},
            "inputTemplate": '{"who": "<who>", "what": "<what>"}',
        },
    }


def _target_holds(world: World, target_id: str, inputs: Mapping[str, Any]) -> None:
    assert target_id == f"{inputs['rule']}-{inputs['targetId']}"
    [there] = world.client("events").list_targets_by_rule(Rule=inputs["rule"])["Targets"]
    assert (there["Id"], there["Arn"]) == (inputs["targetId"], inputs["arn"])
    transformer = inputs.get("inputTransformer")
    wanted = transformer and {
        "InputPathsMap": transformer["inputPaths"],
        "InputTemplate": transformer["inputTemplate"],
    }
    assert there.get("InputTransformer") == wanted
    retries = inputs.get("retryPolicy")
    assert there.get("RetryPolicy") == (retries and {"MaximumRetryAttempts": retries["maximumRetryAttempts"]})


def _stream_holds(world: World, _: str, inputs: Mapping[str, Any]) -> None:
    listed = world.client("logs").describe_log_streams(logGroupName=inputs["logGroupName"])["logStreams"]
    assert [one["logStreamName"] for one in listed] == [inputs["name"]]


def _group(world: World) -> str:
    name = world.name("group")
    world.client("logs").create_log_group(logGroupName=name)
    return name


def _subscription(world: World) -> dict[str, Any]:
    arn, role = delivery_stream(world)
    return {
        "name": world.name("audit"),
        "logGroup": _group(world),
        "filterPattern": "",
        "destinationArn": arn,
        "roleArn": role,
    }


def _subscription_holds(world: World, _: str, inputs: Mapping[str, Any]) -> None:
    (there,) = world.client("logs").describe_subscription_filters(logGroupName=inputs["logGroup"])[
        "subscriptionFilters"
    ]
    for name, member in {
        "name": "filterName",
        "filterPattern": "filterPattern",
        "destinationArn": "destinationArn",
        "roleArn": "roleArn",
        "distribution": "distribution",
    }.items():
        assert there[member] == inputs[name], name


def _rights(*actions: str) -> str:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/search/*"
    writes = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": [*actions], "Resource": group}
    return json.dumps({"Version": "2012-10-17", "Statement": [writes]}, indent=1)


def _policy_holds(world: World, found: str, inputs: Mapping[str, Any]) -> None:
    arn = inputs.get("resourceArn")
    asked = {"resourceArn": arn, "policyScope": "RESOURCE"} if arn else {}
    policies = world.client("logs").describe_resource_policies(**asked)["resourcePolicies"]
    (there,) = (one for one in policies if found in (one.get("policyName"), one.get("resourceArn")))
    assert json.loads(there["policyDocument"]) == json.loads(inputs["policyDocument"])
    assert there["policyScope"] == ("RESOURCE" if arn else "ACCOUNT")


_MORE_RIGHTS = {"policyDocument": _rights("logs:CreateLogStream", "logs:PutLogEvents")}

EXAMPLES = (
    Example(
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        inputs=lambda world: {"policyName": world.name("search"), "policyDocument": _rights("logs:PutLogEvents")},
        holds=_policy_holds,
        updates=(_MORE_RIGHTS,),
    ),
    Example(
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        inputs=lambda world: {
            "resourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{_group(world)}",
            "policyDocument": _rights("logs:PutLogEvents"),
        },
        holds=_policy_holds,
        updates=(_MORE_RIGHTS,),
        case="of-a-group",
    ),
    Example(
        "aws:cloudwatch/logStream:LogStream",
        inputs=lambda world: {"name": "DestinationDelivery", "logGroupName": _group(world)},
        holds=_stream_holds,
    ),
    Example(
        "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
        inputs=_subscription,
        holds=_subscription_holds,
        updates=({"filterPattern": "secrets"}, {"distribution": "Random"}),
    ),
    Example(
        "aws:cloudwatch/logGroup:LogGroup",
        inputs=lambda world: {
            "name": world.name("/groundwork/flow-logs"),
            "retentionInDays": 365,
            "kmsKeyId": _key(world),
        },
        holds=_log_group_holds,
        updates=(
            {"retentionInDays": 400},
            {"retentionInDays": None},
            {"tags": {"data-classification": "internal"}},
        ),
    ),
    Example("aws:cloudwatch/logGroup:LogGroup", inputs=lambda _: {}, holds=_log_group_holds, case="autonamed"),
    Example(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        inputs=_alarm,
        holds=_alarm_holds,
        updates=(
            {"threshold": 70, "treatMissingData": "notBreaching"},
            {"okActions": None, "datapointsToAlarm": None},
            {"dimensions": {"DBInstanceIdentifier": "another"}, "actionsEnabled": False},
            {"tags": {"more": "1"}},
        ),
    ),
    Example(
        "aws:cloudwatch/eventRule:EventRule",
        inputs=_rule,
        holds=_rule_holds,
        updates=(
            {"eventPattern": json.dumps({**_PATTERN, "source": ["aws.kms", "aws.s3"]})},
            {"description": None, "state": "DISABLED"},
            {"tags": {"more": "1"}},
        ),
    ),
    Example("aws:cloudwatch/eventRule:EventRule", inputs=_rule_of_a_bus, holds=_rule_holds, case="of-a-bus"),
    Example(
        "aws:cloudwatch/eventTarget:EventTarget",
        inputs=_target,
        holds=_target_holds,
        updates=({"retryPolicy": {"maximumRetryAttempts": 5}}, {"retryPolicy": None, "inputTransformer": None}),
        import_id="{rule}/{targetId}",
    ),
)

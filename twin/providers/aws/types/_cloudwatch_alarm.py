"""CloudWatch: alarms on one metric. PutMetricAlarm writes an alarm whole, at its creation and at each change.

Source: Amazon CloudWatch API reference: PutMetricAlarm, DescribeAlarms.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, NUMBER, STRING, ListOf, MapOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

_ARN = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}"
_ARNS = ListOf(STRING, ordered=False)
_QUERIES = "alarms on expressions and queries are not modelled: the emulator forgets them"
_REFUSED = {
    "evaluateLowSampleCountPercentiles": "the emulator forgets it",
    "evaluationCriteria": _QUERIES,
    "evaluationInterval": _QUERIES,
    "evaluationWindow": _QUERIES,
    "metricQueries": _QUERIES,
    "thresholdMetricId": _QUERIES,
    "warmUpConfiguration": _QUERIES,
}
_PARAMETERS: dict[str, tuple[str, Property]] = {
    "actionsEnabled": ("ActionsEnabled", Property(kind=BOOLEAN, default=True)),
    "alarmActions": ("AlarmActions", Property(kind=_ARNS)),
    "alarmDescription": ("AlarmDescription", Property()),
    "comparisonOperator": ("ComparisonOperator", Property()),
    "datapointsToAlarm": ("DatapointsToAlarm", Property(kind=INTEGER)),
    "dimensions": ("Dimensions", Property(kind=MapOf())),
    "evaluationPeriods": ("EvaluationPeriods", Property(kind=INTEGER)),
    "extendedStatistic": ("ExtendedStatistic", Property()),
    "insufficientDataActions": ("InsufficientDataActions", Property(kind=_ARNS)),
    "metricName": ("MetricName", Property()),
    "namespace": ("Namespace", Property()),
    "okActions": ("OKActions", Property(kind=_ARNS)),
    "period": ("Period", Property(kind=INTEGER)),
    "statistic": ("Statistic", Property()),
    "threshold": ("Threshold", Property(kind=NUMBER)),
    "treatMissingData": ("TreatMissingData", Property(default="missing")),
    "unit": ("Unit", Property()),
}
"""By the official provider's name: the parameter of PutMetricAlarm, and the property."""


def _alarm(ctx: Context) -> dict[str, Any]:
    wanted = {
        parameter: ctx.inputs[name]
        for name, (parameter, _) in _PARAMETERS.items()
        if ctx.inputs.get(name) not in (None, "")
    }
    if dimensions := wanted.get("Dimensions"):
        wanted["Dimensions"] = [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]
    return {"AlarmName": ctx.inputs["name"], **wanted}


def _create(ctx: Context) -> str:
    tags = [{"Key": key, "Value": value} for key, value in (ctx.inputs.get("tagsAll") or {}).items()]
    ctx.call("put_metric_alarm", **_alarm(ctx), Tags=tags)
    return str(ctx.inputs["name"])


def _read(ctx: Context) -> dict[str, Any] | None:
    found = ctx.call("describe_alarms", AlarmNames=[ctx.id], AlarmTypes=["MetricAlarm"]).get("MetricAlarms") or []
    if not found:
        return None
    (alarm,) = found
    held = {name: alarm[parameter] for name, (parameter, _) in _PARAMETERS.items() if parameter in alarm}
    held["dimensions"] = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or ()}
    return held | {"name": alarm["AlarmName"], "arn": alarm["AlarmArn"]}


def _put(ctx: Context) -> None:
    ctx.call("put_metric_alarm", **_alarm(ctx))


METRIC_ALARM = ResourceType(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "cloudwatch",
    id="{name}",
    properties={
        **{name: prop for name, (_, prop) in _PARAMETERS.items()},
        "arn": Property(output=True),
        "name": Property(replaces=True, autoname=Autoname(limit=255)),
        "region": REGION,
        **TAGS,
    },
    create=_create,
    read=_read,
    facets=(
        Facet(properties=tuple(_PARAMETERS), put=_put, created=True),
        tag_facet(
            Call("list_tags_for_resource", {"ResourceARN": _ARN}),
            "tag_resource",
            "untag_resource",
            {"ResourceARN": _ARN},
        ),
    ),
    delete=Call("delete_alarms", {"AlarmNames": ["{id}"]}, missing=("ResourceNotFound", "ResourceNotFoundException")),
    refused=_REFUSED,
    absent=_REFUSED,
)
"""Alarms on one metric."""

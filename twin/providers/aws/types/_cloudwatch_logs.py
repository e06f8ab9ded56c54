"""CloudWatch Logs beside its groups: streams that are there before somebody writes, and subscriptions of a group.

Source: CloudWatch Logs API reference: CreateLogStream, DescribeLogStreams, PutSubscriptionFilter (which also changes
one), DescribeSubscriptionFilters.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.schema import REGION, Autoname, Call, Facet, Property, ResourceType

_GONE = ("ResourceNotFoundException",)
_STREAM = {"logGroupName": "{logGroupName}", "logStreamName": "{name}"}
_FILTER = {"logGroupName": "{logGroup}", "filterName": "{name}"}
_CHANGEABLE = ("destinationArn", "distribution", "filterPattern", "roleArn")
_TRANSFORMED = "the twin transforms no log events"
_SYSTEM_FIELDS = "the twin hands on events without the fields of CloudWatch Logs itself"


def _read_stream(ctx: Context) -> Any:
    """The stream with just this name: the API lists by prefix."""
    name = ctx.value("name")
    asked = Call(
        "describe_log_streams",
        {"logGroupName": "{logGroupName}", "logStreamNamePrefix": "{name}"},
        result="logStreams",
        missing=_GONE,
    )
    found = next((one for one in ctx.run(asked) or () if one["logStreamName"] == name), None)
    return found and {"arn": found["arn"], "name": name, "logGroupName": ctx.value("logGroupName")}


def _read_filter(ctx: Context) -> Any:
    name = ctx.value("name")
    asked = Call(
        "describe_subscription_filters",
        {"logGroupName": "{logGroup}", "filterNamePrefix": "{name}"},
        result="subscriptionFilters",
        missing=_GONE,
    )
    found = next((one for one in ctx.run(asked) or () if one["filterName"] == name), None)
    return found and found | {"name": name, "logGroup": found["logGroupName"]}


LOG_STREAM = ResourceType(
    "aws:cloudwatch/logStream:LogStream",
    "logs",
    id="{logGroupName}:{name}",
    properties={
        "arn": Property(output=True),
        "logGroupName": Property(required=True, replaces=True),
        "name": Property(replaces=True, autoname=Autoname(limit=512), api="logStreamName", read="name"),
        "region": REGION,
    },
    create=Call("create_log_stream"),
    read=_read_stream,
    delete=Call("delete_log_stream", _STREAM, missing=_GONE),
)

LOG_SUBSCRIPTION_FILTER = ResourceType(
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
    "logs",
    id="{logGroup}|{name}",
    properties={
        "destinationArn": Property(required=True),
        "distribution": Property(default="ByLogStream"),
        "filterPattern": Property(required=True),
        "logGroup": Property(required=True, replaces=True, api="logGroupName", read="logGroup"),
        "name": Property(replaces=True, autoname=Autoname(limit=512), api="filterName", read="name"),
        "region": REGION,
        "roleArn": Property(computed=True),
    },
    create=Call("put_subscription_filter", _FILTER),
    read=_read_filter,
    facets=(Facet(properties=_CHANGEABLE, put=Call("put_subscription_filter", _FILTER), created=True),),
    delete=Call("delete_subscription_filter", _FILTER, missing=_GONE),
    refused={"applyOnTransformedLogs": _TRANSFORMED, "emitSystemFields": _SYSTEM_FIELDS},
    absent={"applyOnTransformedLogs": _TRANSFORMED, "emitSystemFields": _SYSTEM_FIELDS},
)

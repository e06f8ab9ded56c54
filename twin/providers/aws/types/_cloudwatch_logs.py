"""CloudWatch Logs beside its groups: streams that are there before somebody writes, subscriptions, rights of services.

Source: CloudWatch Logs API reference: CreateLogStream, DescribeLogStreams, PutSubscriptionFilter (which also changes
one), DescribeSubscriptionFilters, PutResourcePolicy (of an account by name, of a log group by its ARN and revision).
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import JSON
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


def _policies(ctx: Context, **of: str) -> list[dict[str, Any]]:
    pages = ctx.clients.client("logs", ctx.region).get_paginator("describe_resource_policies").paginate(**of)
    return [policy for page in pages for policy in page["resourcePolicies"]]


def _of_group(ctx: Context) -> bool:
    return ctx.id.startswith("arn:")


def _read_policy(ctx: Context) -> Any:
    """By its name, or by the ARN of the log group that it is on."""
    if _of_group(ctx):
        found = _policies(ctx, resourceArn=ctx.id, policyScope="RESOURCE")
        return next(iter(found), None)
    return next((one for one in _policies(ctx) if one.get("policyName") == ctx.id), None)


def _put_policy(ctx: Context) -> str:
    name, arn = ctx.inputs.get("policyName"), ctx.inputs.get("resourceArn")
    if (name is None) == (arn is None):
        raise ProviderError(f"{ctx.type.token}: give either policyName or resourceArn")
    told = {"policyName": name} if name else {"resourceArn": arn}
    if arn and (revision := ctx.old.get("revisionId")):
        told["expectedRevisionId"] = revision
    ctx.call("put_resource_policy", policyDocument=ctx.inputs["policyDocument"], **told)
    return str(name or arn)


def _delete_policy(ctx: Context) -> None:
    told: dict[str, Any] = {"policyName": "{id}"}
    if _of_group(ctx):
        told = {"resourceArn": "{id}", "expectedRevisionId": "{revisionId}"}
    ctx.run(Call("delete_resource_policy", told, missing=_GONE))


def _find_policy(ctx: Context) -> str | None:
    kept, ctx.id = ctx.id, str(ctx.inputs.get("policyName") or ctx.inputs.get("resourceArn") or "")
    try:
        return ctx.id if _read_policy(ctx) is not None else None
    finally:
        ctx.id = kept


LOG_RESOURCE_POLICY = ResourceType(
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
    "logs",
    id="=policyName || resourceArn",
    properties={
        "policyDocument": Property(kind=JSON, required=True),
        "policyName": Property(replaces=True),
        "policyScope": Property(output=True),
        "region": REGION,
        "resourceArn": Property(replaces=True),
        "revisionId": Property(output=True),
    },
    create=_put_policy,
    read=_read_policy,
    facets=(Facet(properties=("policyDocument",), put=_put_policy, created=True),),
    delete=_delete_policy,
    find=_find_policy,
    recomputed={"revisionId": lambda _, changed: "policyDocument" in changed},
)

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

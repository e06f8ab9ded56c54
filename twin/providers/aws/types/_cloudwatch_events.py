"""EventBridge, which the official provider still calls CloudWatch Events: rules and their targets.

A rule's id is its name, a target's `<rule>-<target>`, each with the bus before it where that is not the default one. An
import names a target by `<rule>/<target>` or `<bus>/<rule>/<target>`.

Source: Amazon EventBridge API reference: PutRule, DescribeRule, PutTargets, ListTargetsByRule.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON, Block, MapOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

DEFAULT_BUS = "default"
_GONE = ("ResourceNotFoundException",)
_OTHER_TARGETS = "targets are modelled of SNS, SQS and event buses alone"
_PREFIX = "give the name itself, or none and get one made from the logical name"
_RULE_REFUSED = {"isEnabled": "deprecated: say state", "namePrefix": _PREFIX}
_TARGET_REFUSED = dict.fromkeys(
    (
        "appsyncTarget",
        "batchTarget",
        "ecsTarget",
        "httpTarget",
        "kinesisTarget",
        "redshiftTarget",
        "runCommandTargets",
        "sagemakerPipelineTarget",
        "sqsTarget",
    ),
    _OTHER_TARGETS,
)
_RULE: dict[str, tuple[str, Property]] = {
    "description": ("Description", Property()),
    "eventPattern": ("EventPattern", Property(kind=JSON)),
    "roleArn": ("RoleArn", Property()),
    "scheduleExpression": ("ScheduleExpression", Property()),
    "state": ("State", Property(computed=True)),
}
"""By the official provider's name: the parameter of PutRule, and the property."""


def _bus(ctx: Context) -> str:
    return str(ctx.value("eventBusName") or DEFAULT_BUS)


def _rule_arn(ctx: Context) -> str:
    bus, _, name = ctx.id.rpartition("/")
    of_bus = f"{bus}/" if bus and bus != DEFAULT_BUS else ""
    return f"arn:{ctx.account.partition}:events:{ctx.region}:{ctx.account.id}:rule/{of_bus}{name}"


def _put_rule(ctx: Context, **tags: Any) -> str:
    """PutRule writes a rule whole; what is left out of it is gone, but for the state."""
    wanted = {
        parameter: ctx.inputs[name] for name, (parameter, _) in _RULE.items() if ctx.inputs.get(name) not in (None, "")
    }
    for name in ("description", "roleArn"):
        # The API takes nothing away by silence.
        if ctx.old.get(name) and not ctx.inputs.get(name):
            wanted[_RULE[name][0]] = ""
    bus = _bus(ctx)
    ctx.call("put_rule", Name=ctx.inputs["name"], EventBusName=bus, **wanted, **tags)
    return str(ctx.inputs["name"]) if bus == DEFAULT_BUS else f"{bus}/{ctx.inputs['name']}"


def _create_rule(ctx: Context) -> str:
    tags = [{"Key": key, "Value": value} for key, value in (ctx.inputs.get("tagsAll") or {}).items()]
    return _put_rule(ctx, Tags=tags)


def _read_rule(ctx: Context) -> dict[str, Any] | None:
    bus, _, name = ctx.id.rpartition("/")
    described = Call("describe_rule", {"Name": name, "EventBusName": bus or DEFAULT_BUS}, missing=_GONE)
    found = ctx.run(described)
    if found is None:
        return None
    held = {name: found[parameter] for name, (parameter, _) in _RULE.items() if parameter in found}
    return held | {"name": found["Name"], "eventBusName": found["EventBusName"], "arn": found["Arn"]}


def _delete_rule(ctx: Context) -> None:
    bus, _, name = ctx.id.rpartition("/")
    ctx.run(Call("delete_rule", {"Name": name, "EventBusName": bus or DEFAULT_BUS}, missing=_GONE))


def _find_rule(ctx: Context) -> str | None:
    bus, name = _bus(ctx), str(ctx.inputs["name"])
    if ctx.run(Call("describe_rule", {"Name": name, "EventBusName": bus}, missing=_GONE)) is None:
        return None
    return name if bus == DEFAULT_BUS else f"{bus}/{name}"


EVENT_RULE = ResourceType(
    "aws:cloudwatch/eventRule:EventRule",
    "events",
    id="=Name",
    properties={
        **{name: prop for name, (_, prop) in _RULE.items()},
        "arn": Property(output=True),
        "eventBusName": Property(default=DEFAULT_BUS, replaces=True),
        "forceDestroy": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "name": Property(replaces=True, autoname=Autoname(limit=64)),
        "region": REGION,
        **TAGS,
    },
    create=_create_rule,
    read=_read_rule,
    facets=(
        Facet(properties=tuple(_RULE), put=_put_rule, created=True),
        tag_facet(
            Call("list_tags_for_resource", {"ResourceARN": _rule_arn}),
            "tag_resource",
            "untag_resource",
            {"ResourceARN": _rule_arn},
        ),
    ),
    delete=_delete_rule,
    find=_find_rule,
    refused=_RULE_REFUSED,
    absent=_RULE_REFUSED,
)
"""Rules."""

_TRANSFORMER = Block(
    {
        "inputPaths": Property(kind=MapOf(), api="InputPathsMap"),
        "inputTemplate": Property(required=True),
    }
)
_DEAD_LETTERS = Block({"arn": Property()})
_RETRIES = Block(
    {
        "maximumEventAgeInSeconds": Property(kind=INTEGER),
        "maximumRetryAttempts": Property(kind=INTEGER),
    }
)
_TARGET: dict[str, tuple[str, Property]] = {
    "arn": ("Arn", Property(required=True)),
    "deadLetterConfig": ("DeadLetterConfig", Property(kind=_DEAD_LETTERS)),
    "input": ("Input", Property(kind=JSON)),
    "inputPath": ("InputPath", Property()),
    "inputTransformer": ("InputTransformer", Property(kind=_TRANSFORMER)),
    "retryPolicy": ("RetryPolicy", Property(kind=_RETRIES)),
    "roleArn": ("RoleArn", Property()),
}
"""By the official provider's name: the member of a target, and the property."""


def _target_id(ctx: Context) -> str:
    bus, rule, target = _bus(ctx), ctx.inputs["rule"], ctx.inputs["targetId"]
    return f"{rule}-{target}" if bus == DEFAULT_BUS else f"{bus}-{rule}-{target}"


def _shape(ctx: Context) -> Any:
    model = ctx.clients.client("events", ctx.region).meta.service_model
    return model.operation_model("PutTargets").input_shape.members["Targets"].member


def _put_target(ctx: Context) -> str:
    """PutTargets writes a target whole."""
    shape = _shape(ctx)
    target = {
        member: prop.kind.to_api(ctx.inputs[name], shape.members[member])
        for name, (member, prop) in _TARGET.items()
        if ctx.inputs.get(name) not in (None, "")
    }
    told = ctx.call(
        "put_targets",
        Rule=ctx.inputs["rule"],
        EventBusName=_bus(ctx),
        Targets=[{"Id": ctx.inputs["targetId"], **target}],
    )
    if failed := told.get("FailedEntries"):
        raise ProviderError(f"{ctx.type.token} {_target_id(ctx)}: {failed[0].get('ErrorMessage', failed[0])}")
    return _target_id(ctx)


def _place(ctx: Context) -> tuple[str, str, str]:
    """Bus, rule and target: of an import's id, else as they are known."""
    parts = ctx.id.split("/")
    if len(parts) > 1:
        bus, rule, target = parts if len(parts) == 3 else (DEFAULT_BUS, *parts)
        return bus, rule, target
    rule, target = ctx.value("rule"), ctx.value("targetId")
    if not rule or not target:
        raise ProviderError(f"{ctx.type.token}: import it as `rule/target`; its id alone does not say where one ends")
    return _bus(ctx), str(rule), str(target)


def _read_target(ctx: Context) -> dict[str, Any] | None:
    bus, rule, target = _place(ctx)
    held = ctx.run(Call("list_targets_by_rule", {"Rule": rule, "EventBusName": bus}, "", "Targets", _GONE)) or ()
    found = next((one for one in held if one["Id"] == target), None)
    if found is None:
        return None
    ctx.id = f"{rule}-{target}" if bus == DEFAULT_BUS else f"{bus}-{rule}-{target}"
    return {
        **{name: found[member] for name, (member, _) in _TARGET.items() if member in found},
        "rule": rule,
        "targetId": target,
        "eventBusName": bus,
    }


def _remove_target(ctx: Context) -> None:
    bus, rule, target = _place(ctx)
    ctx.run(Call("remove_targets", {"Rule": rule, "EventBusName": bus, "Ids": [target]}, missing=_GONE))


def _find_target(ctx: Context) -> str | None:
    there = ctx.run(Call("list_targets_by_rule", {"Rule": "{rule}", "EventBusName": _bus(ctx)}, "", "Targets", _GONE))
    return _target_id(ctx) if any(one["Id"] == ctx.inputs["targetId"] for one in there or ()) else None


EVENT_TARGET = ResourceType(
    "aws:cloudwatch/eventTarget:EventTarget",
    "events",
    id="=Id",
    properties={
        **{name: prop for name, (_, prop) in _TARGET.items()},
        "eventBusName": Property(default=DEFAULT_BUS, replaces=True),
        "forceDestroy": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "region": REGION,
        "rule": Property(required=True, replaces=True),
        "targetId": Property(replaces=True, autoname=Autoname(limit=64)),
    },
    create=_put_target,
    read=_read_target,
    facets=(Facet(properties=tuple(_TARGET), put=_put_target, created=True),),
    delete=_remove_target,
    find=_find_target,
    refused=_TARGET_REFUSED,
    absent=_TARGET_REFUSED,
)
"""Targets."""

"""RDS: subnet groups, parameter groups, and by `_rds_instance` the instances.

Source: Amazon RDS API reference; the official provider's documentation for defaults and for what forces a new resource.
"""

from collections.abc import Iterator
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, STRING, Block, ListOf
from twin.providers.aws.schema import REGION, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.types._ec2_common import once_unused
from twin.providers.aws.types._rds_common import NO_PREFIX, TAGGED, rds_tags
from twin.providers.aws.types._rds_instance import INSTANCE

# --- DB subnet group

_SUBNET_GROUP = {"DBSubnetGroupName": "{id}"}
_SUBNET_GROUP_GONE = ("DBSubnetGroupNotFoundFault",)

SUBNET_GROUP = ResourceType(
    "aws:rds/subnetGroup:SubnetGroup",
    "rds",
    id="{name}",
    properties={
        "arn": Property(output=True, api="DBSubnetGroupArn"),
        "description": Property(default="Managed by Pulumi", api="DBSubnetGroupDescription"),
        "name": Property(replaces=True, autoname=Autoname(limit=255, lower=True), api="DBSubnetGroupName"),
        "subnetIds": Property(kind=ListOf(STRING, ordered=False), required=True, read="Subnets[].SubnetIdentifier"),
        "supportedNetworkTypes": Property(kind=ListOf(STRING, ordered=False), output=True),
        "vpcId": Property(output=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_db_subnet_group"),
    read=Call("describe_db_subnet_groups", _SUBNET_GROUP, result="DBSubnetGroups[0]", missing=_SUBNET_GROUP_GONE),
    facets=(
        rds_tags(Call("list_tags_for_resource", {"ResourceName": "{arn}"})),
        Facet(properties=("description", "subnetIds"), put=Call("modify_db_subnet_group", _SUBNET_GROUP), created=True),
    ),
    delete=Call("delete_db_subnet_group", _SUBNET_GROUP, missing=_SUBNET_GROUP_GONE),
    refused=NO_PREFIX,
    absent=NO_PREFIX,
)

# --- DB parameter group

_GROUP = {"DBParameterGroupName": "{id}"}
_GROUP_GONE = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")
_AT_ONCE = 20
"""How many parameters one call may change."""


def _read_parameters(ctx: Context) -> dict[str, Any]:
    """Those that somebody has set, the engine's own values left out."""
    pages = ctx.clients.client("rds", ctx.region).get_paginator("describe_db_parameters")
    found = [
        parameter
        for page in pages.paginate(DBParameterGroupName=ctx.id, Source="user")
        for parameter in page["Parameters"]
    ]
    return {"Parameters": found}


def _write_parameters(ctx: Context) -> None:
    """Set what is wanted, and put back to the engine's own value what no longer is."""
    wanted = {entry["name"]: entry for entry in ctx.inputs.get("parameters") or ()}
    there = {entry["name"]: entry for entry in ctx.old.get("parameters") or ()}
    changed = [_parameter(entry) for name, entry in wanted.items() if there.get(name) != entry]
    dropped = [_parameter(entry) for name, entry in there.items() if name not in wanted]
    for batch in _batches(changed):
        ctx.call("modify_db_parameter_group", DBParameterGroupName=ctx.id, Parameters=batch)
    for batch in _batches(dropped):
        ctx.call("reset_db_parameter_group", DBParameterGroupName=ctx.id, Parameters=batch)


def _batches(parameters: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    return (parameters[start : start + _AT_ONCE] for start in range(0, len(parameters), _AT_ONCE))


def _parameter(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "ParameterName": entry["name"],
        "ParameterValue": entry["value"],
        "ApplyMethod": entry.get("applyMethod", "immediate"),
    }


def _delete_group(ctx: Context) -> None:
    """An instance that is being deleted holds its group until it is gone."""
    if not ctx.value("skipDestroy"):
        call = Call("delete_db_parameter_group", _GROUP, missing=_GROUP_GONE)
        once_unused(call, busy=("InvalidDBParameterGroupState",))(ctx)


PARAMETER_GROUP = ResourceType(
    "aws:rds/parameterGroup:ParameterGroup",
    "rds",
    id="{name}",
    properties={
        "arn": Property(output=True, api="DBParameterGroupArn"),
        "description": Property(default="Managed by Pulumi", replaces=True),
        "family": Property(required=True, replaces=True, api="DBParameterGroupFamily"),
        "name": Property(replaces=True, autoname=Autoname(limit=255, lower=True), api="DBParameterGroupName"),
        "parameters": Property(
            kind=ListOf(
                Block(
                    {
                        "name": Property(required=True, api="ParameterName"),
                        "value": Property(required=True, api="ParameterValue"),
                        "applyMethod": Property(default="immediate"),
                    }
                ),
                ordered=False,
            )
        ),
        "skipDestroy": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_db_parameter_group"),
    read=Call("describe_db_parameter_groups", _GROUP, result="DBParameterGroups[0]", missing=_GROUP_GONE),
    facets=(
        rds_tags(Call("list_tags_for_resource", {"ResourceName": "{arn}"})),
        Facet(properties=("parameters",), get=_read_parameters, put=_write_parameters),
    ),
    delete=_delete_group,
    refused=NO_PREFIX,
    absent=NO_PREFIX,
    delete_minutes=5,
)

TYPES = (SUBNET_GROUP, PARAMETER_GROUP, INSTANCE)

"""EKS: managed node groups.

Source: Amazon EKS API reference, CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, STRING, Block, ListOf, MapOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType, States
from twin.providers.aws.types._eks_common import GONE, Lasting, differs, eks_tags, in_api, update

_GROUP = {"clusterName": "{clusterName}", "nodegroupName": "{nodeGroupName}"}
_STRINGS = ListOf(STRING, ordered=False)
_VERSION = ("version", "releaseVersion", "launchTemplate")
_CONFIG = ("labels", "taints", "scalingConfig", "updateConfig", "nodeRepairConfig")


def _update(ctx: Context, operation: str, params: dict[str, Any]) -> None:
    named = ctx.fill(_GROUP)
    owner = {"name": named["clusterName"], "nodegroupName": named["nodegroupName"]}
    update(ctx, operation, owner, **named, **params)


def _update_version(ctx: Context) -> None:
    """New nodes in the place of the old ones: of another Kubernetes or image version, or another launch template's."""
    params = {name: in_api(ctx, name) for name in _VERSION if differs(ctx, name)}
    if template := params.get("launchTemplate"):
        # AWS wants the template's id or its name, not both, and a read tells both.
        params["launchTemplate"] = {name: template[name] for name in ("id", "version") if name in template}
        if "id" not in template:
            params["launchTemplate"]["name"] = template["name"]
    _update(ctx, "update_nodegroup_version", params | {"force": bool(ctx.inputs.get("forceUpdateVersion"))})


def _update_config(ctx: Context) -> None:
    """What nodes need not be replaced for."""
    params: dict[str, Any] = {}
    if differs(ctx, "labels"):
        params["labels"] = _labels(ctx)
    if differs(ctx, "taints"):
        params["taints"] = _taints(ctx)
    if differs(ctx, "nodeRepairConfig"):
        wanted = ctx.inputs.get("nodeRepairConfig")
        params["nodeRepairConfig"] = in_api(ctx, "nodeRepairConfig") if wanted else {"enabled": False}
    params |= {name: in_api(ctx, name) for name in ("scalingConfig", "updateConfig") if differs(ctx, name)}
    _update(ctx, "update_nodegroup_config", params)


def _labels(ctx: Context) -> dict[str, Any]:
    wanted, there = ctx.inputs.get("labels") or {}, ctx.old.get("labels") or {}
    changed = {name: value for name, value in wanted.items() if there.get(name) != value}
    dropped = [name for name in there if name not in wanted]
    return {name: what for name, what in (("addOrUpdateLabels", changed), ("removeLabels", dropped)) if what}


def _taints(ctx: Context) -> dict[str, Any]:
    """A taint is known by its key and effect; one whose value alone differs is updated."""
    wanted, there = ctx.inputs.get("taints") or [], ctx.old.get("taints") or []
    keys = {(taint["key"], taint["effect"]) for taint in wanted}
    changed = [taint for taint in wanted if taint not in there]
    dropped = [taint for taint in there if (taint["key"], taint["effect"]) not in keys]
    return {name: what for name, what in (("addOrUpdateTaints", changed), ("removeTaints", dropped)) if what}


_NO_WARM_POOL = {"warmPoolConfig": "the twin keeps no warm pools"}

NODE_GROUP = ResourceType(
    "aws:eks/nodeGroup:NodeGroup",
    "eks",
    id="{clusterName}:{nodeGroupName}",
    properties={
        "amiType": Property(computed=True, replaces=True),
        "arn": Property(output=True, api="nodegroupArn"),
        "capacityType": Property(computed=True, replaces=True),
        "clusterName": Property(required=True, replaces=True),
        "diskSize": Property(kind=INTEGER, computed=True, replaces=True),
        "forceUpdateVersion": Property(kind=BOOLEAN, sent=False, returned=False),
        "instanceTypes": Property(kind=ListOf(STRING), computed=True, replaces=True),
        "labels": Property(kind=MapOf()),
        "launchTemplate": Property(
            kind=Lasting(
                {
                    "id": Property(computed=True, replaces=True),
                    "name": Property(computed=True, replaces=True),
                    "version": Property(required=True),
                },
                key="id",
            )
        ),
        "nodeGroupName": Property(replaces=True, autoname=Autoname(limit=63)),
        "nodeGroupNamePrefix": Property(computed=True, replaces=True, sent=False, returned=False),
        "nodeRepairConfig": Property(
            kind=Block(
                {
                    "enabled": Property(kind=BOOLEAN),
                    "maxParallelNodesRepairedCount": Property(kind=INTEGER),
                    "maxParallelNodesRepairedPercentage": Property(kind=INTEGER),
                    "maxUnhealthyNodeThresholdCount": Property(kind=INTEGER),
                    "maxUnhealthyNodeThresholdPercentage": Property(kind=INTEGER),
                    "nodeRepairConfigOverrides": Property(
                        kind=ListOf(
                            Block(
                                {
                                    "minRepairWaitTimeMins": Property(kind=INTEGER, required=True),
                                    "nodeMonitoringCondition": Property(required=True),
                                    "nodeUnhealthyReason": Property(required=True),
                                    "repairAction": Property(required=True),
                                }
                            )
                        )
                    ),
                }
            )
        ),
        "nodeRoleArn": Property(required=True, replaces=True, api="nodeRole"),
        "releaseVersion": Property(computed=True),
        "remoteAccess": Property(
            kind=Block(
                {
                    "ec2SshKey": Property(),
                    "sourceSecurityGroupIds": Property(kind=_STRINGS, api="sourceSecurityGroups"),
                }
            ),
            replaces=True,
        ),
        "resources": Property(
            kind=ListOf(
                Block(
                    {
                        "autoscalingGroups": Property(kind=ListOf(Block({"name": Property()}))),
                        "remoteAccessSecurityGroupId": Property(api="remoteAccessSecurityGroup"),
                    }
                )
            ),
            output=True,
            read="resources && [resources]",
        ),
        "scalingConfig": Property(
            kind=Block(
                {
                    "desiredSize": Property(kind=INTEGER, required=True),
                    "maxSize": Property(kind=INTEGER, required=True),
                    "minSize": Property(kind=INTEGER, required=True),
                }
            ),
            required=True,
        ),
        "status": Property(output=True),
        "subnetIds": Property(kind=_STRINGS, required=True, replaces=True, api="subnets"),
        "taints": Property(
            kind=ListOf(
                Block({"effect": Property(required=True), "key": Property(required=True), "value": Property()}),
                ordered=False,
            )
        ),
        "updateConfig": Property(
            kind=Block(
                {
                    "maxUnavailable": Property(kind=INTEGER),
                    "maxUnavailablePercentage": Property(kind=INTEGER),
                    "updateStrategy": Property(computed=True),
                }
            ),
            computed=True,
        ),
        "version": Property(computed=True),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_nodegroup"),
    read=Call("describe_nodegroup", _GROUP, result="nodegroup", missing=GONE),
    facets=(
        eks_tags(),
        Facet(properties=_VERSION, put=_update_version, created=True),
        Facet(properties=_CONFIG, put=_update_config, created=True),
    ),
    delete=Call("delete_nodegroup", _GROUP, missing=GONE),
    states=States("status", ready=("ACTIVE",), failed=("CREATE_FAILED",), stuck=("DELETE_FAILED",)),
    refused=_NO_WARM_POOL,
    absent=_NO_WARM_POOL,
    create_minutes=60,
    delete_minutes=60,
)

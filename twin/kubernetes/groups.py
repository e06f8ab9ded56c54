"""The managed node groups of a cluster as the AWS API tells them, each with the instances of its Auto Scaling group."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from twin.account import Account
from twin.kubernetes.user_data import mig_profile

DEFAULT_VOLUME_GIB = 20
"""Root volume of a managed node group that says nothing else. Source: EKS API, `diskSize`."""
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}


@dataclass(frozen=True)
class Instance:
    """An instance that an Auto Scaling group holds; one that is being terminated is not among them."""

    id: str
    zone: str
    type: str
    """Empty where neither the Auto Scaling group nor the node group names one."""


@dataclass(frozen=True)
class LaunchTemplate:
    """What a node group takes from its launch template."""

    id: str
    version: str
    instance_type: str | None
    volume_gib: int | None
    mig_profile: str | None
    """Into which parts its user data cuts the GPUs; None where they stay whole."""


@dataclass(frozen=True)
class NodeGroup:
    """A managed node group."""

    name: str
    arn: str
    status: str
    """As EKS words it."""
    auto_scaling_group: str
    capacity_type: str
    """ON_DEMAND, SPOT or CAPACITY_BLOCK."""
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, str]]
    """As Kubernetes words them."""
    kubernetes_version: str
    """Of kubelet: `1.36.3` with a release, else `1.36`."""
    ami_type: str
    launch_template: LaunchTemplate | None
    volume_gib: int
    max_unavailable: int
    """How many nodes an update may replace at once."""
    desired: int
    instances: Sequence[Instance]


def node_groups(aws: Account, cluster: str) -> list[NodeGroup]:
    """All of a cluster's node groups. One that is deleted while they are read is left out."""
    eks = aws.client("eks")
    names = [
        name
        for page in eks.get_paginator("list_nodegroups").paginate(clusterName=cluster)
        for name in page["nodegroups"]
    ]
    told: list[dict[str, Any]] = []
    for name in names:
        try:
            told.append(eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"])
        except eks.exceptions.ResourceNotFoundException:
            continue
    held = _auto_scaling_groups(aws, [_auto_scaling_group(one) for one in told])
    return [_node_group(aws, one, held.get(_auto_scaling_group(one), {})) for one in told]


def max_unavailable(update_config: Mapping[str, int], nodes: int) -> int:
    """How many nodes an update may replace at once; one, where nothing is said. Source: EKS API, UpdateConfig.

    >>> max_unavailable({"maxUnavailablePercentage": 33}, 10), max_unavailable({"maxUnavailablePercentage": 1}, 10)
    (3, 1)
    """
    if share := update_config.get("maxUnavailablePercentage"):
        return max(1, floor(nodes * share / 100))
    return update_config.get("maxUnavailable") or 1


def _auto_scaling_group(told: Mapping[str, Any]) -> str:
    held = (told.get("resources") or {}).get("autoScalingGroups") or [{"name": ""}]
    return str(held[0]["name"])


def _auto_scaling_groups(aws: Account, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = [name for name in names if name]
    if not wanted:  # no name would mean all of them
        return {}
    pages = (
        aws.client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate(AutoScalingGroupNames=wanted)
    )
    return {one["AutoScalingGroupName"]: one for page in pages for one in page["AutoScalingGroups"]}


def _node_group(aws: Account, told: Mapping[str, Any], held: Mapping[str, Any]) -> NodeGroup:
    given = told.get("launchTemplate") or {}
    template = _launch_template(aws, given["id"], str(given["version"])) if given.get("id") else None
    types = told.get("instanceTypes") or [template.instance_type if template and template.instance_type else ""]
    instances = [
        # The first type of the list: on demand managed node groups take them in that order.
        Instance(one["InstanceId"], one["AvailabilityZone"], one.get("InstanceType") or types[0])
        for one in held.get("Instances", ())
        if not one["LifecycleState"].startswith("Terminat")
    ]
    desired = int(held.get("DesiredCapacity", 0))
    return NodeGroup(
        name=told["nodegroupName"],
        arn=told["nodegroupArn"],
        status=told["status"],
        auto_scaling_group=_auto_scaling_group(told),
        capacity_type=told.get("capacityType", "ON_DEMAND"),
        labels=told.get("labels") or {},
        taints=[_taint(one) for one in told.get("taints") or ()],
        kubernetes_version=(told.get("releaseVersion") or "").split("-")[0] or told["version"],
        ami_type=told.get("amiType", ""),
        launch_template=template,
        volume_gib=(template and template.volume_gib) or told.get("diskSize") or DEFAULT_VOLUME_GIB,
        max_unavailable=max_unavailable(told.get("updateConfig") or {}, desired),
        desired=desired,
        instances=instances,
    )


def _taint(told: Mapping[str, str]) -> dict[str, str]:
    value = {"value": told["value"]} if told.get("value") else {}
    return {"key": told["key"], **value, "effect": _EFFECTS[told["effect"]]}


@functools.cache  # a version of a launch template never changes
def _launch_template(aws: Account, template_id: str, version: str) -> LaunchTemplate:
    found = aws.client("ec2").describe_launch_template_versions(LaunchTemplateId=template_id, Versions=[version])
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    sizes = [
        one["Ebs"]["VolumeSize"] for one in data.get("BlockDeviceMappings", ()) if one.get("Ebs", {}).get("VolumeSize")
    ]
    return LaunchTemplate(
        id=template_id,
        version=version,
        instance_type=data.get("InstanceType"),
        volume_gib=sizes[0] if sizes else None,
        mig_profile=mig_profile(data.get("UserData")),
    )

"""The Auto Scaling groups that an autoscaler finds by tag, and the node that each of them would add.

Everything is asked with the autoscaler's own credentials. A template is made as its AWS provider makes it: from the
instance type and, over that, from the tags `k8s.io/cluster-autoscaler/node-template/…`; labels and taints of the
managed node group itself are known to it only where it may call eks:DescribeNodegroup.

Source: cluster-autoscaler/cloudprovider/aws/README.md, auto_scaling_groups.go, aws_manager.go (`getAsgTemplate`).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from botocore.exceptions import ClientError

from twin.account import Account
from twin.kubernetes import nodes
from twin.kubernetes.groups import DEFAULT_VOLUME_GIB
from twin.kubernetes.instance_types import instance_type
from twin.kubernetes.scheduling import Place, amounts

PREFIX = "k8s.io/cluster-autoscaler/node-template/"
GPU = "nvidia.com/gpu"
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_log = logging.getLogger("twin.kubernetes.autoscaler")


@dataclass(frozen=True)
class Group:
    """An Auto Scaling group as the autoscaler sees it."""

    name: str
    min_size: int
    max_size: int
    desired: int
    zones: Sequence[str]
    instance_ids: Sequence[str]
    tags: Mapping[str, str]
    template: Place
    """The node that it would add. Named after the group: the name of a node to come is not known."""


def discover(role: Account, wanted: Sequence[Sequence[tuple[str, str | None]]]) -> list[Group]:
    """The groups that bear all tags of one of the discoveries.

    Raises botocore's ClientError when the role may not ask, and UnknownInstanceTypeError.
    """
    pages = role.client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate()
    found: list[Group] = []
    for told in (one for page in pages for one in page["AutoScalingGroups"]):
        tags = {tag["Key"]: tag["Value"] for tag in told.get("Tags", ())}
        if any(_bears(tags, each) for each in wanted):
            found.append(_group(role, told, tags))
    return sorted(found, key=lambda group: group.name)


def template(name: str, type_name: str, zone: str, managed: Mapping[str, Any], tags: Mapping[str, str]) -> Place:
    """The node that a group would add; `managed` is what eks:DescribeNodegroup told of it, if anything."""
    kind = instance_type(type_name)
    labels = {
        nodes.TYPE: type_name,
        nodes.ARCHITECTURE: kind.architecture,
        nodes.OS: "linux",
        nodes.ZONE: zone,
        nodes.REGION: zone[:-1],
        nodes.HOSTNAME: name,
        **_managed_labels(managed),
        **_tagged(tags, "label"),
    }
    taints = [_managed_taint(one) for one in managed.get("taints") or ()]
    for key, written in _tagged(tags, "taint").items():
        value, _, effect = written.rpartition(":")
        taints.append({"key": key, "value": value, "effect": effect})
    free = amounts(kind.allocatable(managed.get("diskSize") or DEFAULT_VOLUME_GIB))
    if kind.gpus:
        free[GPU] = Fraction(kind.gpus)
    return Place(name, labels, taints, {**free, **amounts(_tagged(tags, "resources"))})


def _bears(tags: Mapping[str, str], wanted: Sequence[tuple[str, str | None]]) -> bool:
    return all(key in tags and value in (None, tags[key]) for key, value in wanted)


def _group(role: Account, told: Mapping[str, Any], tags: Mapping[str, str]) -> Group:
    name = told["AutoScalingGroupName"]
    managed = _managed(role, tags)
    # Of several zones the autoscaler takes the first for its template, as the real one does.
    zone = told["AvailabilityZones"][0]
    return Group(
        name=name,
        min_size=told["MinSize"],
        max_size=told["MaxSize"],
        desired=told["DesiredCapacity"],
        zones=told["AvailabilityZones"],
        instance_ids=[
            one["InstanceId"] for one in told["Instances"] if not one["LifecycleState"].startswith("Terminat")
        ],
        tags=tags,
        template=template(name, _instance_type(role, told, managed), zone, managed, tags),
    )


def _managed(role: Account, tags: Mapping[str, str]) -> Mapping[str, Any]:
    """What EKS tells of the managed node group; nothing for a role that may not ask, as in the real one."""
    cluster, group = tags.get("eks:cluster-name"), tags.get("eks:nodegroup-name")
    if not cluster or not group:
        return {}
    try:
        told = role.client("eks").describe_nodegroup(clusterName=cluster, nodegroupName=group)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied", "ResourceNotFoundException"):
            _log.warning("labels and taints of %s come from tags alone: %s", group, error)
            return {}
        raise
    found: Mapping[str, Any] = told["nodegroup"]
    return found


def _instance_type(role: Account, told: Mapping[str, Any], managed: Mapping[str, Any]) -> str:
    """The first instance type of the group: its policy's, its launch template's, or what EKS tells of it."""
    policy = told.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    for override in policy.get("Overrides", ()):
        if override.get("InstanceType"):
            return str(override["InstanceType"])
    chosen = policy.get("LaunchTemplateSpecification") or told.get("LaunchTemplate")
    if chosen:
        asked = {k: chosen[k] for k in ("LaunchTemplateId",) if chosen.get(k)} or {
            "LaunchTemplateName": chosen["LaunchTemplateName"]
        }
        versions = role.client("ec2").describe_launch_template_versions(
            **asked, Versions=[str(chosen.get("Version") or "$Default")]
        )["LaunchTemplateVersions"]
        if versions and versions[0]["LaunchTemplateData"].get("InstanceType"):
            return str(versions[0]["LaunchTemplateData"]["InstanceType"])
    types = managed.get("instanceTypes") or [""]
    return str(types[0])


def _managed_labels(managed: Mapping[str, Any]) -> dict[str, str]:
    if not managed:
        return {}
    return {
        nodes.GROUP: managed["nodegroupName"],
        nodes.CAPACITY_TYPE: managed.get("capacityType", "ON_DEMAND"),
        **(managed.get("labels") or {}),
    }


def _managed_taint(told: Mapping[str, str]) -> dict[str, str]:
    return {"key": told["key"], "value": told.get("value") or "", "effect": _EFFECTS[told["effect"]]}


def _tagged(tags: Mapping[str, str], kind: str) -> dict[str, str]:
    start = f"{PREFIX}{kind}/"
    return {key.removeprefix(start): value for key, value in tags.items() if key.startswith(start)}

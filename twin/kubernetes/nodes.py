"""The Node object of an instance, as kubelet and the cloud controller of EKS register it.

Source: EKS user guide, "Managed node groups" (labels); kubernetes.io, "Well-known labels, annotations and taints".
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from twin.kubernetes.groups import Instance, NodeGroup
from twin.kubernetes.instance_types import instance_type

Node = Mapping[str, Any]
SIMULATED = {"kwok.x-k8s.io/node": "fake"}
"""Annotation by which kwok takes a node for one of its own: it keeps it Ready and runs its pods."""
ATTACHED_BY_CONTROL_PLANE = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
"""Annotation of kubelet: it leaves volumes to the controller manager, which asks the CSI driver to attach them."""
APPLIED = "groundwork.io/from-node-group"
"""Annotation: which labels and taints the node has of its group, so that those which the group loses can be told."""
MIG_PROFILE = "groundwork.io/mig-profile"
"""Annotation: what the node's GPUs were cut into when it started. On AWS nvidia-smi says so, on the node alone."""
GROUP = "eks.amazonaws.com/nodegroup"
CAPACITY_TYPE = "eks.amazonaws.com/capacityType"
TEMPLATE_VERSION = "eks.amazonaws.com/sourceLaunchTemplateVersion"
TEMPLATE_ID = "eks.amazonaws.com/sourceLaunchTemplateId"
ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"
TYPE = "node.kubernetes.io/instance-type"
ARCHITECTURE = "kubernetes.io/arch"
OS = "kubernetes.io/os"
HOSTNAME = "kubernetes.io/hostname"


def manifest(group: NodeGroup, instance: Instance, region: str, address: str, name: str) -> dict[str, Any]:
    """The Node of an instance; its name is the private DNS name of the instance. Raises UnknownInstanceTypeError."""
    kind = instance_type(instance.type)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {**own_labels(group, instance, region), HOSTNAME: name, **group.labels},
            "annotations": {**SIMULATED, **ATTACHED_BY_CONTROL_PLANE, APPLIED: applied(group), **_cut(group)},
        },
        "spec": {"providerID": f"aws:///{instance.zone}/{instance.id}", "taints": [dict(one) for one in group.taints]},
        "status": {
            "capacity": kind.capacity(group.volume_gib),
            "allocatable": kind.allocatable(group.volume_gib),
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "InternalDNS", "address": name},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": {
                "architecture": kind.architecture,
                "bootID": "",
                "containerRuntimeVersion": "containerd://simulated",
                "kernelVersion": "simulated",
                "kubeProxyVersion": "",
                "kubeletVersion": kubelet_version(group),
                "machineID": instance.id,
                "operatingSystem": "linux",
                "osImage": group.ami_type or "Amazon Linux 2023",
                "systemUUID": instance.id,
            },
        },
    }


def _cut(group: NodeGroup) -> dict[str, str]:
    template = group.launch_template
    return {MIG_PROFILE: template.mig_profile} if template and template.mig_profile else {}


def applied(group: NodeGroup) -> str:
    """What APPLIED says on a node that has all its group's labels and taints."""
    taints = sorted([taint["key"], taint["effect"]] for taint in group.taints)
    return json.dumps({"labels": sorted(group.labels), "taints": taints})


def change_to(node: Node, group: NodeGroup) -> dict[str, Any]:
    """The merge patch that gives a node its group's labels and taints, and takes what the group no longer has.

    Empty when there is nothing to do. What others have put on the node stays.
    """
    metadata, spec = node["metadata"], node["spec"]
    before = json.loads(metadata.get("annotations", {}).get(APPLIED, '{"labels": [], "taints": []}'))
    change: dict[str, Any] = {}
    labels: dict[str, str | None] = {key: None for key in before["labels"] if key not in group.labels}
    labels |= {key: value for key, value in group.labels.items() if metadata.get("labels", {}).get(key) != value}
    ours = {(key, effect) for key, effect in before["taints"]} | {(one["key"], one["effect"]) for one in group.taints}
    held = spec.get("taints", [])
    taints = [one for one in held if (one["key"], one["effect"]) not in ours] + [dict(one) for one in group.taints]
    if labels or before != json.loads(applied(group)):
        change["metadata"] = {"labels": labels, "annotations": {APPLIED: applied(group)}}
    if _as_set(taints) != _as_set(held):
        change["spec"] = {"taints": taints}
    return change


def _as_set(taints: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    return {(one["key"], one.get("value"), one["effect"]) for one in taints}


def own_labels(group: NodeGroup, instance: Instance, region: str) -> dict[str, str]:
    """The labels that a node bears whatever its group's labels are."""
    kind = instance_type(instance.type)
    template = group.launch_template
    return {
        GROUP: group.name,
        CAPACITY_TYPE: group.capacity_type,
        ZONE: instance.zone,
        REGION: region,
        TYPE: instance.type,
        ARCHITECTURE: kind.architecture,
        OS: "linux",
        **({TEMPLATE_ID: template.id, TEMPLATE_VERSION: template.version} if template else {}),
    }


def kubelet_version(group: NodeGroup) -> str:
    """What a node of this group says of itself."""
    # A release names the patch: 1.36.3-20261118. Without one EKS takes the newest, which the twin does not know.
    numbers = group.kubernetes_version.split(".")
    return f"v{'.'.join([*numbers, '0'][:3])}-eks"


def instance_id(node: Node) -> str:
    """The instance behind a node; empty for a node that is none of EC2's."""
    provider_id: str = node["spec"].get("providerID", "")
    return provider_id.rpartition("/")[2] if provider_id.startswith("aws:///") else ""


def is_ready(node: Node) -> bool:
    """Whether kubelet says so."""
    conditions = node.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def is_outdated(node: Node, group: NodeGroup) -> bool:
    """Whether an update of the group has to replace this node: another release, or another launch template."""
    labels, template = node["metadata"].get("labels", {}), group.launch_template
    if node["status"]["nodeInfo"]["kubeletVersion"] != kubelet_version(group):
        return True
    held = labels.get(TEMPLATE_ID), labels.get(TEMPLATE_VERSION)
    return held != ((template.id, template.version) if template else (None, None))

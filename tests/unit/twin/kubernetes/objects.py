"""Nodes, pods and groups as the API tells them, with what a test is about and no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from twin.kubernetes.groups import Instance, LaunchTemplate, NodeGroup
from twin.kubernetes.nodes import manifest

TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


def pod(name: str = "pod", requests: Mapping[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    """A pod; `changes` are of its spec, besides `labels`, `annotations`, `owner`, `namespace`, `node`, `phase`."""
    metadata: dict[str, Any] = {"name": name, "namespace": changes.pop("namespace", "default"), "uid": name}
    metadata["labels"] = changes.pop("labels", {})
    metadata["annotations"] = changes.pop("annotations", {})
    owner = changes.pop("owner", "ReplicaSet")
    if owner:
        metadata["ownerReferences"] = [{"kind": owner, "name": "owner"}]
    node, phase = changes.pop("node", None), changes.pop("phase", None)
    status: dict[str, Any] = {"phase": phase or ("Running" if node else "Pending")}
    if not node:
        status["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]
    container = {"name": "main", "image": "image", "resources": {"requests": dict(requests or {})}}
    spec = {"containers": [container], **({"nodeName": node} if node else {}), **changes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def group(
    *instances: str, instance_type: str = "m6i.large", zone: str = "eu-west-1a", version: str = "1", **changes: Any
) -> NodeGroup:
    """A node group with these instances."""
    given: dict[str, Any] = {
        "name": "workers",
        "arn": "arn:aws:eks:eu-west-1:111122223333:nodegroup/c/workers/1",
        "status": "ACTIVE",
        "auto_scaling_group": "eks-workers",
        "capacity_type": "ON_DEMAND",
        "labels": {},
        "taints": [],
        "kubernetes_version": "1.36.3",
        "ami_type": "AL2023_x86_64_STANDARD",
        "launch_template": LaunchTemplate("lt-1", version, None, 20, None),
        "volume_gib": 20,
        "max_unavailable": 1,
        "desired": len(instances),
        "instances": [Instance(one, zone, instance_type) for one in instances],
    }
    return NodeGroup(**given | changes)


def nodes(of: NodeGroup, *, ready: bool = True, taints: Sequence[Mapping[str, str]] = ()) -> list[dict[str, Any]]:
    """The Node of each instance of a group."""
    found = []
    for index, instance in enumerate(of.instances):
        name = f"ip-10-0-0-{index + 10}.eu-west-1.compute.internal"
        made = manifest(of, instance, "eu-west-1", f"10.0.0.{index + 10}", name)
        made["status"]["conditions"] = [{"type": "Ready", "status": str(ready)}]
        made["spec"]["taints"] += [dict(one) for one in taints]
        found.append(made)
    return found

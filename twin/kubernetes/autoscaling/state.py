"""What the autoscaler sees of the cluster, with the rights of its service account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from twin.kubernetes import nodes as node_objects
from twin.kubernetes.autoscaling.node_groups import GPU, Group
from twin.kubernetes.autoscaling.scale_down import is_over
from twin.kubernetes.client import Client
from twin.kubernetes.nodes import Node
from twin.kubernetes.scheduling import Place, Pod, amounts, requests

ACCELERATOR = "k8s.amazonaws.com/accelerator"
"""Label by which the autoscaler knows that a node has GPUs, although it does not show them yet."""
_NOT_READY = frozenset(f"node.kubernetes.io/{word}" for word in ("not-ready", "disk-pressure", "network-unavailable"))
"""Taints that a new node bears for a moment longer than its condition says."""
TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler"


@dataclass(frozen=True)
class State:
    """One scan's view."""

    groups: Sequence[Group]
    nodes: Sequence[Node]
    pods: Sequence[Pod]
    budgets: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls, api: Client, groups: Sequence[Group]) -> "State":
        """Ask for everything. Raises ApiError, with status 403 where the service account may not."""
        # The real one watches these too, and does not begin to work without them.
        for version, kind in (("apps/v1", "DaemonSet"), ("apps/v1", "ReplicaSet"), ("batch/v1", "Job")):
            api.list(version, kind, None, "", limit="1")
        return cls(
            groups,
            [node for node in api.list("v1", "Node") if node_objects.instance_id(node)],
            api.list("v1", "Pod"),
            api.list("policy/v1", "PodDisruptionBudget"),
        )

    def group_of(self, node: Node) -> Group | None:
        """The group that holds the node's instance; None for a node of no group that was discovered."""
        instance = node_objects.instance_id(node)
        return next((group for group in self.groups if instance in group.instance_ids), None)

    def pods_on(self, node: Node) -> list[Pod]:
        """The pods that take room on a node."""
        name = node["metadata"]["name"]
        return [pod for pod in self.pods if pod["spec"].get("nodeName") == name and not is_over(pod)]


def place_of(node: Node, pods: Sequence[Pod]) -> Place:
    """A node as the scheduler looks at it."""
    free = amounts(node["status"].get("allocatable", {}))
    for pod in pods:
        for name, amount in requests(pod).items():
            free[name] = free.get(name, Fraction(0)) - amount
    taints = list(node["spec"].get("taints", ()))
    return Place(node["metadata"]["name"], node["metadata"].get("labels", {}), taints, free)


def places_of(state: State) -> list[Place]:
    """The nodes on which pods may be put now."""
    return [place_of(node, state.pods_on(node)) for node in state.nodes if _is_open(node)]


def upcoming_of(state: State) -> list[Place]:
    """The nodes that groups were asked for and that are not there yet, each as its group's template."""
    there = {node_objects.instance_id(node) for node in state.nodes if _is_there(node)}
    found = []
    for group in state.groups:
        missing = group.desired - sum(instance in there for instance in group.instance_ids)
        found += [group.template] * max(0, missing)
    return found


def _is_open(node: Node) -> bool:
    return _is_there(node) and not node["spec"].get("unschedulable")


def _is_there(node: Node) -> bool:
    """Whether the node is Ready; one that should have GPUs and does not show them counts as not there yet."""
    if not node_objects.is_ready(node) or any(taint["key"] in _NOT_READY for taint in node["spec"].get("taints", ())):
        return False
    waits_for_gpus = ACCELERATOR in node["metadata"].get("labels", {})
    return not waits_for_gpus or any(
        name.startswith(GPU.partition("/")[0] + "/") and value != "0"
        for name, value in node["status"].get("allocatable", {}).items()
    )

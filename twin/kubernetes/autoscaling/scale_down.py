"""Which nodes are not needed, and what holds the others. Pure: nothing is asked or done here.

Source: cluster-autoscaler/FAQ.md, "How does scale-down work?" and "What types of pods can prevent CA from removing a
node?".
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from twin.kubernetes.autoscaling.flags import Flags
from twin.kubernetes.nodes import Node
from twin.kubernetes.scheduling import Place, Pod, amounts, obstacle, requests, selected

GPU = "nvidia.com/gpu"
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
DISABLED = "cluster-autoscaler.kubernetes.io/scale-down-disabled"


def utilisation(node: Node, pods: Iterable[Pod], flags: Flags) -> float:
    """The larger of the requested shares of CPU and memory; of GPUs alone, where the node has some."""
    there = amounts(node["status"]["allocatable"])
    counted = [pod for pod in pods if not (flags.ignore_daemonsets_utilization and of_daemon_set(pod))]
    names = [GPU] if there.get(GPU) else ["cpu", "memory"]
    asked = [requests(pod) for pod in counted]
    return max(float(sum((one.get(name, Fraction(0)) for one in asked), Fraction(0)) / there[name]) for name in names)


def is_idle(node: Node, pods: Iterable[Pod], flags: Flags) -> bool:
    """Whether so little is used that the node is looked at."""
    of_gpus = amounts(node["status"]["allocatable"]).get(GPU)
    limit = flags.scale_down_gpu_utilization_threshold if of_gpus else flags.scale_down_utilization_threshold
    return utilisation(node, pods, flags) < limit


def holds(pod: Pod, flags: Flags, budgets: Sequence[Mapping[str, Any]]) -> str | None:
    """Why the node of this pod has to stay; None when the pod may be moved, or goes with the node."""
    if of_daemon_set(pod) or _is_static(pod) or is_over(pod):
        return None
    metadata = pod["metadata"]
    safe = metadata.get("annotations", {}).get(SAFE_TO_EVICT)
    if safe == "false":
        return "it is annotated as not safe to evict"
    if safe != "true":
        if not metadata.get("ownerReferences"):
            return "no controller would make it again"
        if flags.skip_nodes_with_local_storage and _has_local_storage(pod):
            return "it has local storage"
        if (
            flags.skip_nodes_with_system_pods
            and metadata["namespace"] == "kube-system"
            and not _budgets_of(pod, budgets)
        ):
            return "it is a pod of kube-system without a PodDisruptionBudget"
    for budget in _budgets_of(pod, budgets):
        if budget.get("status", {}).get("disruptionsAllowed", 0) < 1:
            return f"PodDisruptionBudget {budget['metadata']['name']} allows no disruption"
    return None


def put_elsewhere(pods: Sequence[Pod], places: Sequence[Place]) -> list[Place] | None:
    """The nodes with these pods on them too; None when they do not all find room."""
    left = list(places)
    for pod in pods:
        index = next((i for i, place in enumerate(left) if obstacle(pod, place) is None), None)
        if index is None:
            return None
        left[index] = left[index].with_pod(pod)
    return left


def moves(pod: Pod) -> bool:
    """Whether the pod needs another node when its own goes."""
    return not (of_daemon_set(pod) or _is_static(pod) or is_over(pod))


def of_daemon_set(pod: Pod) -> bool:
    """Whether a DaemonSet made it."""
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences", ()))


def is_over(pod: Pod) -> bool:
    """Whether its containers have ended for good."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def _is_static(pod: Pod) -> bool:
    return "kubernetes.io/config.mirror" in pod["metadata"].get("annotations", {})


def _has_local_storage(pod: Pod) -> bool:
    # An emptyDir in memory is none; nor are those that the pod says may be lost.
    lost = (
        pod["metadata"].get("annotations", {}).get("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", "")
    )
    named = {name.strip() for name in lost.split(",")}
    for volume in pod["spec"].get("volumes", ()):
        directory = volume.get("emptyDir")
        local = "hostPath" in volume or (directory is not None and directory.get("medium") != "Memory")
        if local and volume["name"] not in named:
            return True
    return False


def _budgets_of(pod: Pod, budgets: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in budgets if _selects(one, pod)]


def _selects(budget: Mapping[str, Any], pod: Pod) -> bool:
    if budget["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    return selected(budget["spec"].get("selector") or {}, pod["metadata"].get("labels", {}))

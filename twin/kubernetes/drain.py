"""Take a node out of service as `kubectl drain` and managed node groups do: cordon, evict, wait, delete.

A drain is a step that is repeated until the node is empty, never a wait: what it needs to know is on the Node.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from twin.kubernetes.client import ApiError, Client
from twin.kubernetes.nodes import Node

Pod = Mapping[str, Any]
EVICTION_SECONDS = 30.0
"""How long evictions that a PodDisruptionBudget refuses are tried again. AWS: 15 minutes, after which the instance is
terminated all the same (EKS user guide, "Understand each phase of node updates")."""
SINCE = "groundwork.io/draining-since"
"""Annotation of a node that is being drained: seconds since the epoch."""
NOTICE = "groundwork.io/spot-interruption"
"""Annotation of a spot node that is interrupted: when its instance ends, in seconds since the epoch."""
_log = logging.getLogger("twin.kubernetes.drain")


def pods_of(pods: Sequence[Pod], node: Node) -> list[Pod]:
    """Those of `pods` that are bound to the node."""
    return [pod for pod in pods if pod["spec"].get("nodeName") == node["metadata"]["name"]]


def stays(pod: Pod) -> bool:
    """Whether a drain leaves this pod alone: a DaemonSet's would come again at once, a static pod is kubelet's."""
    metadata = pod["metadata"]
    of_daemon_set = any(owner["kind"] == "DaemonSet" for owner in metadata.get("ownerReferences", ()))
    return of_daemon_set or "kubernetes.io/config.mirror" in metadata.get("annotations", {})


def drain(api: Client, node: Node, pods: Sequence[Pod]) -> bool:
    """One step; whether the node is empty by now, or its time is over.

    That is EVICTION_SECONDS after the first step, or when EC2 takes the instance back.

    `pods` are all pods of the cluster, or those of the node.
    """
    begun = _begun(node)
    if begun is None:  # what was scheduled here before the cordon shows in the next step
        _begin(api, node)
        return False
    leaving = [pod for pod in pods_of(pods, node) if not stays(pod)]
    for pod in leaving:
        if "deletionTimestamp" not in pod["metadata"]:
            evict(api, pod)
    notice = node["metadata"].get("annotations", {}).get(NOTICE)
    return not leaving or time.time() > (float(notice) if notice else begun + EVICTION_SECONDS)


def evict(api: Client, pod: Pod, grace_seconds: int | None = None) -> bool:
    """Ask for an eviction; whether it was granted. A PodDisruptionBudget refuses with status 429."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    body: dict[str, Any] = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
    }
    if grace_seconds is not None:
        body["deleteOptions"] = {"gracePeriodSeconds": grace_seconds}
    try:
        api.post_subresource("v1", "Pod", name, namespace, "eviction", body)
    except ApiError as error:
        if error.status not in (404, 409, 429):
            raise
        if error.status == 429:
            _log.info("%s/%s stays for now: %s", namespace, name, error.message)
        return error.status == 404
    return True


def remove(api: Client, node: Node) -> None:
    """Delete the Node of an instance that is gone, and what was left on it: no kubelet will ever report its end."""
    name = node["metadata"]["name"]
    api.delete("v1", "Node", name)
    for pod in api.list("v1", "Pod", fieldSelector=f"spec.nodeName={name}"):
        api.delete("v1", "Pod", pod["metadata"]["name"], pod["metadata"]["namespace"], gracePeriodSeconds=0)


def _begun(node: Node) -> float | None:
    """When the drain began; None when it did not, or somebody has taken the cordon away."""
    since = node["metadata"].get("annotations", {}).get(SINCE)
    return float(since) if since is not None and node["spec"].get("unschedulable") else None


def _begin(api: Client, node: Node) -> None:
    since = node["metadata"].get("annotations", {}).get(SINCE) or f"{time.time():.0f}"
    change = {"metadata": {"annotations": {SINCE: since}}, "spec": {"unschedulable": True}}
    api.patch("v1", "Node", node["metadata"]["name"], None, change)

"""Pods that are ready again, because their node is: as its kubelet says it.

While a node does not report, Kubernetes' node lifecycle controller makes its pods not ready; kubelet, once it is back,
says of each how it is. kwok says so of a pod once in its life, and never again.

Source: k8s.io/kubernetes, pkg/controller/util/node (MarkPodsNotReady), pkg/kubelet/status/generate.go.
"""

from collections.abc import Mapping
from typing import Any

from twin.kubernetes.controllers.loop import World
from twin.kubernetes.nodes import is_ready

Manifest = Mapping[str, Any]


class PodReadiness:
    """See the module."""

    name = "readiness of pods"

    def reconcile(self, world: World) -> None:
        """See Controller."""
        ready = {str(node["metadata"]["name"]) for node in world.api.list("v1", "Node") if is_ready(node)}
        for pod in world.api.list("v1", "Pod", fieldSelector="status.phase=Running"):
            if pod["spec"].get("nodeName") in ready and is_wrongly_not_ready(pod):
                metadata = pod["metadata"]
                status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
                of = ("v1", "Pod", metadata["name"], metadata["namespace"])
                world.api.patch(*of, status, subresource="status", strategy="strategic")


def is_wrongly_not_ready(pod: Manifest) -> bool:
    """Whether all its containers are ready and it waits for nothing else, and yet it is not."""
    if pod["metadata"].get("deletionTimestamp") or pod["spec"].get("readinessGates"):
        return False
    status = pod.get("status", {})
    conditions = {one["type"]: one["status"] for one in status.get("conditions", ())}
    containers = status.get("containerStatuses") or ()
    return conditions.get("Ready") == "False" and bool(containers) and all(one["ready"] for one in containers)

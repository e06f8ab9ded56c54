"""One function for each kind: what is missing until an object is ready, "" when nothing is.

Source: pulumi/pulumi-kubernetes, provider/pkg/await: deployment.go, statefulset.go, daemonset.go, job.go, pod.go,
service.go, ingress.go, awaiters.go; and sigs.k8s.io/cli-utils, pkg/kstatus, for what those leave to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twin.kubernetes.client import Client


class NeverReadyError(Exception):
    """It will not become ready any more: waiting is of no use."""


@dataclass(frozen=True)
class Look:
    """An object as it is now, and the client to look further with."""

    live: Mapping[str, Any]
    client: Client
    created: bool
    """Whether it was made just now; else it was changed, or is only read."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """What is wanted."""
        found: Mapping[str, Any] = self.live.get("spec") or {}
        return found

    @property
    def status(self) -> Mapping[str, Any]:
        """What there is."""
        found: Mapping[str, Any] = self.live.get("status") or {}
        return found

    @property
    def namespace(self) -> str | None:
        """Its namespace."""
        found: str | None = self.live["metadata"].get("namespace")
        return found

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.live["metadata"]["name"])

    def condition(self, kind: str) -> Mapping[str, Any]:
        """The condition of that type; empty when there is none."""
        conditions = self.status.get("conditions") or ()
        return next((found for found in conditions if found.get("type") == kind), {})

    @property
    def observed(self) -> bool:
        """Whether the controller has seen the newest spec."""
        return int(self.status.get("observedGeneration") or 0) >= int(self.live["metadata"].get("generation") or 0)


Rule = Callable[[Look], str]


def _deployment(look: Look) -> str:
    progressing, available = look.condition("Progressing"), look.condition("Available")
    if not look.observed:
        return "the Deployment controller has not seen it yet"
    if progressing.get("status") == "False":
        return f"{progressing.get('reason')}: {progressing.get('message')}"
    if progressing.get("reason") != "NewReplicaSetAvailable":
        return _replicas(look, "updatedReplicas", "updated")
    if available.get("status") != "True":
        return _replicas(look, "availableReplicas", "available")
    return ""


def _stateful_set(look: Look) -> str:
    if not look.observed:
        return "the StatefulSet controller has not seen it yet"
    on_delete = (look.spec.get("updateStrategy") or {}).get("type") == "OnDelete"
    wanted = look.spec.get("replicas", 1)
    counts = ["replicas", "readyReplicas"]
    if not on_delete or look.live["metadata"].get("generation") == 1:
        counts.append("currentReplicas")
    if not on_delete and look.status.get("updateRevision") != look.status.get("currentRevision"):
        return _replicas(look, "updatedReplicas", "updated")
    if any((look.status.get(count) or 0) != wanted for count in counts):
        return _replicas(look, "readyReplicas", "ready")
    return ""


def _daemon_set(look: Look) -> str:
    if not look.observed or "desiredNumberScheduled" not in look.status:
        return "the DaemonSet controller has not seen it yet"
    wanted = look.status["desiredNumberScheduled"]
    for count, word in (
        ("currentNumberScheduled", "scheduled"),
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ):
        if (look.status.get(count) or 0) < wanted:
            return f"{look.status.get(count) or 0} of {wanted} pods are {word}"
    return ""


def _replicas(look: Look, count: str, word: str) -> str:
    return f"{look.status.get(count) or 0} of {look.spec.get('replicas', 1)} pods are {word}"


def _replication_controller(look: Look) -> str:
    enough = (look.status.get("availableReplicas") or 0) >= look.spec.get("replicas", 1)
    return "" if enough else _replicas(look, "availableReplicas", "available")


def _job(look: Look) -> str:
    failed = look.condition("Failed")
    if failed.get("status") == "True":
        raise NeverReadyError(f"the Job failed: {failed.get('reason')}: {failed.get('message')}")
    if look.condition("Complete").get("status") == "True":
        return ""
    return f"{look.status.get('succeeded') or 0} of {look.spec.get('completions', 1)} pods have succeeded"


def _pod(look: Look) -> str:
    if look.status.get("phase") == "Succeeded" or look.condition("Ready").get("status") == "True":
        return ""
    return pod_problem(look.live) or f"the Pod is {look.status.get('phase') or 'not seen by any node'}"


def pod_problem(pod: Mapping[str, Any]) -> str:
    """Why a pod does not run: it finds no node, an image cannot be pulled, a container ends."""
    status = pod.get("status") or {}
    name = pod["metadata"]["name"]
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return f"Pod {name}: {condition.get('reason')}: {condition.get('message')}"
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            return f"Pod {name}, container {container['name']}: {waiting['reason']}: {waiting.get('message', '')}"
        if ended.get("exitCode"):
            return (
                f"Pod {name}, container {container['name']}: ended with {ended['exitCode']}: {ended.get('message', '')}"
            )
    return ""


def _service(look: Look) -> str:
    balanced = look.spec.get("type") == "LoadBalancer"
    if balanced and not (look.status.get("loadBalancer") or {}).get("ingress"):
        return "no load balancer has been assigned yet"
    apart = look.spec.get("type") == "ExternalName" or look.spec.get("clusterIP") == "None"
    if apart or not look.spec.get("selector"):
        return ""
    return _endpoints_missing(look, look.name)


def _endpoints_missing(look: Look, service: str) -> str:
    """As the official provider: endpoints that are there must be ready. That there are none at all is no obstacle."""
    slices = look.client.list(
        "discovery.k8s.io/v1", "EndpointSlice", look.namespace, f"kubernetes.io/service-name={service}"
    )
    if not slices and look.created:
        return "the EndpointSlice controller has not seen it yet"
    endpoints = [endpoint for found in slices for endpoint in found.get("endpoints") or ()]
    unready = [endpoint for endpoint in endpoints if (endpoint.get("conditions") or {}).get("ready") is False]
    return f"{len(unready)} of {len(endpoints)} pods behind it are not ready" if unready else ""


def _ingress(look: Look) -> str:
    for rule in look.spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            service = ((path.get("backend") or {}).get("service") or {}).get("name")
            if service and look.client.get("v1", "Service", service, look.namespace) is None:
                return f"there is no Service {service} for the path {path.get('path', '/')}"
    if not (look.status.get("loadBalancer") or {}).get("ingress"):
        return "no load balancer has been assigned yet"
    return ""


def _volume_claim(look: Look) -> str:
    phase = look.status.get("phase")
    if phase == "Bound":
        return ""
    name = look.spec.get("storageClassName")
    storage_class = look.client.get("storage.k8s.io/v1", "StorageClass", name) if name else None
    if storage_class and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" and phase == "Pending":
        return ""
    if name and storage_class is None:
        return f"there is no StorageClass {name}"
    return f"the claim is {phase or 'not seen by any controller'}, no volume is bound to it"


def _volume(look: Look) -> str:
    phase = look.status.get("phase")
    return "" if phase in ("Available", "Bound") else f"the volume is {phase or 'not seen by any controller'}"


def _resource_quota(look: Look) -> str:
    seen = look.spec.get("hard") == look.status.get("hard")
    return "" if seen else "the quota controller has not seen it yet"


def _secret(look: Look) -> str:
    if look.live.get("type") != "kubernetes.io/service-account-token" or look.live.get("data"):
        return ""
    return "the token controller has not filled it yet"


def _definition(look: Look) -> str:
    refused = look.condition("NamesAccepted")
    if refused.get("status") == "False":
        raise NeverReadyError(f"{refused.get('reason')}: {refused.get('message')}")
    established = look.condition("Established").get("status") == "True"
    return "" if established else "the API server does not serve it yet"


RULES: dict[tuple[str, str], Rule] = {
    ("apps/v1", "DaemonSet"): _daemon_set,
    ("apps/v1", "Deployment"): _deployment,
    ("apps/v1", "StatefulSet"): _stateful_set,
    ("batch/v1", "Job"): _job,
    ("v1", "PersistentVolume"): _volume,
    ("v1", "PersistentVolumeClaim"): _volume_claim,
    ("v1", "Pod"): _pod,
    ("v1", "ReplicationController"): _replication_controller,
    ("v1", "ResourceQuota"): _resource_quota,
    ("v1", "Secret"): _secret,
    ("v1", "Service"): _service,
    ("networking.k8s.io/v1", "Ingress"): _ingress,
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): _definition,
}
"""By apiVersion and kind. What is not here is ready once it exists, as for the official provider."""
LIMITS = {("v1", "PersistentVolume"): 300.0, ("v1", "PersistentVolumeClaim"): 300.0, ("v1", "ResourceQuota"): 60.0}
"""Seconds after which these are given up, whatever the program allows."""
READ_TOO = frozenset(
    [
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "Job"),
        ("networking.k8s.io/v1", "Ingress"),
        ("v1", "Pod"),
        ("v1", "Service"),
    ]
)
"""Those whose readiness a refresh looks at as well."""

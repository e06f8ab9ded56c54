"""Manifests of what a team runs: fit for a guarded namespace, unless a test spoils them."""

from collections.abc import Mapping
from typing import Any

GPU = "nvidia.com/gpu"
REGISTRY = "000000000000.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = f"sha256:{'0' * 64}"
IMAGE = f"{REGISTRY}/groundwork-dev-training@{DIGEST}"
POLICY = "groundwork-pod-templates"
SECURITY = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
ROOT = {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}
TOLERATION = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}


def container(gpus: int = 0, **changes: Any) -> dict[str, Any]:
    """A small container."""
    sizes = {"cpu": "50m", "memory": "64Mi"} | ({GPU: str(gpus)} if gpus else {})
    found = {
        "name": "main",
        "image": IMAGE,
        "securityContext": SECURITY,
        "resources": {"requests": sizes, "limits": sizes},
    }
    return found | changes


def pod_spec(*containers: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The specification of a pod: not root, with one container, or with these."""
    found = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [*containers] or [container()],
    }
    return found | changes


def gpu_pod_spec(**changes: Any) -> dict[str, Any]:
    """The specification of a pod with a GPU."""
    return pod_spec(container(gpus=1), tolerations=[TOLERATION]) | changes


def pod(namespace: str, name: str, service_account: str) -> dict[str, Any]:
    """A pod that runs until it is deleted."""
    spec = pod_spec(serviceAccountName=service_account, restartPolicy="Always")
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def job(namespace: str, name: str, spec: Mapping[str, Any], pods: int = 1, runs_for: str = "1s") -> dict[str, Any]:
    """A Job of so many pods at once, each of which completes after a while."""
    template = {"metadata": {"annotations": {"groundwork.io/twin-runs-for": runs_for}}, "spec": spec}
    of = {"backoffLimit": 0, "parallelism": pods, "completions": pods, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": namespace}, "spec": of}


def deployment(namespace: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A Deployment of one pod."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {**spec, "restartPolicy": "Always"}}
    of = {"selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": of}


def cron_job(namespace: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A CronJob that is due once a year."""
    of = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": spec}}}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name, "namespace": namespace}, "spec": of}


ELSEWHERE = f"docker.io/library/python@{DIGEST}"
WITH_TAG = f"{REGISTRY}/groundwork-dev-training:latest"
SIZES = {"cpu": "50m", "memory": "64Mi"}
UNLIMITED = container(resources={"requests": SIZES, "limits": {"memory": "64Mi"}})
LARGE = {"cpu": "64", "memory": "64Mi"}
REFUSED_AT_ONCE: Mapping[str, tuple[dict[str, Any], str]] = {
    "an image by its tag": (pod_spec(container(image=WITH_TAG)), f"({WITH_TAG}): allowed is "),
    "an image from elsewhere": (
        pod_spec(container(image=ELSEWHERE)),
        f"image of container main ({ELSEWHERE}): allowed is {REGISTRY}/NAME@sha256:DIGEST",
    ),
    "an init container by its tag": (
        pod_spec(initContainers=[container(name="first", image=WITH_TAG)]),
        f"image of container first ({WITH_TAG})",
    ),
    "no limits": (pod_spec(UNLIMITED), "container main has no limit of cpu or of memory"),
    "no sizes": (pod_spec(container(resources={})), "POD-11: resources of container main"),
    "privileged": (pod_spec(container(securityContext={"privileged": True})), "POD-01: privileged main"),
    "the node's files": (
        pod_spec(volumes=[{"name": "node", "hostPath": {"path": "/"}}]),
        "POD-03: volume node: allowed is configMap, ",
    ),
    "root": (pod_spec(securityContext=ROOT), "POD-07: may run as root the pod, main"),
    "the node's network": (pod_spec(hostNetwork=True), "POD-02: shared with the node hostNetwork"),
    "capabilities": (
        pod_spec(container(securityContext=SECURITY | {"capabilities": {"add": ["SYS_ADMIN"]}})),
        'POD-05: capabilities of container main: allowed is drop: ["ALL"]',
    ),
    "a GPU without the toleration": (
        pod_spec(container(gpus=1)),
        "container main asks for nvidia.com/gpu in a pod that GPU nodes repel",
    ),
    "the toleration without a GPU": (
        pod_spec(tolerations=[TOLERATION]),
        "the pod tolerates the taint nvidia.com/gpu and asks for no GPU",
    ),
}
"""Specifications that admission refuses in whatever makes pods of them, and what it says."""


REFUSED_AS_PODS: Mapping[str, tuple[dict[str, Any], str]] = {
    "too-large": (
        pod_spec(container(resources={"requests": LARGE, "limits": LARGE})),
        "maximum cpu usage per Pod is",
    ),
}
"""Specifications of which no pod comes to be, and what whoever made the Job reads in an event."""

"""Manifests of what runs in a cluster: the autoscaler with its rights, a device plugin, Jobs and Deployments."""

import copy
import json
from functools import cache
from typing import Any

from components.cluster.autoscaler import ClusterAutoscaler, ClusterAutoscalerArgs
from tests.support.recorder import Recorder, run_program, stand_in
from tests.twin.clusters import NAME
from tests.twin.corrections.server import ACCOUNT, REGION

TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
_ON_GPU_NODES = {"matchExpressions": [{"key": "workload", "operator": "In", "values": ["gpu"]}]}
MOVES = {
    "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": _ON_GPU_NODES}]}
}
"""Affinity of a pod that would rather run on a GPU node, and may be moved off it."""
QUICK = {"scale-down-unneeded-time": "5s", "scale-down-delay-after-add": "5s", "scan-interval": "1s"}
"""The flags of the autoscaler that a test does not wait for."""


@cache
def _platforms_autoscaler() -> Recorder:
    """What the platform's component registers for the cluster of the tests."""
    args = ClusterAutoscalerArgs(
        account_id=ACCOUNT,
        region=REGION,
        environment="test",
        boundary_arn=f"arn:aws:iam::{ACCOUNT}:policy/none",
        cluster=NAME,
        version="1.36",
        cluster_name=NAME,
        system_pool="system",
    )
    with stand_in() as recorder:
        run_program(lambda: ClusterAutoscaler("autoscaler", args))
    return recorder


def autoscaler() -> list[dict[str, Any]]:
    """The platform's autoscaler with its rights in the cluster, as its component registers it, in a hurry."""
    manifests: list[dict[str, Any]] = [
        copy.deepcopy(made.inputs) for made in _platforms_autoscaler().children() if made.typ.startswith("kubernetes:")
    ]
    [deployment] = [one for one in manifests if one["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    kept = [flag for flag in container["args"] if flag.removeprefix("--").split("=")[0] not in QUICK]
    container["args"] = [*kept, *(f"--{flag}={value}" for flag, value in QUICK.items())]
    return manifests


def autoscaler_rights(*, without: str = "") -> str:
    """The policy of the platform's autoscaler in AWS; without one of its actions, if so asked."""
    [policy] = _platforms_autoscaler().of_type("aws:iam/rolePolicy:RolePolicy")
    document = json.loads(policy.inputs["policy"])
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != without]
    return json.dumps(document)


def device_plugin() -> dict[str, Any]:
    """NVIDIA's device plugin on GPU nodes."""
    container = {"name": "plugin", "image": "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"}
    pod = {"nodeSelector": {"workload": "gpu"}, "tolerations": [TOLERATION], "containers": [container]}
    metadata = {"name": "nvidia-device-plugin", "namespace": "kube-system"}
    spec = _template({"app": "nvidia-device-plugin"}, pod)
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": spec}


def training_job(name: str) -> dict[str, Any]:
    """A Job that needs a GPU for a moment."""
    template = {"spec": {"restartPolicy": "Never", **_gpu_pod()}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _in_default(name), "spec": {"template": template}}


def gpu_service(name: str, replicas: int) -> dict[str, Any]:
    """A Deployment of pods with a GPU each."""
    spec = {"replicas": replicas, **_template({"app": name}, _gpu_pod())}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _in_default(name), "spec": spec}


def budget(name: str, **spec: Any) -> dict[str, Any]:
    """A PodDisruptionBudget for the pods of `name`."""
    held = {"selector": {"matchLabels": {"app": name}}, **spec}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": _in_default(name), "spec": held}


def service(name: str, replicas: int, **pod: Any) -> dict[str, Any]:
    """A Deployment of small pods."""
    container = {"name": "main", "image": "example", "resources": {"requests": {"cpu": "100m"}}}
    spec = {"replicas": replicas, **_template({"app": name}, {"containers": [container], **pod})}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _in_default(name), "spec": spec}


def _gpu_pod() -> dict[str, Any]:
    resources = {"limits": {"nvidia.com/gpu": "1"}, "requests": {"cpu": "1"}}
    return {
        "tolerations": [TOLERATION],
        "containers": [{"name": "main", "image": "example", "resources": resources}],
    }


def _template(labels: dict[str, str], pod: dict[str, Any]) -> dict[str, Any]:
    return {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}


def _in_default(name: str) -> dict[str, str]:
    return {"name": name, "namespace": "default"}

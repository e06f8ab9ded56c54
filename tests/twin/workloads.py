"""Manifests of what runs in a cluster: the autoscaler with its rights, a device plugin, Jobs and Deployments."""

from typing import Any

from tests.twin.clusters import NAME

TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
AUTOSCALER = {"app.kubernetes.io/name": "cluster-autoscaler"}
AUTOSCALER_RIGHTS = {
    "autoscaling:Describe*": "*",
    "autoscaling:SetDesiredCapacity": "*",
    "autoscaling:TerminateInstanceInAutoScalingGroup": "*",
    "ec2:DescribeLaunchTemplateVersions": "*",
    "eks:DescribeNodegroup": "*",
}
_READ = ["get", "list", "watch"]
_RULES = [
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": [*_READ, "update"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": _READ},
    {"apiGroups": ["apps"], "resources": ["daemonsets", "replicasets", "statefulsets"], "verbs": _READ},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": _READ},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _READ},
]


def autoscaler() -> list[dict[str, Any]]:
    """The autoscaler in kube-system, with short times, told by its own flags."""
    subject = {"kind": "ServiceAccount", "name": "cluster-autoscaler", "namespace": "kube-system"}
    group = "rbac.authorization.k8s.io"
    binding = {
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-autoscaler"},
        "subjects": [subject],
    }
    tags = f"k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{NAME}=owned"
    container = {
        "name": "cluster-autoscaler",
        "image": "registry.k8s.io/autoscaling/cluster-autoscaler",
        "command": ["/cluster-autoscaler"],
        "args": [
            "--cloud-provider=aws",
            "--expander=least-waste",
            f"--node-group-auto-discovery=asg:tag={tags}",
            "--scan-interval=1s",
            "--scale-down-unneeded-time=5s",
            "--scale-down-delay-after-add=5s",
            "--skip-nodes-with-system-pods=false",
        ],
    }
    metadata = {"name": "cluster-autoscaler", "namespace": "kube-system", "labels": AUTOSCALER}
    pod = {"serviceAccountName": "cluster-autoscaler", "nodeSelector": {"pool": "system"}, "containers": [container]}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": _named("cluster-autoscaler"), "rules": _RULES},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": _named("cluster-autoscaler"),
            **binding,
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": 1, **_template(AUTOSCALER, pod)},
        },
    ]


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


def _named(name: str) -> dict[str, str]:
    return {"name": name}


def _in_default(name: str) -> dict[str, str]:
    return {"name": name, "namespace": "default"}

"""NVIDIA's device plugin on the nodes of one GPU pool: what makes their GPUs something that a pod can ask for.

Owns the DaemonSet and its configuration; not the driver and the container toolkit, which the nodes' image brings. A
pool has its own, because how GPUs are shared is a fact of the pool.

Pods of other monitoring find GPU nodes by the same label, `nvidia.com/gpu.present`.

Source: NVIDIA device plugin for Kubernetes, README, "Configuring the NVIDIA device plugin binary", "Shared Access to
        GPUs"; its static deployment.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from typing import Any

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pydantic import Field

from components.labels import GPU, GPU_PRESENT, NODE_POOL, configured, labels
from components.model import ImageByDigest, Model

NAMESPACE = "kube-system"
APPLICATION = "nvidia-device-plugin"
IMAGE = "nvcr.io/nvidia/k8s-device-plugin@sha256:a61ba9fd8efb82f3a79f877f7580e02c1e8e7593f62473644bc9c79e315c3312"
"""v0.20.0. Taken from what nodes of others report, not from the registry: see docs/first-deployment.md."""
SOCKETS = "/var/lib/kubelet/device-plugins"
CONFIGURATION = "config.yaml"


class DevicePluginSettings(Model):
    """What the stack file says about the device plugin."""

    image: ImageByDigest = Field(
        default=IMAGE, examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/device-plugin@sha256:" + "0" * 64]
    )
    """Its image by digest; absent, NVIDIA's v0.20.0 from its own registry."""


class DevicePluginArgs(Model):
    """Which nodes it runs on, and how their GPUs are shared."""

    settings: DevicePluginSettings = DevicePluginSettings()
    """What the stack file says."""
    pool: str
    """The GPU node pool."""
    time_slices: int = Field(default=1, ge=1)
    """How many pods take turns on one GPU; 1, each has its own."""
    mig: bool = False
    """The pool's GPUs are partitioned; each partition then counts as one GPU."""


class DevicePlugin(pulumi.ComponentResource):
    """The DaemonSet `nvidia-device-plugin-<pool>` in kube-system."""

    def __init__(self, name: str, args: DevicePluginArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:DevicePlugin", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        own_name = f"{APPLICATION}-{args.pool}"
        metadata: Any = {"name": own_name, "namespace": NAMESPACE, "labels": labels(APPLICATION, "gpu")}
        configuration = core.ConfigMap(
            f"{name}-configuration",
            metadata=metadata,
            data={CONFIGURATION: configuration_of(args.time_slices, args.mig)},
            opts=child,
        )
        account = core.ServiceAccount(
            f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=child
        )
        apps.DaemonSet(
            f"{name}-daemon",
            metadata=metadata,
            spec={
                "selector": {"match_labels": _own_labels(args.pool)},
                "update_strategy": {"type": "RollingUpdate"},
                "template": {
                    "metadata": {
                        "labels": labels(APPLICATION, "gpu") | _own_labels(args.pool),
                        "annotations": configured(configuration_of(args.time_slices, args.mig)),
                    },
                    "spec": pod_of(own_name, args),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[configuration, account]),
        )
        self.register_outputs({})


def configuration_of(time_slices: int, mig: bool) -> str:
    """Return the plugin's configuration. JSON is YAML, and always the same text."""
    configuration: dict[str, Any] = {"version": "v1", "flags": {"migStrategy": "single" if mig else "none"}}
    if time_slices > 1:
        # Two slices are turns on one GPU, not twice its memory: a pod that asks for two would be disappointed.
        slices = {"failRequestsGreaterThanOne": True, "resources": [{"name": GPU, "replicas": time_slices}]}
        configuration["sharing"] = {"timeSlicing": slices}
    return json.dumps(configuration, indent=2, sort_keys=True)


def pod_of(own_name: str, args: DevicePluginArgs) -> Any:
    """Return the pod: on the pool's GPU nodes alone, with no more than the kubelet's folder for device plugins."""
    return {
        "service_account_name": own_name,
        "automount_service_account_token": False,
        "priority_class_name": "system-node-critical",
        "node_selector": {GPU_PRESENT: "true", NODE_POOL: args.pool},
        "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
        "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": APPLICATION,
                "image": args.settings.image,
                "args": [f"--config-file=/etc/{APPLICATION}/{CONFIGURATION}"],
                "env": [{"name": "NVIDIA_MIG_MONITOR_DEVICES", "value": "all"}] if args.mig else [],
                "resources": {
                    "requests": {"cpu": "50m", "memory": "64Mi"},
                    "limits": {"cpu": "200m", "memory": "256Mi"},
                },
                "security_context": {
                    "allow_privilege_escalation": False,
                    "read_only_root_filesystem": True,
                    # Partitions are made known by capabilities of the driver that take this one.
                    "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"] if args.mig else []},
                },
                "volume_mounts": [
                    {"name": "sockets", "mount_path": SOCKETS},
                    {"name": "configuration", "mount_path": f"/etc/{APPLICATION}", "read_only": True},
                ],
            }
        ],
        "volumes": [
            {"name": "sockets", "host_path": {"path": SOCKETS, "type": "Directory"}},
            {"name": "configuration", "config_map": {"name": own_name}},
        ],
    }


def _own_labels(pool: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": APPLICATION, "app.kubernetes.io/instance": pool}

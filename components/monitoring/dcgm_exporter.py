"""NVIDIA's DCGM exporter on the GPU nodes: what each GPU does, and for which pod.

Owns the DaemonSet, its list of fields and its service account. It reads the fields that alerts and dashboards ask for;
none of them are profiling fields, so it does without the capability that these need. Partitions (MIG) have no
utilization of their own without them.

It runs as root, which the socket that tells it of pods asks for, and has no more of the node than that socket.

Source: NVIDIA dcgm-exporter, README.md, etc/default-counters.csv, deployment/templates/daemonset.yaml.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core

from components.labels import GPU, GPU_PRESENT, configured
from components.model import Model
from components.monitoring.exporter_settings import DcgmExporterSettings
from components.monitoring.exporters import account, daemon
from components.monitoring.pods import metadata
from components.pod_security import restricted_container
from components.scraping import scraped

NAMESPACE: Final = "kube-system"
APPLICATION: Final = "dcgm-exporter"
PORT: Final = 9400
SOCKETS: Final = "/var/lib/kubelet/pod-resources"
COUNTERS: Final = "counters.csv"
FOLDER: Final = "/etc/dcgm-exporter-fields"
FIELDS: Final = {
    "DCGM_FI_DEV_GPU_UTIL": "GPU utilization in percent.",
    "DCGM_FI_DEV_FB_USED": "Memory used in MiB.",
    "DCGM_FI_DEV_FB_FREE": "Memory free in MiB.",
    "DCGM_FI_DEV_GPU_TEMP": "Temperature in degrees Celsius.",
    "DCGM_FI_DEV_POWER_USAGE": "Power in watts.",
    "DCGM_FI_DEV_XID_ERRORS": "The last XID that the driver reported.",
    "DCGM_FI_DEV_ROW_REMAP_FAILURE": "Whether a row of memory could not be replaced.",
}
"""What it reads, all of it gauges; the names are those of its series."""


class DcgmExporterArgs(Model):
    """What it is made with."""

    settings: DcgmExporterSettings = DcgmExporterSettings()
    """What the stack file says."""


class DcgmExporter(pulumi.ComponentResource):
    """The DaemonSet `dcgm-exporter` in kube-system, on GPU nodes alone."""

    def __init__(self, name: str, args: DcgmExporterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:DcgmExporter", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        own = core.ServiceAccount(f"{name}-account", **account(APPLICATION, NAMESPACE), opts=child)
        fields = core.ConfigMap(
            f"{name}-fields",
            metadata=metadata(APPLICATION, APPLICATION, NAMESPACE),
            data={COUNTERS: counters()},
            opts=child,
        )
        annotations = scraped(PORT, honor_labels=True) | configured(counters())
        apps.DaemonSet(
            f"{name}-daemon",
            metadata=metadata(APPLICATION, APPLICATION, NAMESPACE),
            spec=daemon(APPLICATION, annotations, pod_of(args.settings)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[own, fields]),
        )
        self.register_outputs({})


def counters() -> str:
    """Return the exporter's list of fields: name, type and help, a line each."""
    return "".join(f"{field}, gauge, {told}\n" for field, told in FIELDS.items())


def pod_of(settings: DcgmExporterSettings) -> Any:
    """Return the pod: on GPU nodes alone, with no more of the node than the socket that knows whose a GPU is."""
    probe = {"http_get": {"path": "/health", "port": PORT}, "timeout_seconds": 5}
    node = {"name": "NODE_NAME", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}}
    return {
        "service_account_name": APPLICATION,
        "automount_service_account_token": False,
        "priority_class_name": "system-node-critical",
        "node_selector": {GPU_PRESENT: "true"},
        "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
        "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": APPLICATION,
                "image": settings.image,
                "args": ["-f", f"{FOLDER}/{COUNTERS}"],
                "env": [
                    {"name": "DCGM_EXPORTER_KUBERNETES", "value": "true"},
                    {"name": "DCGM_EXPORTER_LISTEN", "value": f":{PORT}"},
                    node,
                ],
                "ports": [{"name": "metrics", "container_port": PORT, "protocol": "TCP"}],
                "startup_probe": probe | {"period_seconds": 5, "failure_threshold": 24},
                "liveness_probe": probe | {"period_seconds": 30, "failure_threshold": 4},
                "resources": {
                    "requests": {"cpu": "50m", "memory": "128Mi"},
                    "limits": {"cpu": "500m", "memory": "512Mi"},
                },
                "security_context": restricted_container(),
                "volume_mounts": [
                    {"name": "pods", "mount_path": SOCKETS, "read_only": True},
                    {"name": "fields", "mount_path": FOLDER, "read_only": True},
                    {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108 - a volume of the pod
                    {"name": "run", "mount_path": "/run"},
                ],
            }
        ],
        "volumes": [
            {"name": "pods", "host_path": {"path": SOCKETS, "type": "Directory"}},
            {"name": "fields", "config_map": {"name": APPLICATION}},
            {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}},
            {"name": "run", "empty_dir": {"size_limit": "64Mi"}},
        ],
    }

"""The node exporter: CPU, memory and disk of every node.

Owns the DaemonSet and its service account. It needs nothing of the node: `/proc/stat` and `/proc/meminfo` of any
container are the node's own, and a volume of its own is on the node's disk, so that the size of that file system is
the disk's. It therefore runs restricted, without a path, a process id or a network of the node.

Source: node_exporter, README.md ("Collectors", "Filtering enabled collectors"), collector/filesystem_common.go;
        Kubernetes documentation, "Volumes" (emptyDir).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core

from components.model import Model
from components.monitoring.exporter_settings import NodeExporterSettings
from components.monitoring.exporters import account, agent, daemon
from components.monitoring.pods import metadata
from components.scraping import scraped

NAMESPACE: Final = "kube-system"
APPLICATION: Final = "node-exporter"
PORT: Final = 9100
DISK: Final = "/node"
"""Where a volume on the node's disk is mounted: the label `mountpoint` of its series."""
COLLECTORS: Final = ("cpu", "filesystem", "meminfo")


class NodeExporterArgs(Model):
    """What it is made with."""

    settings: NodeExporterSettings = NodeExporterSettings()
    """What the stack file says."""


class NodeExporter(pulumi.ComponentResource):
    """The DaemonSet `node-exporter` in kube-system."""

    def __init__(self, name: str, args: NodeExporterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:NodeExporter", name, None, opts)
        own = core.ServiceAccount(
            f"{name}-account", **account(APPLICATION, NAMESPACE), opts=pulumi.ResourceOptions(parent=self)
        )
        apps.DaemonSet(
            f"{name}-daemon",
            metadata=metadata(APPLICATION, APPLICATION, NAMESPACE),
            spec=daemon(APPLICATION, scraped(PORT), pod_of(args.settings)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[own]),
        )
        self.register_outputs({})


def flags() -> list[str]:
    """Return the command line: those collectors, and of file systems the one on the node's disk."""
    return [
        f"--web.listen-address=:{PORT}",
        "--collector.disable-defaults",
        *(f"--collector.{collector}" for collector in COLLECTORS),
        f"--collector.filesystem.mount-points-include=^{DISK}$",
    ]


def pod_of(settings: NodeExporterSettings) -> Any:
    """Return the pod: on every node, whatever its taints."""
    pod = agent(APPLICATION, settings.image, flags(), port=PORT, health=("/", PORT), cpu="10m", memory="32Mi")
    (container,) = pod["containers"]
    container["volume_mounts"] = [{"name": "disk", "mount_path": DISK, "read_only": True}]
    return pod | {
        "priority_class_name": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "volumes": [{"name": "disk", "empty_dir": {"size_limit": "1Mi"}}],
    }

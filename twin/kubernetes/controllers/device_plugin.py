"""The NVIDIA device plugin: GPUs of a node are there once a pod of the plugin runs on it, and no sooner.

Its configuration is read as the real plugin reads it: a file from a ConfigMap (`--config-file`, CONFIG_FILE), else
flags and variables. Time-slicing multiplies the GPUs; MIG splits them, and with the strategy `mixed` renames them.
A node's GPUs are split as its user data did it when it started.

Source: github.com/NVIDIA/k8s-device-plugin, README; NVIDIA MIG user guide, "Supported MIG profiles".
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from twin.kubernetes import nodes as node_objects
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.drain import Pod, pods_of
from twin.kubernetes.instance_types import INSTANCE_TYPES
from twin.kubernetes.nodes import Node

GPU = "nvidia.com/gpu"
IMAGES = ("k8s-device-plugin", "nvidia-device-plugin")
"""In the repository's name of the plugin's image: nvcr.io/nvidia/k8s-device-plugin, and copies of it."""
PROFILES: Mapping[str, Mapping[str, int]] = {
    "p4d": {"1g.5gb": 7, "1g.10gb": 4, "2g.10gb": 3, "3g.20gb": 2, "4g.20gb": 1, "7g.40gb": 1},
    "p4de": {"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1},
    "p5": {"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1},
}
"""Parts of one GPU by profile, for the families whose GPUs can be split: A100 40 GB, A100 80 GB, H100."""
_log = logging.getLogger("twin.kubernetes.device_plugin")


@dataclass(frozen=True)
class Configuration:
    """What a device plugin was told."""

    mig_strategy: str = "none"
    """none, single or mixed."""
    replicas: Mapping[str, int] | None = None
    """Time-slicing: resource to number of replicas."""
    renamed: bool = False
    """Whether a shared resource is announced with the suffix `.shared`."""


class DevicePlugin:
    """See the module."""

    name = "device plugin"

    def reconcile(self, world: World) -> None:
        """See Controller."""
        nodes = [node for node in world.api.list("v1", "Node") if gpus_of(node)]
        if not nodes:
            return
        plugins = [pod for pod in world.api.list("v1", "Pod") if is_plugin(pod)]
        for node in nodes:
            here = [pod for pod in pods_of(plugins, node) if pod.get("status", {}).get("phase") == "Running"]
            wanted = resources(node, _configuration(world.api, here[0])) if here else {}
            _announce(world.api, node, wanted)


def gpus_of(node: Node) -> int:
    """GPUs in the instance."""
    kind = INSTANCE_TYPES.get(node["metadata"].get("labels", {}).get(node_objects.TYPE, ""))
    return kind.gpus if kind else 0


def is_plugin(pod: Pod) -> bool:
    """Whether this is a DaemonSet's pod with the image of NVIDIA's device plugin."""
    owners = pod["metadata"].get("ownerReferences", ())
    return any(owner["kind"] == "DaemonSet" for owner in owners) and _container(pod) is not None


def resources(node: Node, configuration: Configuration) -> dict[str, int]:
    """What the plugin announces on a node."""
    gpus = gpus_of(node)
    labels = node["metadata"]["labels"]
    profile = node["metadata"].get("annotations", {}).get(node_objects.MIG_PROFILE, "")
    parts = PROFILES.get(labels[node_objects.TYPE].partition(".")[0], {}).get(profile)
    if parts is None or configuration.mig_strategy == "none":
        found = {GPU: gpus}
    elif configuration.mig_strategy == "single":
        found = {GPU: gpus * parts}
    else:
        found = {f"nvidia.com/mig-{profile}": gpus * parts}
    shared = configuration.replicas or {}
    suffix = ".shared" if configuration.renamed else ""
    return {name + (suffix if name in shared else ""): count * shared.get(name, 1) for name, count in found.items()}


def configuration_of(container: Mapping[str, Any], file: str | None) -> Configuration:
    """What a container of the plugin was told: by its file, which comes first, its flags and its variables."""
    given = yaml.safe_load(file) if file else {}
    slicing = given.get("sharing", {}).get("timeSlicing", {})
    strategy = given.get("flags", {}).get("migStrategy") or option(container, "mig-strategy", "MIG_STRATEGY") or "none"
    return Configuration(
        mig_strategy=strategy,
        replicas={one["name"]: int(one["replicas"]) for one in slicing.get("resources", ())},
        renamed=bool(slicing.get("renameByDefault")),
    )


def option(container: Mapping[str, Any], flag: str, variable: str) -> str | None:
    """A flag of a container's command line, written either way, else an environment variable."""
    words = [*container.get("command", ()), *container.get("args", ())]
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == f"--{flag}":
            return value if equals else next(iter(words[index + 1 :]), None)
    return next((one.get("value") for one in container.get("env", ()) if one["name"] == variable), None)


def _container(pod: Pod) -> Mapping[str, Any] | None:
    containers: Sequence[Mapping[str, Any]] = pod["spec"]["containers"]
    return next((one for one in containers if any(name in one["image"] for name in IMAGES)), None)


def _configuration(api: Client, pod: Pod) -> Configuration:
    container = _container(pod) or {}
    path = option(container, "config-file", "CONFIG_FILE")
    return configuration_of(container, _file(api, pod, container, PurePosixPath(path)) if path else None)


def _file(api: Client, pod: Pod, container: Mapping[str, Any], path: PurePosixPath) -> str | None:
    """A file that a ConfigMap puts into the container; None where there is no such file."""
    mounts = {one["name"]: PurePosixPath(one["mountPath"]) for one in container.get("volumeMounts", ())}
    for volume in pod["spec"].get("volumes", ()):
        if "configMap" not in volume or mounts.get(volume["name"]) != path.parent:
            continue
        held = api.get("v1", "ConfigMap", volume["configMap"]["name"], pod["metadata"]["namespace"]) or {}
        keys = {item["path"]: item["key"] for item in volume["configMap"].get("items", ())}
        found: str | None = held.get("data", {}).get(keys.get(path.name, path.name))
        return found
    return None


def _announce(api: Client, node: Node, wanted: Mapping[str, int]) -> None:
    """Put the resources into the node's status. What is no longer announced stays there with 0, as in kubelet."""
    held = node["status"].get("capacity", {})
    gone = {name: "0" for name in held if name.startswith("nvidia.com/") and name not in wanted}
    change = {name: str(count) for name, count in wanted.items()} | gone
    if all(held.get(name) == value for name, value in change.items()):
        return
    name = node["metadata"]["name"]
    api.patch("v1", "Node", name, None, {"status": {"capacity": change, "allocatable": change}}, subresource="status")
    _log.info("node %s announces %s", name, change)

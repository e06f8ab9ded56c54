"""What settings take for the room on a GPU node is there: beside kubelet, and beside everything that runs on it."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from components.compute.accelerators import GPU_INSTANCES
from components.compute.room import AGENTS_MIB, AGENTS_MILLICORES, room
from tests.support.program import recorded
from twin.kubernetes.controllers.addon_manifests import manifests
from twin.kubernetes.instance_types import instance_type
from twin.kubernetes.quantities import quantity

GPU_TAINT = "nvidia.com/gpu"
GIB = 2**30


@pytest.mark.parametrize("name", GPU_INSTANCES)
def test_a_node_has_what_its_agents_and_the_largest_job_ask_for(name: str) -> None:
    machine = GPU_INSTANCES[name]
    largest = room(machine.vcpus, machine.memory_gib, machine.nvme_gb)
    offered = instance_type(name).allocatable(volume_gib=machine.nvme_gb * 10**9 // GIB)
    assert largest.cpu + AGENTS_MILLICORES / 1000 <= quantity(offered["cpu"])
    assert largest.memory_gib * GIB + AGENTS_MIB * 2**20 <= quantity(offered["memory"])
    assert largest.disk_gib * GIB <= quantity(offered["ephemeral-storage"])
    assert largest.cpu >= machine.vcpus - 2, "a reserve that takes much more than it has to"
    assert largest.memory_gib >= machine.memory_gib * 0.75


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_agents_of_a_gpu_node_ask_for_no_more_than_is_kept_for_them(environment: str) -> None:
    asked = {daemon["metadata"]["name"]: requests(pod_of(daemon)) for daemon in on_gpu_nodes(environment)}
    assert {"aws-node", "kube-proxy", "ebs-csi-node", "nvidia-device-plugin-training"} <= set(asked)
    assert sum(cpu for cpu, _ in asked.values()) * 1000 <= AGENTS_MILLICORES, asked
    assert sum(memory for _, memory in asked.values()) <= AGENTS_MIB * 2**20, asked


def on_gpu_nodes(environment: str) -> list[Mapping[str, Any]]:
    """Every DaemonSet of the program and of its add-ons whose pods land on GPU nodes, the system pool's left out."""
    recorder = recorded(environment)
    addons = [made.inputs for made in recorder.of_type("aws:eks/addon:Addon")]
    made = [made.inputs for made in recorder.of_type("kubernetes:apps/v1:DaemonSet")]
    for addon in addons:
        made += manifests(addon, "eu-west-1", "172.20.0.10")
    return [one for one in made if one["kind"] == "DaemonSet" and lands(pod_of(one))]


def lands(pod: Mapping[str, Any]) -> bool:
    tolerated = [one for one in pod.get("tolerations", ()) if one.get("key") in (None, GPU_TAINT)]
    return bool(tolerated) and pod.get("nodeSelector", {}).get("groundwork.io/node-pool", "training") == "training"


def pod_of(daemon: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = daemon["spec"]["template"]["spec"]
    return found


def requests(pod: Mapping[str, Any]) -> tuple[float, float]:
    """Cores and bytes: containers together, or the init container that asks for most."""
    return (of_pod(pod, "cpu"), of_pod(pod, "memory"))


def of_pod(pod: Mapping[str, Any], resource: str) -> float:
    return max(sum(asked(pod["containers"], resource)), *asked(pod.get("initContainers", ()), resource), 0)


def asked(containers: Iterable[Mapping[str, Any]], resource: str) -> list[float]:
    return [float(quantity(one.get("resources", {}).get("requests", {}).get(resource, "0"))) for one in containers]

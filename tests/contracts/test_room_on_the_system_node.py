"""What dev costs while nobody uses it is one node of the system pool: everything that always runs has to fit on it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.program import recorded
from tests.support.stack_files import written
from twin.kubernetes.controllers.addon_manifests import manifests
from twin.kubernetes.instance_types import instance_type
from twin.kubernetes.quantities import quantity

KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def workloads() -> Iterator[Mapping[str, Any]]:
    """Give what the program and its add-ons run in dev."""
    recorder = recorded("dev")
    for kind in KINDS:
        yield from (made.inputs | {"kind": kind} for made in recorder.of_type(f"kubernetes:apps/v1:{kind}"))
    for addon in recorder.of_type("aws:eks/addon:Addon"):
        yield from (one for one in manifests(addon.inputs, "eu-west-1", "172.20.0.10") if one["kind"] in KINDS)


def asked(workload: Mapping[str, Any], resource: str) -> float:
    """Return what its pods on one node ask for together; sidecars count as containers do."""
    pod = workload["spec"]["template"]["spec"]
    sidecars = [one for one in pod.get("initContainers", ()) if one.get("restartPolicy") == "Always"]
    each = sum(
        float(quantity(one.get("resources", {}).get("requests", {}).get(resource, "0")))
        for one in [*pod["containers"], *sidecars]
    )
    return each if workload["kind"] == "DaemonSet" else each * workload["spec"].get("replicas", 1)


def on_the_system_pool(workload: Mapping[str, Any]) -> bool:
    return "nvidia.com/gpu.present" not in workload["spec"]["template"]["spec"].get("nodeSelector", {})


def test_one_node_of_the_system_pool_holds_all_that_always_runs_in_dev() -> None:
    pool = written("dev")["node_pools"]["system"]
    (machine,) = pool["instance_types"]
    assert pool["min_size"] == 1
    offered = instance_type(machine).allocatable(pool["volume_size_gib"])
    running = [workload for workload in workloads() if on_the_system_pool(workload)]
    assert {"prometheus", "tracking-server", "coredns"} <= {one["metadata"]["name"] for one in running}
    for resource in ("cpu", "memory"):
        total = sum(asked(workload, resource) for workload in running)
        assert total <= quantity(offered[resource]), {one["metadata"]["name"]: asked(one, resource) for one in running}

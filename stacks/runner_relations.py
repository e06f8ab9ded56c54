"""What pools of runners demand of other settings. `stacks.relations` lists these with the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from components.security.workload_identity import PodIdentityTrust
from stacks.problems import Problem

if TYPE_CHECKING:
    from stacks.settings import StackSettings


def component_name(pool: str) -> str:
    """Return what the component of a pool is called; and its namespace, where its runners are pods."""
    return f"runners-{pool}"


def connections_are_of_the_environment(settings: StackSettings, _: str) -> Iterable[Problem]:
    """AWS CodeBuild user guide: a project uses connections of its own account and region."""
    for name, pool in settings.runners.items():
        path, arn = ("runners", name, "connection_arn"), getattr(pool, "connection_arn", None)
        if arn is None:
            continue
        region, account = arn.split(":")[3:5]
        if region != settings.region:
            yield Problem(path=path, value=arn, what=f"it is in {region}, and the environment in {settings.region}")
        if account != settings.account_id:
            yield Problem(path=path, value=arn, what=f"it is of account {account}, not of {settings.account_id}")


def runners_need_no_public_endpoint(settings: StackSettings, _: str) -> Iterable[Problem]:
    """What keeps an endpoint public is most often a pipeline that runs outside; with runners inside nothing does."""
    ranges = settings.cluster.public_access_cidrs
    if settings.runners and ranges:
        yield Problem(
            path=("cluster", "public_access_cidrs"),
            value=[str(cidr) for cidr in ranges],
            what=f"there are runners ({', '.join(settings.runners)}), which reach the private endpoint from inside: "
            "leave the ranges out, or the runners for as long as the ranges are needed",
        )


def jobs_find_a_node(settings: StackSettings, _: str) -> Iterable[Problem]:
    """A pod that no node of its pool could ever hold waits for ever, and its job with it."""
    for name, pool in settings.runners.items():
        wanted = getattr(pool, "node_pool", None)
        if wanted is None:
            continue
        nodes = settings.gpu_node_pools.get(wanted)
        if nodes is None:
            known = ", ".join(sorted(settings.gpu_node_pools)) or "none"
            yield Problem(
                path=("runners", name, "node_pool"),
                value=wanted,
                what=f"it is none of the pools of gpu_node_pools: {known}",
            )
            continue
        room, machines = nodes.room_of_a_node, " or ".join(nodes.instance_types)
        for field, most in (
            ("gpus", nodes.gpus_of_a_node),
            ("cpu", room.cpu),
            ("memory_gib", room.memory_gib),
            ("work_gib", room.disk_gib),
        ):
            if (asked := getattr(pool, field, 0)) > most:
                yield Problem(
                    path=("runners", name, field),
                    value=asked,
                    what=f"a node of {wanted} ({machines}) leaves {most} to a job: no node could ever hold this one",
                )


def namespaces_are_the_pools_own(settings: StackSettings, _: str) -> Iterable[Problem]:
    """In the namespace of a pool is the key of its GitHub App, for its controller alone."""
    taken = {component_name(name) for name in settings.runners}
    for name, workload in settings.workloads.items():
        if isinstance(workload.trust, PodIdentityTrust) and workload.trust.namespace in taken:
            yield Problem(
                path=("workloads", name, "trust", "namespace"),
                value=workload.trust.namespace,
                what="it is the namespace of a pool of runners: a workload has one of its own",
            )

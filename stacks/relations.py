"""What one part of the settings demands of another: data first, so that all of it can be read on one page.

Security is the same in every environment and is not a setting. Production is also redundant and hard to delete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from components.cluster.access import key_of
from components.cluster.versions import OLDEST_NODES, minor
from components.naming import cluster_name
from components.security.encryption_keys import DEFAULT_USES
from components.security.workload_identity import PodIdentityTrust
from stacks.alarm_relations import (
    credits_are_of_burstable_classes,
    production_tells_somebody,
    storage_has_grown_before_somebody_is_told,
)
from stacks.monitoring_relations import (
    alarms_find_their_way,
    its_namespace_is_its_own,
    pods_reach_cloudwatch,
    production_is_watched_without_a_pause,
    what_shows_metrics_has_them,
)
from stacks.problems import Problem
from stacks.registry_relations import (
    certificate_is_of_the_environment,
    images_are_let_in,
    names_of_the_server_are_its_own,
    pods_reach_aws,
    production_serves_without_a_pause,
    teams_are_workspaces,
)
from stacks.runner_relations import (
    connections_are_of_the_environment,
    jobs_find_a_node,
    namespaces_are_the_pools_own,
    runners_need_no_public_endpoint,
)
from stacks.search_relations import (
    its_job_has_a_namespace,
    its_nodes_go_evenly_into_zones,
    production_can_be_searched_without_a_zone,
)
from stacks.store_roles import STORE_KEYS
from stacks.team_relations import (
    gpus_come_from_a_pool,
    namespaces_are_the_workloads_own,
    people_are_of_the_account,
    team_names_are_free,
)

if TYPE_CHECKING:
    from stacks.settings import StackSettings

PRODUCTION = "prod"
SYSTEM_POOL = "system"
"""The pool that the cluster's own parts run on."""


@dataclass(frozen=True)
class Relation:
    """A demand on several settings, checked whenever each of them is valid by itself."""

    reads: frozenset[str]
    """The top-level settings that it reads."""
    broken: Callable[[StackSettings, str], Iterable[Problem]]
    """Takes the settings and the stack's name; yields a problem for each setting that does not meet the demand."""


def _environment_is_the_stack(settings: StackSettings, stack: str) -> Iterable[Problem]:
    if settings.environment != stack:
        yield Problem(
            path=("environment",),
            value=settings.environment,
            what=f"this is the file of stack {stack}: two environments of one name would overwrite each other",
        )


def _zones_are_of_the_region(settings: StackSettings, _: str) -> Iterable[Problem]:
    for position, zone in enumerate(settings.zones):
        if zone[:-1] != settings.region:
            yield Problem(path=("zones", position), value=zone, what=f"it is no zone of {settings.region}")
        elif zone in settings.zones[:position]:
            yield Problem(path=("zones", position), value=zone, what="it is there twice")


def _endpoints_are_in_the_zones(settings: StackSettings, _: str) -> Iterable[Problem]:
    wanted = settings.network.interface_endpoint_zones or ()
    for position, zone in enumerate(wanted):
        path = ("network", "interface_endpoint_zones", position)
        if zone not in settings.zones:
            yield Problem(path=path, value=zone, what="it is no zone of the environment")
        elif zone in wanted[:position]:
            yield Problem(path=path, value=zone, what="it is there twice")


def _replicas_are_elsewhere(settings: StackSettings, _: str) -> Iterable[Problem]:
    for name, store in settings.stores:
        if store.replica_region == settings.region:
            yield Problem(
                path=("stores", name, "replica_region"),
                value=store.replica_region,
                what="it is the environment's own region, with which the copy would be lost",
            )


def _audit_is_locked(settings: StackSettings, _: str) -> Iterable[Problem]:
    if settings.stores.audit.object_lock is None:
        yield Problem(
            path=("stores", "audit", "object_lock"), what="it is missing: a trail that can be deleted proves nothing"
        )


def _access_logs_are_not_locked(settings: StackSettings, _: str) -> Iterable[Problem]:
    """S3 user guide, "Enabling Amazon S3 server access logging": no log is delivered into a bucket with Object Lock."""
    if settings.stores.access_logs.object_lock is not None:
        yield Problem(
            path=("stores", "access_logs", "object_lock"),
            value=settings.stores.access_logs.object_lock.model_dump(),
            what="S3 delivers no access logs into a bucket with an object lock: leave it out",
        )


def _keys_cover_their_uses(settings: StackSettings, _: str) -> Iterable[Problem]:
    for key_name, needed in DEFAULT_USES.items():
        uses = settings.keys.uses.get(key_name, ())
        if missing := sorted(set(needed) - set(uses)):
            yield Problem(
                path=("keys", "uses", key_name.value),
                value=list(uses),
                what=f"{', '.join(missing)} must be here too: the platform keeps such data under that key",
            )


def _pools_fit_the_cluster(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Kubernetes, "Version skew policy": nodes are never ahead of the control plane, nor more than three behind."""
    ahead = minor(settings.cluster.version)
    for kind, pools in (("node_pools", settings.node_pools), ("gpu_node_pools", settings.gpu_node_pools)):
        for name, pool in pools.items():
            path = (kind, name)
            for position, zone in enumerate(pool.zones or ()):
                if zone not in settings.zones:
                    yield Problem(path=(*path, "zones", position), value=zone, what="it is no zone of the environment")
            behind = ahead - minor(pool.version or settings.cluster.version)
            if not 0 <= behind <= OLDEST_NODES:
                yield Problem(
                    path=(*path, "version"),
                    value=pool.version,
                    what=f"nodes of a {settings.cluster.version} cluster have "
                    f"1.{ahead - OLDEST_NODES} to {settings.cluster.version}",
                )


def _system_pool_is_there(settings: StackSettings, _: str) -> Iterable[Problem]:
    system = settings.node_pools.get(SYSTEM_POOL)
    if system is None:
        yield Problem(
            path=("node_pools",),
            value=sorted(settings.node_pools),
            what=f"{SYSTEM_POOL} must be there too: the cluster's own parts run on it",
        )
    elif system.min_size == 0:
        yield Problem(
            path=("node_pools", SYSTEM_POOL, "min_size"),
            value=system.min_size,
            what="it must be at least 1: name resolution and the autoscaler itself run on this pool",
        )
    for name in sorted(settings.node_pools.keys() & settings.gpu_node_pools.keys()):
        yield Problem(path=("gpu_node_pools", name), value=name, what="a pool of node_pools has this name")


def _administrators_are_named_once(settings: StackSettings, _: str) -> Iterable[Problem]:
    names = [key_of(arn) for arn in settings.cluster.administrators]
    for position, (name, arn) in enumerate(zip(names, settings.cluster.administrators, strict=True)):
        if name in names[:position]:
            yield Problem(path=("cluster", "administrators", position), value=arn, what=f"{name} is there twice")


def _services_are_apart_from_the_network(settings: StackSettings, _: str) -> Iterable[Problem]:
    if settings.cluster.service_cidr.overlaps(settings.network.cidr):
        yield Problem(
            path=("cluster", "service_cidr"),
            value=str(settings.cluster.service_cidr),
            what=f"it overlaps the VPC's {settings.network.cidr}: nodes would not be reached",
        )


def _pods_are_of_the_cluster(settings: StackSettings, stack: str) -> Iterable[Problem]:
    ours = cluster_name(stack)
    for name, workload in settings.workloads.items():
        if isinstance(workload.trust, PodIdentityTrust) and workload.trust.cluster_name != ours:
            yield Problem(
                path=("workloads", name, "trust", "cluster_name"),
                value=workload.trust.cluster_name,
                what=f"the environment's cluster is {ours}: no pod elsewhere could take the role",
            )


# What production must have, beside the security that every environment has: the loss of a zone does not stop it, and
# one mistake does not delete it.
PRODUCTION_NEEDS: tuple[tuple[tuple[str, ...], object, str], ...] = (
    (("network", "nat"), "per_zone", "one gateway would take every zone down with its own"),
    (("network", "interface_endpoint_zones"), None, "the loss of one zone would cut the others off from AWS"),
    (("keys", "protect"), True, "what they encrypted is lost with them"),
    *((("stores", store, "protect"), True, "it holds data") for store in STORE_KEYS),
    *((("stores", store, "force_destroy"), False, "it holds data") for store in STORE_KEYS),
    (("container_registry", "protect"), True, "it holds the images that run"),
    (("container_registry", "force_delete"), False, "it holds the images that run"),
    (("database", "multi_az"), True, "without a standby, the loss of a zone stops the registry"),
    (("database", "protect"), True, "it holds data"),
    (("database", "final_snapshot"), True, "it holds data"),
    (("secrets", "protect"), True, "whoever signs in with them is shut out without them"),
    (("cluster", "protect"), True, "all that runs in it would go with it"),
    (("volumes", "reclaim_policy"), "Retain", "they hold data"),
    (("audit_trail", "protect"), True, "it proves who did what"),
)


def _production_lasts(settings: StackSettings, stack: str) -> Iterable[Problem]:
    for path, needed, why in PRODUCTION_NEEDS if settings.environment == stack == PRODUCTION else ():
        value = reduce(getattr, path, settings)
        if value != needed:
            yield Problem(path=path, value=value, what=f"{PRODUCTION} needs {json.dumps(needed)}: {why}")


RELATIONS = (
    Relation(frozenset({"environment"}), _environment_is_the_stack),
    Relation(frozenset({"region", "zones"}), _zones_are_of_the_region),
    Relation(frozenset({"zones", "network"}), _endpoints_are_in_the_zones),
    Relation(frozenset({"region", "stores"}), _replicas_are_elsewhere),
    Relation(frozenset({"stores"}), _audit_is_locked),
    Relation(frozenset({"stores"}), _access_logs_are_not_locked),
    Relation(frozenset({"keys"}), _keys_cover_their_uses),
    Relation(frozenset({"zones", "cluster", "node_pools", "gpu_node_pools"}), _pools_fit_the_cluster),
    Relation(frozenset({"node_pools", "gpu_node_pools"}), _system_pool_is_there),
    Relation(frozenset({"cluster"}), _administrators_are_named_once),
    Relation(frozenset({"cluster", "network"}), _services_are_apart_from_the_network),
    Relation(frozenset({"workloads"}), _pods_are_of_the_cluster),
    Relation(frozenset({"account_id", "region", "runners"}), connections_are_of_the_environment),
    Relation(frozenset({"gpu_node_pools", "runners"}), jobs_find_a_node),
    Relation(frozenset({"cluster", "runners"}), runners_need_no_public_endpoint),
    Relation(frozenset({"runners", "workloads"}), namespaces_are_the_pools_own),
    Relation(frozenset({"account_id", "people", "teams"}), people_are_of_the_account),
    Relation(frozenset({"teams"}), team_names_are_free),
    Relation(frozenset({"teams", "workloads"}), namespaces_are_the_workloads_own),
    Relation(frozenset({"gpu_node_pools", "teams"}), gpus_come_from_a_pool),
    Relation(frozenset({"teams", "tracking_server"}), teams_are_workspaces),
    Relation(frozenset({"region", "network", "namespaces", "tracking_server"}), pods_reach_aws),
    Relation(
        frozenset(
            {
                "account_id",
                "region",
                "environment",
                "admission",
                "container_registry",
                "runners",
                "tracking_server",
                "tensorboard",
                "monitoring",
            }
        ),
        images_are_let_in,
    ),
    Relation(frozenset({"account_id", "region", "tracking_server"}), certificate_is_of_the_environment),
    Relation(frozenset({"tracking_server", "workloads"}), names_of_the_server_are_its_own),
    Relation(frozenset({"environment", "tracking_server"}), production_serves_without_a_pause),
    Relation(frozenset({"network", "monitoring"}), pods_reach_cloudwatch),
    Relation(frozenset({"monitoring"}), what_shows_metrics_has_them),
    Relation(frozenset({"monitoring"}), its_job_has_a_namespace),
    Relation(frozenset({"zones", "monitoring"}), its_nodes_go_evenly_into_zones),
    Relation(frozenset({"environment", "zones", "monitoring"}), production_can_be_searched_without_a_zone),
    Relation(frozenset({"monitoring", "network"}), alarms_find_their_way),
    Relation(frozenset({"monitoring", "workloads"}), its_namespace_is_its_own),
    Relation(frozenset({"environment", "monitoring"}), production_is_watched_without_a_pause),
    Relation(frozenset({"database", "monitoring"}), credits_are_of_burstable_classes),
    Relation(frozenset({"database", "monitoring"}), storage_has_grown_before_somebody_is_told),
    Relation(frozenset({"environment", "monitoring"}), production_tells_somebody),
    Relation(frozenset({"environment", *(path[0] for path, _, _ in PRODUCTION_NEEDS)}), _production_lasts),
)

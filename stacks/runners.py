"""The layer of runners: the pools that jobs of a pipeline run on."""

from collections.abc import Mapping

import pulumi

from components.naming import cluster_name
from components.runners.place import CacheStore, ClusterPlace, RunnerPlace
from components.runners.runner_kinds import RunnerKinds, RunnerKindsArgs
from components.runners.runner_pool import RunnerPool, RunnerPoolArgs
from components.tags import DataClass
from stacks.cluster import PREVIEW_GROUP, Kubernetes
from stacks.foundation import Foundation
from stacks.inside import Inside, egress_ranges
from stacks.runner_relations import component_name
from stacks.settings import StackSettings
from stacks.store_names import store_bucket_name
from stacks.store_roles import STORE_KEYS

CACHES = "artifacts"
"""The store that keeps the caches of pools."""


def build_runners(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, inside: Inside
) -> Mapping[str, RunnerPool]:
    """Make the pools, by name, after what those of one kind share."""
    if not settings.runners:
        return {}
    place = _place(settings, foundation, kubernetes, inside.before)
    kinds = RunnerKinds(
        "runner-kinds",
        RunnerKindsArgs(kinds=tuple(pool.kind for pool in settings.runners.values()), place=place),
        kubernetes.opts,
    )
    pools_place = _place(settings, foundation, kubernetes, (*inside.before, kinds))
    return {
        name: RunnerPool(component_name(name), RunnerPoolArgs(settings=pool, place=pools_place), kubernetes.opts)
        for name, pool in settings.runners.items()
    }


def _place(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, after: tuple[pulumi.Resource, ...]
) -> RunnerPlace:
    return RunnerPlace(
        account_id=settings.account_id,
        region=settings.region,
        environment=settings.environment,
        vpc_id=foundation.network.vpc_id,
        subnet_ids=tuple(foundation.network.private_subnet_ids),
        boundary_arn=foundation.boundary.arn,
        key_arn=foundation.keys[STORE_KEYS[CACHES]].arn,
        logs_key_arn=foundation.keys[DataClass.INTERNAL].arn,
        cache=CacheStore(bucket_name=store_bucket_name(settings, CACHES), key_name=STORE_KEYS[CACHES]),
        cluster=ClusterPlace(
            known_cluster_name=cluster_name(settings.environment),
            cluster_name=kubernetes.cluster_name,
            vpc_cidr=foundation.network.vpc_cidr,
            api_server_address=str(settings.cluster.service_cidr[1]),
            egress_ranges=egress_ranges(settings),
            preview_group=PREVIEW_GROUP,
            secrets=settings.secrets,
            secrets_key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,
            after=after,
        ),
    )

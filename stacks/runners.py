"""The layer of runners: the pools that jobs of a pipeline run on."""

from collections.abc import Mapping

from components.runners.place import CacheStore, RunnerPlace
from components.runners.runner_pool import RunnerPool, RunnerPoolArgs
from components.tags import DataClass
from stacks.foundation import Foundation
from stacks.settings import StackSettings
from stacks.store_names import store_bucket_name
from stacks.store_roles import STORE_KEYS

CACHES = "artifacts"
"""The store that keeps the caches of pools."""


def build_runners(settings: StackSettings, foundation: Foundation) -> Mapping[str, RunnerPool]:
    """Make the pools, by name."""
    place = RunnerPlace(
        account_id=settings.account_id,
        region=settings.region,
        environment=settings.environment,
        vpc_id=foundation.network.vpc_id,
        subnet_ids=tuple(foundation.network.private_subnet_ids),
        boundary_arn=foundation.boundary.arn,
        key_arn=foundation.keys[STORE_KEYS[CACHES]].arn,
        logs_key_arn=foundation.keys[DataClass.INTERNAL].arn,
        cache=CacheStore(bucket_name=store_bucket_name(settings, CACHES), key_name=STORE_KEYS[CACHES]),
    )
    return {
        name: RunnerPool(component_name(name), RunnerPoolArgs(settings=pool, place=place), foundation.opts)
        for name, pool in settings.runners.items()
    }


def component_name(pool: str) -> str:
    """Return what the component of a pool is called."""
    return f"runners-{pool}"

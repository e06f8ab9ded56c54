"""The layer that everything else stands on: the provider, the limits of every role, the keys, the network."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws.provider import Provider

from components.cost.monthly_budget import MonthlyBudget, MonthlyBudgetArgs
from components.monitoring.alarms import Alarms
from components.network.network import Network, NetworkArgs
from components.security.encryption_keys import (
    DataKey,
    EncryptionKeys,
    EncryptionKeysArgs,
    EncryptionKeysSettings,
)
from components.security.key_policy import KeyUse
from components.security.permissions_boundary import PermissionsBoundary, PermissionsBoundaryArgs
from components.tags import DataClass, KeyName, default_tags
from stacks.alarms import build_alarms
from stacks.search_relations import search_of
from stacks.settings import StackSettings
from stacks.store_roles import ACCESS_LOG_KEY, STORE_KEYS


@dataclass(frozen=True)
class Foundation:
    """What the other layers are wired to."""

    provider: Provider
    """The one provider of AWS, which refuses any other account."""
    opts: pulumi.ResourceOptions
    """For every component: that provider."""
    boundary: PermissionsBoundary
    keys: Mapping[KeyName, DataKey]
    replica_keys: Mapping[str, Mapping[KeyName, DataKey]]
    """The keys of replicas, by region."""
    alarms: Alarms
    """Whom everything else tells."""
    network: Network


def build_foundation(settings: StackSettings) -> Foundation:
    """Make the provider and the components that need nothing of others."""
    provider = Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id],
        default_tags={
            "tags": default_tags(
                environment=settings.environment,
                owner=settings.owner,
                cost_centre=settings.cost_centre,
                system_id=settings.system_id,
            )
        },
    )
    opts = pulumi.ResourceOptions(providers=[provider])
    boundary = PermissionsBoundary(
        "boundary",
        PermissionsBoundaryArgs(
            account_id=settings.account_id, region=settings.region, environment=settings.environment
        ),
        opts,
    )
    keys = _keys("keys", settings, _with_search(settings), settings.region, opts)
    alarms = build_alarms(settings, keys[DataClass.CONFIDENTIAL], boundary, opts)
    MonthlyBudget(
        "budget",
        MonthlyBudgetArgs(settings=settings.budget, environment=settings.environment, topic_arn=alarms.topic_arn),
        opts,
    )
    replica_keys = {
        region: _keys(f"replica-keys-{region}", settings, replicas, region, opts)
        for region, replicas in _replicas(settings).items()
    }
    network = Network(
        "network",
        NetworkArgs(
            settings=settings.network,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            zones=settings.zones,
            logs_key_arn=keys[DataClass.INTERNAL].arn,
            boundary_arn=boundary.arn,
        ),
        opts,
    )
    return Foundation(provider, opts, boundary, keys, replica_keys, alarms, network)


def _keys(
    name: str, settings: StackSettings, what: EncryptionKeysSettings, region: str, opts: pulumi.ResourceOptions
) -> Mapping[KeyName, DataKey]:
    args = EncryptionKeysArgs(
        settings=what, account_id=settings.account_id, region=region, environment=settings.environment
    )
    return EncryptionKeys(name, args, opts).keys


def _with_search(settings: StackSettings) -> EncryptionKeysSettings:
    """Return the settings of keys; the key of a search domain's class is also used by it, and only if there is one."""
    search, uses = search_of(settings), settings.keys.uses
    if search is None:
        return settings.keys
    added = (*uses.get(search.data_class, ()), KeyUse.SEARCH_DOMAINS)
    return settings.keys.model_copy(update={"uses": {**uses, search.data_class: added}})


def _replicas(settings: StackSettings) -> dict[str, EncryptionKeysSettings]:
    """Return the keys that each region with a replica needs: one for each key of a store kept there, and the log's."""
    keys: dict[str, set[KeyName]] = {}
    for name, store in settings.stores:
        if store.replica_region is not None:
            keys.setdefault(store.replica_region, set()).add(STORE_KEYS[name])
    return {
        region: EncryptionKeysSettings(
            uses=dict.fromkeys(sorted(found), (KeyUse.OBJECTS,))
            | {ACCESS_LOG_KEY: (KeyUse.ACCESS_LOGS, KeyUse.OBJECTS)},
            rotation_period_in_days=settings.keys.rotation_period_in_days,
            protect=settings.keys.protect,
        )
        for region, found in sorted(keys.items())
    }

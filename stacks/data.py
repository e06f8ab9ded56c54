"""The layer that keeps data: object stores, container images, the registry's database, the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.policy_document import Statement
from components.registry.data_versioning import DataVersioning, DataVersioningArgs
from components.registry.database import RegistryDatabase, RegistryDatabaseArgs
from components.security.audit_log_copy import AuditLogCopy, AuditLogCopyArgs
from components.security.audit_trail import AuditTrail, AuditTrailArgs, trail_delivery
from components.storage.backups import Backups, BackupsArgs, plan_name
from components.storage.container_registry import ContainerRegistry, ContainerRegistryArgs
from components.storage.object_store import ObjectStore, ObjectStoreArgs, Replica
from components.tags import DataClass
from components.teams.personas import OWN
from stacks.alarms import KUBERNETES_AUDIT
from stacks.cluster import Kubernetes
from stacks.foundation import Foundation
from stacks.settings import StackSettings, Traced
from stacks.store_names import replica_bucket_name, store_bucket_name, store_role
from stacks.store_roles import ACCESS_LOG_KEY, DATA_STORES, STORE_KEYS

TRAIL = "audit-trail"
DATABASE = "registry"
BACKUPS = "backups"
DVC = "dvc"


@dataclass(frozen=True)
class Data:
    """The components that hold data."""

    stores: Mapping[str, ObjectStore]
    """By the name that the settings give them, but for the DVC remote."""
    data_versioning: DataVersioning
    images: ContainerRegistry
    database: RegistryDatabase
    backups: Backups
    trail: AuditTrail


def build_data(settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes) -> Data:
    """Make what holds data, each part with the key of its data class."""
    access_logs = {
        region: _access_logs(settings, foundation, region) for region in (settings.region, *foundation.replica_keys)
    }
    others = {
        name: _store(name, settings, foundation, access_logs)
        for name, _ in settings.stores
        if name not in ("access_logs", DVC)
    }
    data_versioning = _data_versioning(settings, foundation, access_logs)
    images = ContainerRegistry(
        "images",
        ContainerRegistryArgs(
            settings=settings.container_registry,
            environment=settings.environment,
            key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,
        ),
        foundation.opts,
    )
    database = RegistryDatabase(
        DATABASE,
        RegistryDatabaseArgs(
            settings=settings.database,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            vpc_id=foundation.network.vpc_id,
            subnet_ids=list(foundation.network.isolated_subnet_ids),
            key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,
            logs_key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,  # its logs quote statements, and so data
            boundary_arn=foundation.boundary.arn,
            client_security_group_ids={"cluster": kubernetes.cluster.security_group_id},
            backup_plan_name=plan_name(settings.environment, BACKUPS),
        ),
        foundation.opts,
    )
    backups = Backups(
        BACKUPS,
        BackupsArgs(
            settings=settings.backups,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,
            key_names=tuple(sorted({STORE_KEYS[name] for name in DATA_STORES})),
        ),
        foundation.opts,
    )
    trail = AuditTrail(
        TRAIL,
        AuditTrailArgs(
            settings=settings.audit_trail,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            key_arn=foundation.keys[DataClass.REGULATED].arn,
            bucket_name=others["audit"].bucket_name,
            data_event_bucket_names=_data_buckets(settings),
        ),
        foundation.opts,
    )
    AuditLogCopy(
        KUBERNETES_AUDIT,
        AuditLogCopyArgs(
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            key_arn=foundation.keys[DataClass.REGULATED].arn,
            log_group_name=kubernetes.cluster.log_group_name,
            bucket_name=others["audit"].bucket_name,
            known_bucket_name=store_bucket_name(settings, "audit"),
            log_retention_in_days=settings.cluster.log_retention_in_days,
        ),
        foundation.opts,
    )
    stores = {"access_logs": access_logs[settings.region]} | others
    return Data(stores, data_versioning, images, database, backups, trail)


def _access_logs(settings: StackSettings, foundation: Foundation, region: str) -> ObjectStore:
    """Make the store that gets the access logs of a region: S3 delivers them to no other."""
    at_home = region == settings.region
    keys = foundation.keys if at_home else foundation.replica_keys[region]
    return ObjectStore(
        store_role("access_logs") if at_home else f"{store_role('access_logs')}-{region}",
        ObjectStoreArgs(
            settings=settings.stores.access_logs,
            account_id=settings.account_id,
            region=region,
            environment=settings.environment,
            key_name=ACCESS_LOG_KEY,
            key_arn=keys[ACCESS_LOG_KEY].arn,
        ),
        foundation.opts,
    )


def _data_buckets(settings: StackSettings) -> tuple[str, ...]:
    """Return the names of the buckets with data sets and models, and of their replicas."""
    replicated = {name: store.replica_region for name, store in settings.stores if store.replica_region}
    return (
        *(store_bucket_name(settings, name) for name in DATA_STORES),
        *(replica_bucket_name(settings, name, region) for name, region in replicated.items()),
    )


def _store(
    name: str, settings: StackSettings, foundation: Foundation, access_logs: Mapping[str, ObjectStore]
) -> ObjectStore:
    return ObjectStore(
        store_role(name),
        ObjectStoreArgs(
            settings=getattr(settings.stores, name),
            statements=_service_writers(name, settings),
            **_wires(name, settings, foundation, access_logs),
        ),
        foundation.opts,
    )


def _data_versioning(
    settings: StackSettings, foundation: Foundation, access_logs: Mapping[str, ObjectStore]
) -> DataVersioning:
    return DataVersioning(
        store_role(DVC),
        DataVersioningArgs(
            settings=settings.stores.dvc,
            prefixes={team: OWN.format(team=team) for team in settings.teams},
            **_wires(DVC, settings, foundation, access_logs),
        ),
        foundation.opts,
    )


def _wires(
    name: str, settings: StackSettings, foundation: Foundation, access_logs: Mapping[str, ObjectStore]
) -> dict[str, Any]:
    """Return what every store but the one for access logs is wired to."""
    store, key_name = getattr(settings.stores, name), STORE_KEYS[name]
    replica = (
        Replica(
            region=store.replica_region,
            key_arn=foundation.replica_keys[store.replica_region][key_name].arn,
            access_log_bucket_name=access_logs[store.replica_region].bucket_name,
        )
        if store.replica_region
        else None
    )
    return {
        "account_id": settings.account_id,
        "region": settings.region,
        "environment": settings.environment,
        "key_name": key_name,
        "key_arn": foundation.keys[key_name].arn,
        "access_log_bucket_name": access_logs[settings.region].bucket_name,
        "replica": replica,
        "backup_plan_name": plan_name(settings.environment, BACKUPS) if name in DATA_STORES else None,
        "lineage": store.lineage if isinstance(store, Traced) else None,
        "boundary_arn": foundation.boundary.arn,
    }


def _service_writers(name: str, settings: StackSettings) -> tuple[Statement, ...]:
    """Return what lets an AWS service write to a store."""
    if name != "audit":
        return ()
    return trail_delivery(
        bucket_name=store_bucket_name(settings, name),
        account_id=settings.account_id,
        region=settings.region,
        environment=settings.environment,
        name=TRAIL,
    )

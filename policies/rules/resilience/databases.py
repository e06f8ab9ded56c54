"""RES-03 to RES-05: backups of databases, and what keeps them from being deleted."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.repair import put, switch_on, switch_on_again
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, is_true, not_true, require
from policies.tokens import aws

INSTANCE, CLUSTER = aws("rds/instance:Instance"), aws("rds/cluster:Cluster")
CLUSTER_INSTANCE = aws("rds/clusterInstance:ClusterInstance")
TABLE = aws("dynamodb/table:Table")


def _unless_a_replica(resource: Resource, findings: Findings) -> Findings:
    """Yield what is found in an instance that is not the replica of another one."""
    source = resource["replicateSourceDb"]
    if source.is_set:
        return
    found = list(findings)
    if source.unknown and any(isinstance(finding, Violation) for finding in found):
        yield Undecided(source.path, INSTANCE)
    else:
        yield from found


def _at_least(least: int, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


# RES-03: backups


def _has_backups(resource: Resource, settings: Settings) -> Findings:
    days = settings.database_backup_days
    what = "backups do not reach back far enough"
    reach = require(resource["backupRetentionPeriod"], lambda v: _at_least(days, v), what, f"{days} days or more")
    yield from _unless_a_replica(resource, reach)
    yield from is_true(resource["copyTagsToSnapshot"], "snapshots do not say whose data is in them")
    if settings.production:
        final = not_true(resource["skipFinalSnapshot"], "a deleted database leaves no snapshot")
        yield from _unless_a_replica(resource, final)


def _back_up(props: Any, settings: Settings) -> bool:
    def long_enough(days: Any) -> bool:
        # A whole number arrives as a float here, and true is one.
        return isinstance(days, int | float) and not isinstance(days, bool) and days >= settings.database_backup_days

    changed = switch_on(props, "copyTagsToSnapshot")
    if props.get("replicateSourceDb") in (None, ""):
        longer = put(props, "backupRetentionPeriod", settings.database_backup_days, unless=long_enough)
        return longer or changed
    return changed


# RES-04: deletion, minor versions, zones


def _survives(resource: Resource, settings: Settings) -> Findings:
    yield from require(
        resource["autoMinorVersionUpgrade"],
        lambda v: v is None or v is True,
        "minor versions with their repairs are not taken",
        "true, or absent",
    )
    if resource.type in CLUSTER_INSTANCE:
        return
    yield from is_true(resource["deletionProtection"], "one call deletes the database")
    if settings.production and resource.type in INSTANCE:
        standby = is_true(resource["multiAz"], "the loss of a zone is the loss of the database")
        yield from _unless_a_replica(resource, standby)


def _protect(props: Any) -> bool:
    changed = switch_on_again(props, "autoMinorVersionUpgrade")
    member_of_a_cluster = "clusterIdentifier" in props and "instanceClass" in props  # it takes no deletion protection
    return changed if member_of_a_cluster else switch_on(props, "deletionProtection") or changed


# RES-05: tables


def _table_survives(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from is_true(resource["pointInTimeRecovery"]["enabled"], "the table cannot be restored to a moment")
    yield from is_true(resource["deletionProtectionEnabled"], "one call deletes the table")


def _protect_table(props: Any) -> bool:
    changed = switch_on(props, "deletionProtectionEnabled")
    recovery = props.get("pointInTimeRecovery")
    if recovery is None:
        props["pointInTimeRecovery"] = {"enabled": True}
        return True
    return (isinstance(recovery, Mapping) and switch_on(recovery, "enabled")) or changed


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="RES-03",
        requirement="A database has backups of a week with its tags, and in production leaves a last snapshot.",
        why="What was deleted by mistake on Friday is missed on Monday.",
        fix="rds.Instance(..., backup_retention_period=7, copy_tags_to_snapshot=True, skip_final_snapshot=False)",
        types=INSTANCE | CLUSTER,
        severity=Severity.HIGH,
        controls=("F:RDS.11", "F:RDS.17", "800-53 CP-9/CP-10"),
        check=_has_backups,
        remediate_as_set=_back_up,
    ),
    ResourceRule(
        id="RES-04",
        requirement="A database is protected from deletion, takes minor versions, and in production has a standby.",
        why="A wrong `destroy`, a known hole and the loss of one zone are each enough.",
        fix="rds.Instance(..., deletion_protection=True, auto_minor_version_upgrade=True, multi_az=True)",
        types=INSTANCE | CLUSTER | CLUSTER_INSTANCE,
        severity=Severity.MEDIUM,
        controls=("F:RDS.5", "F:RDS.8", "F:RDS.13", "C7:3.2.4", "C7:3.2.2", "800-53 CP-10/SI-13"),
        check=_survives,
        remediate=_protect,
    ),
    ResourceRule(
        id="RES-05",
        requirement="A table can be restored to any moment, and is protected from deletion.",
        why="A wrong write is found hours later; a deleted table is gone.",
        fix='dynamodb.Table(..., point_in_time_recovery={"enabled": True}, deletion_protection_enabled=True)',
        types=TABLE,
        severity=Severity.MEDIUM,
        controls=("F:DynamoDB.2", "F:DynamoDB.6", "F:DynamoDB.7", "800-53 CP-9/CP-10"),
        check=_table_survives,
        remediate=_protect_table,
    ),
)

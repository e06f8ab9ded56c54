"""RDS: DB instances.

An instance's id is its resource id (`db-…`), which survives a rename; it is imported by its identifier, as with the
official provider. Changes wait for the maintenance window unless `applyImmediately` says otherwise.
Source: Amazon RDS API reference, CreateDBInstance, ModifyDBInstance, DeleteDBInstance.
"""

import re
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, INTEGER, STRING, Alike, Block, ListOf, Scalar
from twin.providers.aws.schema import REGION, Autoname, Call, Facet, Property, ResourceType, States
from twin.providers.aws.types._rds_common import TAGGED, rds_tags

_GONE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
_BY_IDENTIFIER = {"DBInstanceIdentifier": "{identifier}"}


class EngineVersion(Scalar):
    """A version, or the beginning of one: `17` is content with 17.4, and the newest minor version is AWS' choice."""

    def same(self, one: Any, other: Any) -> bool:
        """Whether the version there (`one`) is what is wanted (`other`)."""
        told = isinstance(one, str) and isinstance(other, str)
        return super().same(one, other) or (told and one.startswith(f"{other}."))


def _read(ctx: Context) -> dict[str, Any] | None:
    """By resource id; an import names the identifier instead, which has no capitals."""
    by_id = [{"Name": "dbi-resource-id", "Values": [ctx.id]}]
    imported = not re.fullmatch(r"db-[0-9A-Z]+", ctx.id)
    params: dict[str, Any] = {"DBInstanceIdentifier": ctx.id} if imported else {"Filters": by_id}
    found = ctx.run(Call("describe_db_instances", params, result="DBInstances", missing=_GONE)) or []
    instance: dict[str, Any]
    for instance in found:
        if imported or instance["DbiResourceId"] == ctx.id:
            ctx.id = instance["DbiResourceId"]
            return instance
    return None


def _find(ctx: Context) -> str | None:
    found = ctx.run(Call("describe_db_instances", _BY_IDENTIFIER, result="DBInstances[0].DbiResourceId", missing=_GONE))
    return str(found) if found else None


_TOGETHER = (
    ("allocatedStorage", "iops", "storageThroughput", "storageType"),
    (
        "databaseInsightsMode",
        "performanceInsightsEnabled",
        "performanceInsightsKmsKeyId",
        "performanceInsightsRetentionPeriod",
    ),
    ("monitoringInterval", "monitoringRoleArn"),
    ("manageMasterUserPassword", "masterUserSecretKmsKeyId"),
)
"""Properties that AWS wants to hear of in one call."""

_OTHERWISE_SENT = {"enabledCloudwatchLogsExports", "port"}
"""Properties whose parameters have another name or shape by a change than by the create."""

_MODIFIED = (
    *(name for group in _TOGETHER for name in group),
    *_OTHERWISE_SENT,
    "autoMinorVersionUpgrade",
    "backupRetentionPeriod",
    "backupWindow",
    "caCertIdentifier",
    "copyTagsToSnapshot",
    "dbSubnetGroupName",
    "dedicatedLogVolume",
    "deletionProtection",
    "engineVersion",
    "iamDatabaseAuthenticationEnabled",
    "instanceClass",
    "licenseModel",
    "maintenanceWindow",
    "maxAllocatedStorage",
    "multiAz",
    "networkType",
    "optionGroupName",
    "parameterGroupName",
    "publiclyAccessible",
    "vpcSecurityGroupIds",
)
_MODIFY = {
    **_BY_IDENTIFIER,
    "ApplyImmediately": lambda ctx: bool(ctx.inputs.get("applyImmediately")),
    "AllowMajorVersionUpgrade": lambda ctx: ctx.inputs.get("allowMajorVersionUpgrade"),
}


def _modify(ctx: Context) -> None:
    """Send what differs, and nothing else: repeating a setting may start a change of its own."""
    changed = {
        name
        for name in _MODIFIED
        if name in ctx.inputs and not ctx.type.properties[name].kind.same(ctx.old.get(name), ctx.inputs[name])
    }
    for group in _TOGETHER:
        if changed & set(group):
            changed |= {name for name in group if name in ctx.inputs}
    params: dict[str, Any] = {**_MODIFY}
    if "port" in changed:
        params["DBPortNumber"] = "{port}"
    logs, there = (
        ctx.inputs.get("enabledCloudwatchLogsExports") or [],
        ctx.old.get("enabledCloudwatchLogsExports") or [],
    )
    if set(logs) != set(there):
        params["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": [name for name in logs if name not in there],
            "DisableLogTypes": [name for name in there if name not in logs],
        }
    for name, off in _OFF.items():
        if ctx.inputs.get(name) is None and not ctx.type.properties[name].kind.same(ctx.old.get(name), off):
            params[_parameter(ctx, name)] = off
    ctx.run(Call("modify_db_instance", params), sorted(changed - _OTHERWISE_SENT))


_OFF = {"deletionProtection": False, "iamDatabaseAuthenticationEnabled": False, "manageMasterUserPassword": False}
"""What a setting becomes that the program no longer mentions."""


def _parameter(ctx: Context, name: str) -> str:
    return ctx.type.properties[name].api or name[0].upper() + name[1:]


def _delete(ctx: Context) -> None:
    """Take the final snapshot first, unless the program does without."""
    skip, final = bool(ctx.value("skipFinalSnapshot")), ctx.value("finalSnapshotIdentifier")
    if not skip and not final:
        raise ProviderError(
            f"{ctx.type.token} {ctx.value('identifier')}: finalSnapshotIdentifier is needed to delete it, "
            "or skipFinalSnapshot=true, which loses its data"
        )
    params = {
        **_BY_IDENTIFIER,
        "SkipFinalSnapshot": skip,
        "FinalDBSnapshotIdentifier": None if skip else final,
        "DeleteAutomatedBackups": "{deleteAutomatedBackups}",
    }
    # Already being deleted: an earlier delete was interrupted.
    being_deleted = ("InvalidDBInstanceState",) if ctx.value("status") == "deleting" else ()
    ctx.run(Call("delete_db_instance", params, missing=(*_GONE, *being_deleted)))


def _endpoint(ctx: Context) -> str | None:
    address, port = ctx.state.get("address"), ctx.state.get("port")
    return f"{address}:{port}" if address else None


_NOT_POSTGRESQL = "for other engines than PostgreSQL"
_NO_DIRECTORY = "the twin has no Active Directory"
_NO_COPY = "the twin makes new instances alone; restore with the AWS CLI and import the instance"
_NO_WRITE_ONLY = "write-only values need Terraform; use manageMasterUserPassword"
_REFUSED = {
    "backupTarget": "the twin has no Outposts",
    "blueGreenUpdate": "the twin changes instances in place",
    "characterSetName": _NOT_POSTGRESQL,
    "customIamInstanceProfile": _NOT_POSTGRESQL,
    "customerOwnedIpEnabled": "the twin has no Outposts",
    "domain": _NO_DIRECTORY,
    "domainAuthSecretArn": _NO_DIRECTORY,
    "domainDnsIps": _NO_DIRECTORY,
    "domainFqdn": _NO_DIRECTORY,
    "domainIamRoleName": _NO_DIRECTORY,
    "domainOu": _NO_DIRECTORY,
    "identifierPrefix": "give the identifier itself, or none and get one made from the logical name",
    "ncharCharacterSetName": _NOT_POSTGRESQL,
    "passwordWo": _NO_WRITE_ONLY,
    "passwordWoVersion": _NO_WRITE_ONLY,
    "replicaMode": _NOT_POSTGRESQL,
    "replicateSourceDb": _NO_COPY,
    "restoreToPointInTime": _NO_COPY,
    "s3Import": _NOT_POSTGRESQL,
    "snapshotIdentifier": _NO_COPY,
    "timezone": _NOT_POSTGRESQL,
    "upgradeStorageConfig": _NO_COPY,
    "warningEventCategories": "the twin reports no events",
}

INSTANCE = ResourceType(
    "aws:rds/instance:Instance",
    "rds",
    id="=DBInstance.DbiResourceId",
    properties={
        "address": Property(output=True, read="Endpoint.Address"),
        "allocatedStorage": Property(kind=INTEGER, computed=True),
        "allowMajorVersionUpgrade": Property(kind=BOOLEAN, sent=False, returned=False),
        "applyImmediately": Property(kind=BOOLEAN, computed=True, sent=False, returned=False),
        "arn": Property(output=True, api="DBInstanceArn"),
        "autoMinorVersionUpgrade": Property(kind=BOOLEAN, default=True),
        "availabilityZone": Property(computed=True, replaces=True),
        "backupRetentionPeriod": Property(kind=INTEGER, computed=True),
        "backupWindow": Property(computed=True, api="PreferredBackupWindow"),
        "caCertIdentifier": Property(computed=True, api="CACertificateIdentifier"),
        "copyTagsToSnapshot": Property(kind=BOOLEAN, default=False),
        "databaseInsightsMode": Property(computed=True),
        "dbName": Property(computed=True, replaces=True),
        "dbSubnetGroupName": Property(computed=True, read="DBSubnetGroup.DBSubnetGroupName"),
        "dedicatedLogVolume": Property(kind=BOOLEAN, default=False),
        "deleteAutomatedBackups": Property(kind=BOOLEAN, default=True, sent=False, returned=False),
        "deletionProtection": Property(kind=BOOLEAN),
        "enabledCloudwatchLogsExports": Property(
            kind=ListOf(STRING, ordered=False),
            api="EnableCloudwatchLogsExports",
            read="EnabledCloudwatchLogsExports",
        ),
        "endpoint": Property(output=True, derived=_endpoint),
        "engine": Property(computed=True, replaces=True),
        "engineLifecycleSupport": Property(computed=True, replaces=True),
        "engineVersion": Property(kind=EngineVersion("version", (str,)), computed=True),
        "engineVersionActual": Property(output=True, read="EngineVersion"),
        "finalSnapshotIdentifier": Property(sent=False, returned=False),
        "hostedZoneId": Property(output=True, read="Endpoint.HostedZoneId"),
        "iamDatabaseAuthenticationEnabled": Property(
            kind=BOOLEAN, api="EnableIAMDatabaseAuthentication", read="IAMDatabaseAuthenticationEnabled"
        ),
        "identifier": Property(replaces=True, autoname=Autoname(limit=63, lower=True), api="DBInstanceIdentifier"),
        "instanceClass": Property(required=True, api="DBInstanceClass"),
        "iops": Property(kind=INTEGER, computed=True),
        "kmsKeyId": Property(computed=True, replaces=True),
        "licenseModel": Property(computed=True),
        "maintenanceWindow": Property(kind=Alike(str.casefold), computed=True, api="PreferredMaintenanceWindow"),
        "manageMasterUserPassword": Property(kind=BOOLEAN, read="MasterUserSecret && `true` || null"),
        "masterUserSecretKmsKeyId": Property(computed=True, read="MasterUserSecret.KmsKeyId"),
        "masterUserSecrets": Property(
            kind=ListOf(Block({"kmsKeyId": Property(), "secretArn": Property(), "secretStatus": Property()})),
            output=True,
            read="[MasterUserSecret][?@]",
        ),
        "maxAllocatedStorage": Property(kind=INTEGER),
        "monitoringInterval": Property(kind=INTEGER, default=0),
        "monitoringRoleArn": Property(computed=True),
        "multiAz": Property(kind=BOOLEAN, computed=True),
        "networkType": Property(computed=True),
        "optionGroupName": Property(computed=True, read="OptionGroupMemberships[0].OptionGroupName"),
        "parameterGroupName": Property(
            computed=True, api="DBParameterGroupName", read="DBParameterGroups[0].DBParameterGroupName"
        ),
        "password": Property(secret=True, returned=False, api="MasterUserPassword"),
        "performanceInsightsEnabled": Property(
            kind=BOOLEAN, default=False, api="EnablePerformanceInsights", read="PerformanceInsightsEnabled"
        ),
        "performanceInsightsKmsKeyId": Property(computed=True),
        "performanceInsightsRetentionPeriod": Property(kind=INTEGER, computed=True),
        "port": Property(kind=INTEGER, computed=True, read="Endpoint.Port"),
        "publiclyAccessible": Property(kind=BOOLEAN, default=False),
        "replicas": Property(kind=ListOf(STRING), output=True, api="ReadReplicaDBInstanceIdentifiers"),
        "resourceId": Property(output=True, api="DbiResourceId"),
        "skipFinalSnapshot": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "status": Property(output=True, api="DBInstanceStatus"),
        "storageEncrypted": Property(kind=BOOLEAN, replaces=True),
        "storageThroughput": Property(kind=INTEGER, computed=True),
        "storageType": Property(computed=True),
        "username": Property(computed=True, replaces=True, api="MasterUsername"),
        "vpcSecurityGroupIds": Property(
            kind=ListOf(STRING, ordered=False), computed=True, read="VpcSecurityGroups[].VpcSecurityGroupId"
        ),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_db_instance"),
    read=_read,
    states=States(
        "DBInstanceStatus",
        ready=("available", "storage-optimization"),
        failed=(
            "failed",
            "inaccessible-encryption-credentials",
            "incompatible-network",
            "incompatible-option-group",
            "incompatible-parameters",
            "incompatible-restore",
            "insufficient-capacity",
            "storage-full",
        ),
        gone=("deleted",),
    ),
    facets=(
        rds_tags(),
        Facet(properties=("password",), put=Call("modify_db_instance", _MODIFY), created=True),
        Facet(properties=_MODIFIED, put=_modify, created=True),
    ),
    delete=_delete,
    find=_find,
    refused=_REFUSED,
    absent={
        **_REFUSED,
        "latestRestorableTime": "changes every few minutes, so that every refresh would find a difference",
        "listenerEndpoints": _NOT_POSTGRESQL,
        "upgradeRolloutOrder": "the twin's instances do not upgrade by themselves",
    },
    create_minutes=40,
    delete_minutes=60,
)

"""AWS Backup: vaults, plans, selections.

Source: AWS Backup developer guide, API reference; the official provider makes selections anew for any change.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, INTEGER, STRING, Block, ListOf, MapOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

_GONE = ("ResourceNotFoundException",)
_TEXTS = ListOf(STRING, ordered=False)


def _tag_facet(kind: str, *, created: bool) -> Facet:
    arn = {"ResourceArn": f"arn:{{partition}}:backup:{{region}}:{{account}}:{kind}:{{id}}"}
    return tag_facet(Call("list_tags", arn), "tag_resource", "untag_resource", arn, keys="TagKeyList", created=created)


def _find_by_name(operation: str, items: str, name: str, id_: str) -> Any:
    """Return what finds the one thing with the name that the program gave, in a list of all of them."""

    def find(ctx: Context) -> str | None:
        found = ctx.run(Call(operation, result=items)) or []
        ids = [item[id_] for item in found if item[name] == ctx.inputs["name"]]
        return ids[0] if len(ids) == 1 else None

    return find


VAULT = ResourceType(
    "aws:backup/vault:Vault",
    "backup",
    id="{name}",
    properties={
        "arn": Property(output=True, read="BackupVaultArn"),
        "forceDestroy": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "kmsKeyArn": Property(computed=True, replaces=True, api="EncryptionKeyArn"),
        "name": Property(replaces=True, autoname=Autoname(limit=50), api="BackupVaultName"),
        "recoveryPoints": Property(kind=INTEGER, output=True, read="NumberOfRecoveryPoints"),
        "region": REGION,
        "tags": TAGS["tags"],
        "tagsAll": Property(kind=MapOf(), computed=True, api="BackupVaultTags", read="Tags"),
    },
    create=Call("create_backup_vault"),
    read=Call("describe_backup_vault", {"BackupVaultName": "{id}"}, missing=(*_GONE, "AccessDeniedException")),
    facets=(_tag_facet("backup-vault", created=True),),
    # The emulator takes no backups, so there are no recovery points that forceDestroy would have to delete.
    delete=Call("delete_backup_vault", {"BackupVaultName": "{id}"}, missing=_GONE),
)

_LIFECYCLE = Block(
    {
        "coldStorageAfter": Property(kind=INTEGER, api="MoveToColdStorageAfterDays"),
        "deleteAfter": Property(kind=INTEGER, api="DeleteAfterDays"),
        "optInToArchiveForSupportedResources": Property(kind=BOOLEAN),
    }
)
_RULE = Block(
    {
        "completionWindow": Property(kind=INTEGER, default=180, api="CompletionWindowMinutes"),
        "copyActions": Property(
            kind=ListOf(
                Block(
                    {
                        "destinationVaultArn": Property(required=True, api="DestinationBackupVaultArn"),
                        "lifecycle": Property(kind=_LIFECYCLE),
                    }
                ),
                ordered=False,
            )
        ),
        "enableContinuousBackup": Property(kind=BOOLEAN),
        "lifecycle": Property(kind=_LIFECYCLE),
        "recoveryPointTags": Property(kind=MapOf()),
        "ruleName": Property(required=True),
        "schedule": Property(api="ScheduleExpression"),
        "scheduleExpressionTimezone": Property(default="Etc/UTC"),
        "startWindow": Property(kind=INTEGER, default=60, api="StartWindowMinutes"),
        "targetVaultName": Property(required=True, api="TargetBackupVaultName"),
    }
)
_PLAN_REFUSED = {
    "scanSettings": "the twin scans no backups for malware",
    "rules.scanActions": "the twin scans no backups for malware",
    "rules.targetLogicallyAirGappedBackupVaultArn": "the twin has no air-gapped vaults",
}

PLAN = ResourceType(
    "aws:backup/plan:Plan",
    "backup",
    id="=BackupPlanId",
    properties={
        "advancedBackupSettings": Property(
            kind=ListOf(
                Block(
                    {"backupOptions": Property(kind=MapOf(), required=True), "resourceType": Property(required=True)}
                ),
                ordered=False,
            ),
            read="BackupPlan.AdvancedBackupSettings",
        ),
        "arn": Property(output=True, read="BackupPlanArn"),
        "name": Property(
            replaces=True, autoname=Autoname(limit=50), api="BackupPlanName", read="BackupPlan.BackupPlanName"
        ),
        "region": REGION,
        "rules": Property(kind=ListOf(_RULE, ordered=False), required=True, read="BackupPlan.Rules"),
        "tags": TAGS["tags"],
        "tagsAll": TAGS["tagsAll"],
        "version": Property(output=True, read="VersionId"),
    },
    create=Call("create_backup_plan", into="BackupPlan"),
    read=Call("get_backup_plan", {"BackupPlanId": "{id}"}, missing=_GONE),
    facets=(
        Facet(
            properties=("rules", "advancedBackupSettings", "name"),
            put=Call("update_backup_plan", {"BackupPlanId": "{id}"}, into="BackupPlan"),
            created=True,
        ),
        # Not with the create: its tags stand beside the plan, where everything else goes.
        _tag_facet("backup-plan", created=False),
    ),
    delete=Call("delete_backup_plan", {"BackupPlanId": "{id}"}, missing=_GONE),
    find=_find_by_name("list_backup_plans", "BackupPlansList", "BackupPlanName", "BackupPlanId"),
    recomputed={"version": lambda _, changed: bool(changed & {"rules", "advancedBackupSettings"})},
    refused=_PLAN_REFUSED,
    absent={"scanSettings": _PLAN_REFUSED["scanSettings"]},
)


def _read_selection(ctx: Context) -> dict[str, Any] | None:
    """By plan and id; an import names both (`plan|selection`), as with the official provider."""
    plan, _, imported = ctx.id.rpartition("|")
    if plan:
        ctx.id = imported
    if not plan and not ctx.value("planId"):
        raise ProviderError(f"{ctx.type.token}: import it as `plan-id|selection-id`; the id alone names no plan")
    named = {**_OF_PLAN, "BackupPlanId": plan} if plan else _OF_PLAN
    found = ctx.run(Call("get_backup_selection", named, missing=_GONE))
    return {**found["BackupSelection"], "BackupPlanId": found["BackupPlanId"]} if found else None


def _find_selection(ctx: Context) -> str | None:
    found = ctx.run(Call("list_backup_selections", {"BackupPlanId": "{planId}"}, result="BackupSelectionsList"))
    ids = [item["SelectionId"] for item in found or () if item["SelectionName"] == ctx.inputs["name"]]
    return ids[0] if len(ids) == 1 else None


_CONDITIONS = {"conditions": "the twin's selections go by ARN and by tag"}
_OF_PLAN = {"BackupPlanId": "{planId}", "SelectionId": "{id}"}

SELECTION = ResourceType(
    "aws:backup/selection:Selection",
    "backup",
    id="=SelectionId",
    properties={
        "iamRoleArn": Property(required=True, replaces=True),
        "name": Property(replaces=True, autoname=Autoname(limit=50), api="SelectionName"),
        "notResources": Property(kind=_TEXTS, replaces=True),
        "planId": Property(required=True, replaces=True, sent=False, api="BackupPlanId"),
        "region": REGION,
        "resources": Property(kind=_TEXTS, replaces=True),
        "selectionTags": Property(
            kind=ListOf(
                Block(
                    {
                        "key": Property(required=True, api="ConditionKey"),
                        "type": Property(required=True, api="ConditionType"),
                        "value": Property(required=True, api="ConditionValue"),
                    }
                ),
                ordered=False,
            ),
            replaces=True,
            api="ListOfTags",
        ),
    },
    create=Call("create_backup_selection", {"BackupPlanId": "{planId}"}, into="BackupSelection"),
    read=_read_selection,
    delete=Call("delete_backup_selection", _OF_PLAN, missing=_GONE),
    find=_find_selection,
    refused=_CONDITIONS,
    absent=_CONDITIONS,
)

TYPES = (VAULT, PLAN, SELECTION)
"""Vaults, plans and selections."""

"""AWS Backup."""

from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World

_RULE = {
    "ruleName": "daily",
    "targetVaultName": "vault",
    "schedule": "cron(0 3 * * ? *)",
    "startWindow": 60,
    "completionWindow": 480,
    "lifecycle": {"deleteAfter": 35},
    "recoveryPointTags": {"plan": "daily"},
}


def _vault_inputs(world: World) -> dict[str, Any]:
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return {"name": world.name("vault"), "kmsKeyArn": key, "forceDestroy": True, "tags": {"of": "data"}}


def _vault_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    backup = world.client("backup")
    there = backup.describe_backup_vault(BackupVaultName=name)
    assert (there["BackupVaultName"], there["EncryptionKeyArn"]) == (inputs["name"], inputs["kmsKeyArn"])
    assert backup.list_tags(ResourceArn=there["BackupVaultArn"])["Tags"] == inputs["tagsAll"]


def _plan_inputs(world: World) -> dict[str, Any]:
    return {"name": world.name("plan"), "rules": [_RULE], "tags": {"of": "data"}}


def _plan_holds(world: World, plan_id: str, inputs: Mapping[str, Any]) -> None:
    backup = world.client("backup")
    there = backup.get_backup_plan(BackupPlanId=plan_id)
    assert there["BackupPlan"]["BackupPlanName"] == inputs["name"]
    rules = {rule["RuleName"]: rule for rule in there["BackupPlan"]["Rules"]}
    assert rules.keys() == {rule["ruleName"] for rule in inputs["rules"]}
    for rule in inputs["rules"]:
        held = rules[rule["ruleName"]]
        assert held["TargetBackupVaultName"] == rule["targetVaultName"]
        assert held["ScheduleExpression"] == rule["schedule"]
        assert held["Lifecycle"]["DeleteAfterDays"] == rule["lifecycle"]["deleteAfter"]
    settings = there["BackupPlan"].get("AdvancedBackupSettings", [])
    wanted = [setting["resourceType"] for setting in inputs.get("advancedBackupSettings") or ()]
    assert [setting["ResourceType"] for setting in settings] == wanted
    arn = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-plan:{plan_id}"
    assert backup.list_tags(ResourceArn=arn)["Tags"] == inputs["tagsAll"]


def _selection_inputs(world: World) -> dict[str, Any]:
    plan = {
        "BackupPlanName": world.name("plan"),
        "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "vault"}],
    }
    return {
        "planId": world.client("backup").create_backup_plan(BackupPlan=plan)["BackupPlanId"],
        "name": world.name("selection"),
        "iamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/backup",
        "selectionTags": [{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}],
        "resources": ["arn:aws:s3:::data", "arn:aws:s3:::models"],
        "notResources": ["arn:aws:s3:::logs"],
    }


def _selection_holds(world: World, selection_id: str, inputs: Mapping[str, Any]) -> None:
    named = {"BackupPlanId": inputs["planId"], "SelectionId": selection_id}
    there = world.client("backup").get_backup_selection(**named)["BackupSelection"]
    assert (there["SelectionName"], there["IamRoleArn"]) == (inputs["name"], inputs["iamRoleArn"])
    assert sorted(there["Resources"]) == sorted(inputs["resources"])
    assert there["NotResources"] == inputs["notResources"]
    assert [tag["ConditionValue"] for tag in there["ListOfTags"]] == [tag["value"] for tag in inputs["selectionTags"]]


EXAMPLES = (
    Example(
        "aws:backup/vault:Vault",
        inputs=_vault_inputs,
        holds=_vault_holds,
        updates=({"tags": {"more": "1"}},),
        not_imported=frozenset({"forceDestroy"}),
    ),
    Example(
        "aws:backup/plan:Plan",
        inputs=_plan_inputs,
        holds=_plan_holds,
        updates=(
            {"rules": [{**_RULE, "lifecycle": {"deleteAfter": 7}}]},
            {"rules": [_RULE, {**_RULE, "ruleName": "weekly", "schedule": "cron(0 4 ? * SUN *)"}]},
            {"advancedBackupSettings": [{"resourceType": "EC2", "backupOptions": {"WindowsVSS": "enabled"}}]},
            {"advancedBackupSettings": None},
            {"tags": {"more": "1"}},
        ),
    ),
    Example(
        "aws:backup/selection:Selection",
        inputs=_selection_inputs,
        holds=_selection_holds,
        import_id="{planId}|{id}",
    ),
)

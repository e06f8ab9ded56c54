"""Decides what is backed up, how long it is kept, and what the role of AWS Backup may do."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from pydantic import ValidationError

from components.security.permissions_boundary import PermissionsBoundaryArgs, boundary_statements
from components.storage.backups import Backups, BackupsArgs, BackupSettings, backup_rights, plan_name
from components.tags import DataClass
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"
PLAN = "groundwork-dev-backups"


def build(**settings: Any) -> Backups:
    args = BackupsArgs(
        settings=BackupSettings(**settings),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn="boundary",
        key_arn=KEY,
        key_names=(DataClass.CONFIDENTIAL,),
    )
    return run_program(lambda: Backups("backups", args))


def test_each_day_is_kept_as_long_as_the_settings_say(recorder: Recorder) -> None:
    build(retention_days=14, hour=7)
    plan = recorder.one("backups-plan").inputs
    (rule,) = plan["rules"]
    assert plan["name"] == PLAN
    assert rule["schedule"] == "cron(0 7 * * ? *)"
    assert rule["lifecycle"] == {"deleteAfter": 14}
    assert rule["targetVaultName"] == recorder.one("backups-vault").inputs["name"]


def test_the_vault_has_the_key_that_was_wired_in(recorder: Recorder) -> None:
    build()
    assert recorder.one("backups-vault").inputs["kmsKeyArn"] == KEY


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_vault_is_deleted_by_nobody_and_never_emptied(recorder: Recorder, protect: bool) -> None:
    build(protect=protect)
    assert recorder.requests["backups-vault"].protect is protect
    assert recorder.one("backups-vault").inputs["forceDestroy"] is not protect


def test_stores_are_selected_by_the_tag_that_names_the_plan(recorder: Recorder) -> None:
    build()
    selection = recorder.one("backups-selection").inputs
    assert selection["selectionTags"] == [{"type": "STRINGEQUALS", "key": "backup-plan", "value": PLAN}]
    assert plan_name("dev", "backups") == PLAN
    assert "resources" not in selection


def test_the_role_is_of_aws_backup_for_this_account_and_reads_with_the_key_of_the_data(recorder: Recorder) -> None:
    build()
    role = recorder.one("backups-role").inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": ["backup.amazonaws.com"]}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}
    assert role["permissionsBoundary"] == "boundary"
    assert role["tags"] == {"key-access-confidential": "read"}


def test_the_role_restores_nothing() -> None:
    actions = {action for statement in backup_rights(ACCOUNT_ID, REGION, "dev") for action in statement["Action"]}
    assert not {action for action in actions if "Restore" in action or action.startswith("s3:PutObject")}
    assert not actions & {
        "rds:ModifyDBInstance",
        "rds:DeleteDBInstance",
        "s3:DeleteObject",
        "backup:DeleteRecoveryPoint",
    }


def test_the_boundary_leaves_the_role_all_of_its_rights() -> None:
    allowed = [s for s in boundary_statements(boundary()) if s["Effect"] == "Allow"]
    at_most = {action for statement in allowed for action in statement["Action"]}
    needed = {action for statement in backup_rights(ACCOUNT_ID, REGION, "dev") for action in statement["Action"]}
    assert not {action for action in needed if not any(fnmatchcase(action, pattern) for pattern in at_most)}


def boundary() -> PermissionsBoundaryArgs:
    return PermissionsBoundaryArgs(account_id=ACCOUNT_ID, region=REGION, environment="dev")


@pytest.mark.parametrize(("field", "value"), [("retention_days", 0), ("hour", 24), ("retention", 7)])
def test_settings_that_make_no_plan_are_refused_by_name(field: str, value: int) -> None:
    with pytest.raises(ValidationError, match=field):
        BackupSettings.model_validate({field: value})

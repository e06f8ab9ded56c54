"""Each environment from nothing to nothing: built, unchanged, refreshed, changed in every way, imported, destroyed."""

import json
import re
from typing import Any

import pytest

from tests.support.project import Project
from tests.support.world import assert_state_and_world_agree, held, state_text


def unchanged(project: Project, operation: str, environment: str) -> None:
    project.pulumi(
        operation, "--yes", "--non-interactive", "--expect-no-changes", "-s", environment, environment=environment
    )


def let_go_of_data(settings: dict[str, Any]) -> None:
    """What a person has to write into the settings before data may be deleted."""
    for store in settings["stores"].values():
        store["protect"], store["force_destroy"] = False, True
    settings["container_registry"].update(protect=False, force_delete=True)
    settings["database"].update(protect=False, final_snapshot=False, apply_immediately=True)
    settings["audit_trail"]["protect"] = False


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environment_lives_and_leaves_nothing(project: Project, environment: str) -> None:
    project.groundwork("up", environment)
    built = held(project, environment)
    assert len(built["bucket"]) >= 5
    assert_state_and_world_agree(project, environment)

    unchanged(project, "up", environment)
    unchanged(project, "refresh", environment)
    assert held(project, environment) == built, "a second up and a refresh make nothing"

    if environment == "prod":
        refused = project.groundwork("destroy", "prod", "--yes", check=False)
        assert refused.returncode == 1
        assert "artifacts-bucket" in refused.stderr
        assert "--unprotect" in refused.stderr
        assert held(project, environment)["bucket"] == built["bucket"], "a refused destroy deletes no data"


def test_a_change_of_each_kind_reaches_the_world(project: Project) -> None:
    project.groundwork("up", "dev")
    account, outputs = project.account(), project.outputs()

    def edit(settings: dict[str, Any]) -> None:
        settings["stores"]["datasets"]["lifecycle"]["noncurrent_days"] = 45  # an update in place
        settings["container_registry"]["repositories"] += ["notebooks"]  # a create
        del settings["workloads"]["data-versioning"]  # deletes
        settings["database"]["backup_retention_days"] = 9

    project.change(edit)
    preview = project.groundwork("preview", "dev").stdout
    assert re.search(r"~ datasets-lifecycle", preview), preview
    assert re.search(r"\+ images-notebooks", preview), preview
    assert re.search(r"- workload-data-versioning", preview), preview
    project.groundwork("up", "dev")

    rules = account.client("s3").get_bucket_lifecycle_configuration(Bucket=outputs["bucket_datasets"])["Rules"]
    assert {
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "NoncurrentVersionExpiration" in rule
    } == {45}
    names = [item["repositoryName"] for item in account.client("ecr").describe_repositories()["repositories"]]
    assert any("notebooks" in name for name in names)
    roles = [role["RoleName"] for role in account.client("iam").list_roles()["Roles"]]
    assert not [name for name in roles if "data-versioning" in name]
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert instance["BackupRetentionPeriod"] == 9
    assert_state_and_world_agree(project, "dev")

    project.groundwork("destroy", "dev", "--yes", "--unprotect")
    assert held(project, "dev") == {}


def retire(project: Project, environment: str) -> None:
    """By hand, what docs/architecture.md says about retiring an environment whose data may go."""
    rds = project.account(environment).client("rds")
    for instance in rds.describe_db_instances()["DBInstances"]:
        rds.modify_db_instance(
            DBInstanceIdentifier=instance["DBInstanceIdentifier"], DeletionProtection=False, ApplyImmediately=True
        )
    project.groundwork("destroy", environment, "--yes", "--unprotect")


def test_prod_can_be_retired_by_hand_and_then_leaves_nothing_but_its_last_snapshot(project: Project) -> None:
    project.groundwork("up", "prod")
    stopped = project.groundwork("destroy", "prod", "--yes", "--unprotect", check=False)
    assert stopped.returncode == 1
    assert "DeletionProtection is enabled" in stopped.stdout, stopped.stdout
    retire(project, "prod")
    assert held(project, "prod") == {}
    snapshots = project.account("prod").client("rds").describe_db_snapshots()["DBSnapshots"]
    assert [snapshot["Status"] for snapshot in snapshots] == ["available"]


def test_the_settings_of_prod_cannot_let_go_of_its_data(project: Project) -> None:
    project.change(let_go_of_data, "prod")
    refused = project.groundwork("up", "prod", check=False)
    assert refused.returncode == 1
    for path in ("stores.artifacts.protect", "stores.artifacts.force_destroy", "database.final_snapshot"):
        assert path in refused.stdout, refused.stdout


def test_what_was_changed_by_hand_is_found_by_refresh_and_mended_by_up(project: Project) -> None:
    project.groundwork("up", "dev")
    account, bucket = project.account(), project.outputs()["bucket_dvc"]
    account.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    account.client("s3").delete_bucket_policy(Bucket=bucket)
    said = project.groundwork("refresh", "dev").stdout
    assert "dvc-versioning" in said, said
    assert "dvc-policy" in said, said
    project.groundwork("up", "dev")
    assert account.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert "aws:SecureTransport" in account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]


def test_a_bucket_that_was_there_before_is_imported(project: Project) -> None:
    project.groundwork("twin", "start")
    account = project.account()
    account.client("s3").create_bucket(
        Bucket="made-by-hand", CreateBucketConfiguration={"LocationConstraint": account.region}
    )
    project.pulumi(
        "import", "aws:s3/bucket:Bucket", "old", "made-by-hand",
        "--yes", "--non-interactive", "--generate-code=false", "-s", "dev",
    )  # fmt: skip
    resources = json.loads(state_text(project, "dev"))["deployment"]["resources"]
    (imported,) = [resource for resource in resources if resource["type"] == "aws:s3/bucket:Bucket"]
    assert imported["id"] == "made-by-hand"
    assert imported["outputs"]["arn"] == "arn:aws:s3:::made-by-hand"
    assert imported["protect"] is True

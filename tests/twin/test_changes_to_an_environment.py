"""Changes to an environment that is up: of its settings, by hand, and of what was there before it."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stacks.identities import identities
from stacks.settings import parse_settings
from tests.support.project import Project
from tests.support.world import assert_state_and_world_agree, state_text
from tests.twin.actors import comes_in, person


def test_a_change_of_each_kind_reaches_the_world(changed: Project) -> None:
    account, outputs = changed.account(), changed.outputs()
    approver, scientist = (
        person(changed, account, outputs["kubeconfig"], identity)
        for name in ("vision release-approver", "vision data-scientist")
        for identity in identities(parse_settings(json.dumps(changed.settings()), stack="dev", allow_placeholders=True))
        if identity.name == name
    )
    model = {"Bucket": outputs["bucket_artifacts"], "Key": "teams/vision/model"}
    account.client("s3").put_object(**model, Body=b"weights")
    assert comes_in(approver.api, "team-vision")
    assert approver.aws.client("s3").get_object(**model)

    def edit(settings: dict[str, Any]) -> None:
        settings["stores"]["datasets"]["lifecycle"]["noncurrent_days"] = 45  # an update in place
        settings["container_registry"]["repositories"] += ["notebooks"]  # a create
        del settings["workloads"]["labeller"]  # deletes
        del settings["teams"]["vision"]["people"]["release-approver"]
        settings["database"]["backup_retention_days"] = 9

    changed.change(edit)
    preview = changed.groundwork("preview", "dev").stdout
    assert re.search(r"~ datasets-lifecycle", preview), preview
    assert re.search(r"\+ images-notebooks", preview), preview
    assert re.search(r"- workload-labeller", preview), preview
    changed.groundwork("up", "dev")

    rules = account.client("s3").get_bucket_lifecycle_configuration(Bucket=outputs["bucket_datasets"])["Rules"]
    assert {
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "NoncurrentVersionExpiration" in rule
    } == {45}
    names = [item["repositoryName"] for item in account.client("ecr").describe_repositories()["repositories"]]
    assert any("notebooks" in name for name in names)
    roles = [role["RoleName"] for role in account.client("iam").list_roles()["Roles"]]
    assert not [name for name in roles if "labeller" in name]
    assert not comes_in(approver.api, "team-vision"), "with the token that it had"
    with pytest.raises(ClientError, match=r"AccessDenied|InvalidAccessKeyId"):
        approver.aws.client("s3").get_object(**model)
    assert comes_in(scientist.api, "team-vision"), "nobody else loses anything"
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert instance["BackupRetentionPeriod"] == 9
    assert_state_and_world_agree(changed, "dev")


def test_what_was_changed_by_hand_is_found_by_refresh_and_mended_by_up(changed: Project) -> None:
    account, bucket = changed.account(), changed.outputs()["bucket_dvc"]
    account.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    account.client("s3").delete_bucket_policy(Bucket=bucket)
    said = changed.groundwork("refresh", "dev").stdout
    assert "dvc-store-versioning" in said, said
    assert "dvc-store-policy" in said, said
    changed.groundwork("up", "dev")
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

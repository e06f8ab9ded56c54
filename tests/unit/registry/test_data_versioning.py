"""Decides what the DVC remote asks for and says; that DVC works with it is tried in tests/twin/test_data_versioning."""

import configparser
import json
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.registry.data_versioning import (
    DataVersioning,
    DataVersioningArgs,
    DataVersioningSettings,
    dvc_config,
)
from components.tags import KeyPurpose
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/data-versioning"
BUCKET = f"groundwork-dev-dvc-{ACCOUNT_ID}-{REGION}"
OBJECT = f"arn:aws:s3:::{BUCKET}/teams/vision/files/md5/aa/bb"


def build(settings: dict[str, Any] | None = None, teams: tuple[str, ...] = ("vision", "language")) -> DataVersioning:
    args = DataVersioningArgs(
        settings=DataVersioningSettings.model_validate(settings or {}),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        key_arn=pulumi.Output.from_input(KEY),
        access_log_bucket_name="logs",
        prefixes={team: f"teams/{team}/" for team in teams},
    )
    return run_program(lambda: DataVersioning("dvc", args))


def configs(remote: DataVersioning) -> dict[str, str]:
    resolved: dict[str, str] = {}
    run_program(lambda: pulumi.Output.all(**remote.configs).apply(resolved.update))
    return resolved


def remote_of(config: str) -> dict[str, str]:
    """The remote that a config names as its own, as an ini file is read."""
    read = configparser.ConfigParser()
    read.read_string(config)
    return dict(read[f"'remote \"{read['core']['remote']}\"'"])


def test_the_remote_is_one_bucket_with_a_key_of_its_own(recorder: Recorder) -> None:
    build()
    assert recorder.one("dvc-store-bucket").inputs["bucket"] == BUCKET
    (rule,) = recorder.one("dvc-store-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert DataVersioningArgs.model_fields["key_name"].default is KeyPurpose.DATA_VERSIONING


def test_a_current_version_never_expires_and_an_old_one_does(recorder: Recorder) -> None:
    build({"lifecycle": {"noncurrent_days": 30, "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}]}})
    rules = recorder.one("dvc-store-lifecycle").inputs["rules"]
    assert [rule["id"] for rule in rules] == [
        "abort-incomplete-uploads",
        "expire-noncurrent-versions",
        "move-to-cheaper-storage",
    ]
    assert not [rule for rule in rules if "expiration" in rule]


@pytest.mark.parametrize(
    ("lifecycle", "message"),
    [
        ({"expiration_days": 365}, "expiration_days"),
        ({"transitions": [{"days": 90, "storage_class": "GLACIER"}]}, "storage_class"),
        ({"transitions": [{"days": 90, "storage_class": "DEEP_ARCHIVE"}]}, "storage_class"),
    ],
)
def test_no_setting_takes_a_version_away_or_out_of_reach(lifecycle: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DataVersioningSettings.model_validate({"lifecycle": lifecycle})


def test_nobody_deletes_a_version_unless_the_engine_may_empty_the_bucket(recorder: Recorder) -> None:
    build()
    policy = recorder.one("dvc-store-policy").inputs["policy"]
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert decision(policy, action, OBJECT, {}, principal=f"arn:aws:iam::{ACCOUNT_ID}:root") == "Deny"
    assert decision(policy, "s3:GetObject", OBJECT, {"aws:SecureTransport": "true"}, principal="role") == "none"

    recorder.made.clear()
    build({"protect": False, "force_destroy": True})
    policy = recorder.one("dvc-store-policy").inputs["policy"]
    assert "VersionsStay" not in policy
    assert "DenyChosenKey" in policy


def test_each_team_has_a_config_with_its_own_prefix(recorder: Recorder) -> None:
    made = configs(build())
    assert list(made) == ["vision", "language"]
    assert remote_of(made["vision"])["url"] == f"s3://{BUCKET}/teams/vision"
    assert remote_of(made["language"])["url"] == f"s3://{BUCKET}/teams/language"


def test_a_config_asks_for_nothing_that_the_bucket_refuses_and_for_hashes_to_be_checked() -> None:
    remote = remote_of(dvc_config(BUCKET, REGION, "teams/vision/"))
    assert remote == {"url": f"s3://{BUCKET}/teams/vision", "region": REGION, "verify": "true"}


def test_another_team_changes_no_resource_and_no_config(recorder: Recorder) -> None:
    before = configs(build(teams=("vision",)))
    asked = {made.name: json.dumps(made.inputs, default=str) for made in recorder.children()}
    recorder.made.clear()
    after = configs(build(teams=("speech", "vision")))
    assert {made.name: json.dumps(made.inputs, default=str) for made in recorder.children()} == asked
    assert after["vision"] == before["vision"]

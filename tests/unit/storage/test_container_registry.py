"""Decides what the repositories ask for, not what ECR does with it."""

import json
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.storage.container_registry import (
    ContainerRegistry,
    ContainerRegistryArgs,
    ContainerRegistrySettings,
)
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"
REPOSITORY = "aws:ecr/repository:Repository"


def build(**settings: Any) -> ContainerRegistry:
    args = ContainerRegistryArgs(
        settings=ContainerRegistrySettings.model_validate({"repositories": ("mlflow", "training")} | settings),
        environment="dev",
        key_arn=pulumi.Output.from_input(KEY),
    )
    return run_program(lambda: ContainerRegistry("images", args))


def test_every_repository_is_immutable_scanned_and_encrypted_with_the_wired_key(recorder: Recorder) -> None:
    build()
    repositories = recorder.of_type(REPOSITORY)
    assert {made.inputs["name"] for made in repositories} == {"groundwork-dev-mlflow", "groundwork-dev-training"}
    for made in repositories:
        assert made.inputs["imageTagMutability"] == "IMMUTABLE"
        assert made.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert made.inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]
        assert made.inputs["forceDelete"] is False


def test_the_results_are_by_repository_as_the_settings_name_it(recorder: Recorder) -> None:
    registry = build()
    assert set(registry.repository_urls) == set(registry.repository_arns) == {"mlflow", "training"}


def test_old_images_leave_in_the_order_that_ecr_asks_for(recorder: Recorder) -> None:
    build(untagged_days=7, keep_images=20)
    for name in ("mlflow", "training"):
        untagged, oldest = json.loads(recorder.one(f"images-{name}-lifecycle").inputs["policy"])["rules"]
        assert (untagged["selection"]["tagStatus"], untagged["selection"]["countNumber"]) == ("untagged", 7)
        assert (oldest["selection"]["tagStatus"], oldest["selection"]["countNumber"]) == ("any", 20)
        assert untagged["rulePriority"] < oldest["rulePriority"], "ECR wants the rule for any image last"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"repositories": []}, "repositories"),
        ({"repositories": ["a-b", "a-b"]}, "named once, but a-b is repeated"),
        ({"repositories": ["Training"]}, "repositories"),
        ({"keep_images": 0}, "keep_images"),
        ({"mutable_tags": True}, "mutable_tags"),
    ],
)
def test_settings_that_ecr_would_refuse_are_refused_beforehand(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ContainerRegistrySettings.model_validate({"repositories": ("mlflow",)} | settings)

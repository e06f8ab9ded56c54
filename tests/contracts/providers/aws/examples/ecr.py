"""ECR."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import Example, World


def _repository_inputs(world: World) -> dict[str, Any]:
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return {
        "name": world.name("groundwork-test"),
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": key}],
        "forceDelete": True,
        "tags": {"data-classification": "confidential"},
    }


def _repository_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    ecr = world.client("ecr")
    there = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    assert there["imageTagMutability"] == inputs["imageTagMutability"]
    assert there["imageScanningConfiguration"] == (inputs.get("imageScanningConfiguration") or {"scanOnPush": False})
    [encryption] = inputs.get("encryptionConfigurations") or [{"encryptionType": "AES256"}]
    assert there["encryptionConfiguration"]["encryptionType"] == encryption["encryptionType"]
    assert there["encryptionConfiguration"].get("kmsKey") == encryption.get("kmsKey")
    tags = ecr.list_tags_for_resource(resourceArn=there["repositoryArn"])["tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


def _policy(days: int) -> str:
    rule = {
        "rulePriority": 1,
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": days,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]}, indent=2)


def _policy_inputs(world: World) -> dict[str, Any]:
    name = world.name("groundwork-test")
    world.client("ecr").create_repository(repositoryName=name)
    return {"repository": name, "policy": _policy(14)}


def _policy_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ecr").get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    assert json.loads(there) == json.loads(inputs["policy"])


EXAMPLES = (
    Example(
        "aws:ecr/repository:Repository",
        inputs=_repository_inputs,
        holds=_repository_holds,
        updates=(
            {"imageTagMutability": "MUTABLE"},
            {"imageScanningConfiguration": {"scanOnPush": False}},
            {"tags": {"more": "1"}},
        ),
        not_imported=frozenset({"forceDelete"}),
    ),
    Example(
        "aws:ecr/repository:Repository",
        inputs=lambda world: {"name": world.name("plain")},
        holds=_repository_holds,
        case="plain",
    ),
    Example("aws:ecr/lifecyclePolicy:LifecyclePolicy", inputs=_policy_inputs, holds=_policy_holds),
)

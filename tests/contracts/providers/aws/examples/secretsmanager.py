"""Secrets Manager."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, Example, World


def _policy(*actions: str) -> str:
    statement = {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": list(actions),
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def _key(world: World) -> str:
    return str(world.client("kms").create_key()["KeyMetadata"]["Arn"])


def _secret_inputs(world: World) -> dict[str, Any]:
    return {
        "name": world.name("groundwork-test/mlflow/server"),
        "description": "for the tracking server",
        "kmsKeyId": _key(world),
        "recoveryWindowInDays": 0,
        "tags": {"data-classification": "confidential"},
    }


def _secret_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("secretsmanager").describe_secret(SecretId=arn)
    assert there["Name"] == inputs["name"]
    assert there.get("Description", "") == inputs.get("description", "")
    assert there.get("KmsKeyId") == inputs.get("kmsKeyId")
    assert {tag["Key"]: tag["Value"] for tag in there["Tags"]} == inputs["tagsAll"]
    assert "VersionIdsToStages" not in there or not there["VersionIdsToStages"], "a secret is made without a value"
    _policy_holds(world, arn, inputs) if inputs.get("policy") else None


def _policy_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("secretsmanager").get_resource_policy(SecretId=arn).get("ResourcePolicy")
    wanted = json.loads(inputs["policy"])
    assert (json.loads(there) if there else {}) == wanted


def _policy_inputs(world: World) -> dict[str, Any]:
    name = world.name("groundwork-test/policy")
    arn = world.client("secretsmanager").create_secret(Name=name)["ARN"]
    return {"secretArn": arn, "policy": _policy("secretsmanager:GetSecretValue"), "blockPublicPolicy": True}


def _scheduled(world: World, arn: str) -> None:
    assert "DeletedDate" in world.client("secretsmanager").describe_secret(SecretId=arn)


EXAMPLES = (
    Example(
        "aws:secretsmanager/secret:Secret",
        inputs=_secret_inputs,
        holds=_secret_holds,
        updates=(
            {"description": "for the tracking server and its jobs"},
            {"description": None},
            lambda world: {"kmsKeyId": _key(world)},
            {"policy": _policy("secretsmanager:GetSecretValue")},
            {"policy": _policy("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")},
            {"tags": {"data-classification": "regulated", "more": "1"}},
            {"recoveryWindowInDays": 7},
        ),
        not_imported=frozenset({"recoveryWindowInDays"}),
    ),
    Example(
        "aws:secretsmanager/secret:Secret",
        inputs=lambda _: {"tags": {"plain": "yes"}},
        holds=_secret_holds,
        remains=_scheduled,
        case="autonamed",
    ),
    Example(
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        inputs=_policy_inputs,
        holds=_policy_holds,
        updates=({"policy": _policy("secretsmanager:DescribeSecret")}, {"blockPublicPolicy": False}),
        not_imported=frozenset({"blockPublicPolicy"}),
    ),
)

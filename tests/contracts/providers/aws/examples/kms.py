"""KMS."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, Example, World


def _policy(*more: str) -> str:
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statements = [{"Sid": "Root", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]
    statements += [
        {"Sid": sid, "Effect": "Allow", "Principal": root, "Action": ["kms:Decrypt"], "Resource": "*"} for sid in more
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _key_holds(world: World, key_id: str, inputs: Mapping[str, Any]) -> None:
    kms = world.client("kms")
    about = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert about["Description"] == inputs.get("description", "")
    assert about["Enabled"] == inputs["isEnabled"]
    assert about["KeySpec"] == "SYMMETRIC_DEFAULT"
    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] == inputs["enableKeyRotation"]
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key_id)["Tags"]}
    assert tags == inputs["tagsAll"]
    if "policy" in inputs:
        policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
        assert json.loads(policy) == json.loads(inputs["policy"])


def _alias_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    pages = world.client("kms").get_paginator("list_aliases").paginate()
    targets = {alias["AliasName"]: alias.get("TargetKeyId") for page in pages for alias in page["Aliases"]}
    assert targets[name] == inputs["targetKeyId"].rpartition("/")[2]


def _new_key(world: World) -> dict[str, str]:
    about: dict[str, str] = world.client("kms").create_key()["KeyMetadata"]
    return about


EXAMPLES = (
    Example(
        "aws:kms/key:Key",
        inputs=lambda world: {
            "description": world.name("confidential data"),
            "policy": _policy(),
            "enableKeyRotation": True,
            "deletionWindowInDays": 7,
            "tags": {"data-classification": "confidential"},
        },
        holds=_key_holds,
        updates=(
            {"description": "another description"},
            {"policy": _policy("Use")},
            {"enableKeyRotation": False},
            {"tags": {"data-classification": "internal", "more": "1"}},
            {"tags": None},
            {"isEnabled": False},
            {"isEnabled": True, "deletionWindowInDays": 8},
        ),
        not_imported=frozenset({"deletionWindowInDays"}),
    ),
    Example("aws:kms/key:Key", inputs=lambda _: {"isEnabled": False}, holds=_key_holds, case="disabled"),
    Example(
        "aws:kms/alias:Alias",
        inputs=lambda world: {"name": world.name("alias/data"), "targetKeyId": _new_key(world)["KeyId"]},
        holds=_alias_holds,
        updates=(lambda world: {"targetKeyId": _new_key(world)["Arn"]},),
    ),
    Example(
        "aws:kms/alias:Alias",
        inputs=lambda world: {"targetKeyId": _new_key(world)["Arn"]},
        holds=_alias_holds,
        case="autonamed",
    ),
)

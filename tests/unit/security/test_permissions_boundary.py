"""Decides what the boundary leaves to any role, by a small evaluator."""

import json

import pytest

from components.security.permissions_boundary import (
    PermissionsBoundary,
    PermissionsBoundaryArgs,
    boundary_arn,
)
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

ARGS = PermissionsBoundaryArgs(account_id=ACCOUNT_ID, region=REGION, environment="dev")


@pytest.fixture
def policy(recorder: Recorder) -> str:
    run_program(lambda: PermissionsBoundary("boundary", ARGS))
    text = recorder.one("boundary-policy").inputs["policy"]
    assert isinstance(text, str)
    return text


def test_its_arn_is_known_beforehand(recorder: Recorder) -> None:
    run_program(lambda: PermissionsBoundary("boundary", ARGS))
    name = recorder.one("boundary-policy").inputs["name"]
    assert boundary_arn(ACCOUNT_ID, "dev") == f"arn:aws:iam::{ACCOUNT_ID}:policy/{name}"


def test_objects_of_the_environment_are_within_it_and_others_are_not(policy: str) -> None:
    assert decision(policy, "s3:GetObject", "arn:aws:s3:::groundwork-dev-artifacts/x", {}) == "Allow"
    assert decision(policy, "s3:GetObject", "arn:aws:s3:::groundwork-prod-artifacts/x", {}) == "none"
    assert decision(policy, "s3:DeleteObjectVersion", "arn:aws:s3:::groundwork-dev-artifacts/x", {}) == "none"
    assert decision(policy, "s3:PutBucketPolicy", "arn:aws:s3:::groundwork-dev-artifacts", {}) == "none"


@pytest.mark.parametrize("action", ["iam:CreateUser", "iam:PassRole", "sts:AssumeRole", "organizations:ListRoots"])
def test_identities_are_denied_whatever_another_policy_says(policy: str, action: str) -> None:
    assert decision(policy, action, "*", {}) == "Deny"


def test_a_key_is_denied_but_through_s3(policy: str) -> None:
    assert decision(policy, "kms:Decrypt", "key", {}) == "Deny"
    assert decision(policy, "kms:Decrypt", "key", {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}) == "Deny"
    # Silent, not allowing: the key's own policy grants this to the role's session.
    assert decision(policy, "kms:Decrypt", "key", {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}) == "none"


def test_no_permission_in_it_is_a_wildcard(policy: str) -> None:
    for statement in json.loads(policy)["Statement"]:
        if statement["Effect"] == "Allow":
            assert not [action for action in statement["Action"] if "*" in action]
            assert "*" not in statement["Resource"]

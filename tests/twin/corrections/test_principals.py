"""Decides whether a key policy sees the session of a bounded role as AWS does; tried on a real server."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, TRUST, Twin

NAMED = f"arn:aws:iam::{ACCOUNT}:role/bounded-*"
SILENT = [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]
DENYING = [*SILENT, {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]


@pytest.fixture(scope="module")
def key(twin: Twin) -> str:
    """A key that any principal may use whose role is named, and that everybody may administer."""
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": account, "Action": "kms:PutKeyPolicy", "Resource": "*"},
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "kms:Encrypt",
                "Resource": "*",
                "Condition": {"ArnLike": {"aws:PrincipalArn": NAMED}},
            },
        ],
    }
    arn: str = twin.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    return arn


def session(twin: Twin, name: str, boundary: list[dict[str, Any]]) -> Any:
    """A KMS client of a role without any policy but its boundary."""
    iam = twin.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": boundary})
    limit = iam.create_policy(PolicyName=f"{name}-limit", PolicyDocument=document)["Policy"]["Arn"]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), PermissionsBoundary=limit)
    given = twin.client("sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="test")["Credentials"]
    return twin.client("kms", given)


def test_a_boundary_that_is_silent_does_not_limit_what_a_key_grants_to_a_session(twin: Twin, key: str) -> None:
    assert session(twin, "bounded-silent", SILENT).encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]


@pytest.mark.parametrize(
    ("name", "boundary"),
    [
        pytest.param("bounded-denying", DENYING, id="a boundary that denies it"),
        pytest.param("unnamed", SILENT, id="a role that the key does not name"),
    ],
)
def test_others_get_nothing(twin: Twin, key: str, name: str, boundary: list[dict[str, Any]]) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        session(twin, name, boundary).encrypt(KeyId=key, Plaintext=b"x")

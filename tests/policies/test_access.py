"""What the repairs of the ACC rules do, and what they leave alone."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi_policy import ResourceValidationArgs
from pulumi_policy.deserialize import deserialize_properties, serialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policies import credentials
from policies.pack import policies
from tests.policies.harness import BY_ID, TODAY, UNKNOWN, R, _options, secret
from tests.policies.specs.access_buckets import ACCOUNT_BLOCK, BLOCK, FLAGS
from tests.policies.specs.access_policies import SECRET
from tests.policies.specs.access_services import MACHINE, SIGN_IN
from tests.support.pack import struct

BLOCKED = dict.fromkeys(FLAGS, True)
ACL = "aws:s3/bucketAcl:BucketAcl"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
INSTANCE = "aws:ec2/instance:Instance"
SESSIONS = {"httpTokens": "required", "httpPutResponseHopLimit": 1}
REPAIRS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("ACC-09", BLOCK.type, {"blockPublicAcls": False, "blockPublicPolicy": True}, BLOCKED),
    ("ACC-10", ACCOUNT_BLOCK.type, {}, BLOCKED),
    ("ACC-11", ACL, {"acl": "public-read"}, {"acl": "private"}),
    (
        "ACC-11",
        OWNERSHIP,
        {"rule": {"objectOwnership": "ObjectWriter"}},
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
    ),
    ("ACC-15", SECRET.type, {"blockPublicPolicy": False}, {"blockPublicPolicy": True}),
    ("ACC-17", "aws:rds/instance:Instance", {"publiclyAccessible": True}, {"publiclyAccessible": False}),
    ("ACC-18", SIGN_IN.type, {}, dict(SIGN_IN.props)),
    (
        "ACC-18",
        SIGN_IN.type,
        {"masterPassword": "x"},
        {"masterPassword": "x", "iamDatabaseAuthenticationEnabled": True},
    ),
    ("ACC-22", MACHINE.type, {}, {"metadataOptions": {"httpEndpoint": "enabled", **SESSIONS}}),
    (
        "ACC-22",
        INSTANCE,
        {"metadataOptions": {"httpTokens": "optional"}},
        {"metadataOptions": {"httpTokens": "required"}},
    ),
    (
        "ACC-22",
        INSTANCE,
        {"metadataOptions": {**SESSIONS, "httpPutResponseHopLimit": 3}},
        {"metadataOptions": SESSIONS},
    ),
]
LEFT_ALONE: list[tuple[str, str, dict[str, Any]]] = [
    ("ACC-09", "aws:s3/bucket:Bucket", {"bucket": "data"}),
    ("ACC-09", BLOCK.type, dict.fromkeys(FLAGS, UNKNOWN)),
    ("ACC-11", ACL, {"acl": UNKNOWN}),
    ("ACC-11", ACL, {"acl": "log-delivery-write"}),
    ("ACC-11", OWNERSHIP, {"rule": UNKNOWN}),
    ("ACC-15", "aws:ecr/repositoryPolicy:RepositoryPolicy", {"policy": "{}"}),
    ("ACC-17", "aws:rds/cluster:Cluster", {"publiclyAccessible": True}),
    ("ACC-18", SIGN_IN.type, {"iamDatabaseAuthenticationEnabled": True, "password": secret("hunter2")}),
    ("ACC-18", SIGN_IN.type, {"iamDatabaseAuthenticationEnabled": True, "replicateSourceDb": "db"}),
    ("ACC-22", INSTANCE, {"launchTemplate": {"id": "lt-1"}}),
    ("ACC-22", INSTANCE, {"metadataOptions": UNKNOWN}),
    ("ACC-22", "aws:ec2/launchConfiguration:LaunchConfiguration", {}),
]


def repaired(rule: str, token: str, props: dict[str, Any]) -> Any:
    """Return what is left of inputs after two repairs, the second of which must change nothing; None for no change."""
    (policy,) = [p for p in policies([BY_ID[rule]], TODAY) if p.name == rule]
    item = R(token, {})
    wire = deserialize_properties(MessageToDict(struct(props)), True)
    args = ResourceValidationArgs(token, unknown_checking_proxy(wire), item.urn, item.name, _options(item), None)
    answer = policy.remediate(args)  # type: ignore[attr-defined]
    assert policy.remediate(args) is None  # type: ignore[attr-defined]
    return None if answer is None else serialize_properties(answer)


@pytest.mark.parametrize(("rule", "token", "before", "after"), REPAIRS)
def test_a_repair_is_exact_idempotent_and_keeps_secrets(
    rule: str, token: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    kept = {"tags": {"x": secret("hunter2")}}
    assert repaired(rule, token, before | kept) == after | kept


@pytest.mark.parametrize(("rule", "token", "props"), LEFT_ALONE)
def test_a_repair_leaves_alone_what_is_unknown_or_would_be_replaced(
    rule: str, token: str, props: dict[str, Any]
) -> None:
    assert repaired(rule, token, props) is None


@pytest.mark.parametrize("kind", "pousr")
def test_every_kind_of_github_token_is_known_by_its_form(kind: str) -> None:
    assert credentials.form(f"gh{kind}" + "_" + "a" * 36) == "a GitHub token"


def test_a_temporary_access_key_is_known_by_its_form() -> None:
    assert credentials.form("AS" + "IA" + "A" * 16) == "an AWS access key"

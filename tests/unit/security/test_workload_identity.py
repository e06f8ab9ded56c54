"""Decides what a workload's role may do and who may assume it, by a small evaluator; IAM itself is not asked."""

import json
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.policy_document import allow, document
from components.security.key_policy import KeyPlace, KeyUse, key_policy
from components.security.workload_identity import (
    BucketGrant,
    PodIdentityTrust,
    ServiceTrust,
    Trust,
    WorkloadIdentity,
    WorkloadIdentityArgs,
    workload_role_arn,
)
from components.tags import DataClass
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary"
PODS = PodIdentityTrust(cluster_name="groundwork-dev", namespace="training", service_account="trainer")
BUCKET = "arn:aws:s3:::groundwork-dev-artifacts"


def grant(access: str = "read", prefix: str = "models/", data_class: str = "confidential") -> BucketGrant:
    return BucketGrant.model_validate(
        {
            "bucket_name": pulumi.Output.from_input("groundwork-dev-artifacts"),
            "key_name": DataClass(data_class),
            "prefix": prefix,
            "access": access,
        }
    )


def build(recorder: Recorder, *grants: BucketGrant, trust: Trust = PODS) -> dict[str, Any]:
    args = WorkloadIdentityArgs(
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn=BOUNDARY,
        trust=trust,
        bucket_grants=grants,
    )
    run_program(lambda: WorkloadIdentity("trainer", args))
    return recorder.one("trainer-role").inputs


def rights(recorder: Recorder, action: str, resource: str, context: dict[str, str] | None = None) -> str:
    return decision(recorder.one("trainer-objects").inputs["policy"], action, resource, context or {})


def test_what_else_a_workload_may_do_is_a_policy_beside_its_objects(recorder: Recorder) -> None:
    args = {"account_id": ACCOUNT_ID, "region": REGION, "environment": "dev", "boundary_arn": BOUNDARY, "trust": PODS}
    right = allow("Read", actions=["secretsmanager:GetSecretValue"], resources=["arn:aws:secretsmanager:::secret:a"])
    run_program(lambda: WorkloadIdentity("trainer", WorkloadIdentityArgs.model_validate(args | {"rights": (right,)})))
    policy = recorder.one("trainer-rights").inputs["policy"]
    assert decision(policy, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:::secret:a", {}) == "Allow"
    assert len(recorder.of_type("aws:iam/rolePolicy:RolePolicy")) == 1


def test_its_arn_is_known_beforehand(recorder: Recorder) -> None:
    role = build(recorder, grant("read"))
    assert workload_role_arn(ACCOUNT_ID, "dev", "trainer") == f"arn:aws:iam::{ACCOUNT_ID}:role/{role['name']}"


def test_a_reader_reads_and_lists_under_its_prefix_only(recorder: Recorder) -> None:
    build(recorder, grant("read"))
    assert rights(recorder, "s3:GetObject", f"{BUCKET}/models/a/b") == "Allow"
    assert rights(recorder, "s3:GetObject", f"{BUCKET}/secrets/a") == "none"
    assert rights(recorder, "s3:ListBucket", BUCKET, {"s3:prefix": "models/a"}) == "Allow"
    assert rights(recorder, "s3:ListBucket", BUCKET, {"s3:prefix": ""}) == "none"
    assert rights(recorder, "s3:ListBucket", BUCKET) == "none"
    assert rights(recorder, "s3:PutObject", f"{BUCKET}/models/a") == "none"


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"])
def test_a_writer_also_uploads_under_its_prefix_only(recorder: Recorder, action: str) -> None:
    build(recorder, grant("write"))
    assert rights(recorder, action, f"{BUCKET}/models/a") == "Allow"
    assert rights(recorder, action, f"{BUCKET}/other/a") == "none"
    assert rights(recorder, "s3:GetObject", f"{BUCKET}/models/a") == "Allow"


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutBucketPolicy"])
def test_nobody_deletes_or_changes_the_bucket(recorder: Recorder, action: str) -> None:
    build(recorder, grant("write", prefix=""))
    assert rights(recorder, action, f"{BUCKET}/models/a") == "none"


def test_a_grant_of_the_whole_bucket_lists_it_without_a_prefix(recorder: Recorder) -> None:
    build(recorder, grant("read", prefix=""))
    assert rights(recorder, "s3:ListBucket", BUCKET) == "Allow"
    assert rights(recorder, "s3:GetObject", f"{BUCKET}/anything") == "Allow"


@pytest.mark.parametrize(("access", "encrypts"), [("read", "none"), ("write", "Allow")])
def test_the_rights_to_objects_come_with_those_to_their_key(recorder: Recorder, access: str, encrypts: str) -> None:
    role = build(recorder, grant(access))
    place = KeyPlace(account_id=ACCOUNT_ID, region=REGION, environment="dev", key_name=DataClass.CONFIDENTIAL)
    key = document(*key_policy(place, [KeyUse.OBJECTS]))
    session = {f"aws:PrincipalTag/{tag}": value for tag, value in role["tags"].items()} | {
        "kms:CallerAccount": ACCOUNT_ID,
        "kms:ViaService": f"s3.{REGION}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": BUCKET,
        "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/{role['name']}",
    }
    assert decision(key, "kms:Decrypt", "key", session, principal="role") == "Allow"
    assert decision(key, "kms:GenerateDataKey", "key", session, principal="role") == encrypts


def test_of_several_grants_to_one_class_the_widest_decides_and_classes_stay_apart(recorder: Recorder) -> None:
    role = build(recorder, grant("write"), grant("read", prefix="data/"), grant("read", data_class="internal"))
    assert role["tags"] == {"key-access-confidential": "write", "key-access-internal": "read"}


def test_a_workload_without_grants_has_a_role_without_rights(recorder: Recorder) -> None:
    role = build(recorder)
    assert not recorder.of_type("aws:iam/rolePolicy:RolePolicy")
    assert not role.get("tags")


def test_the_role_bears_the_boundary_and_a_known_name(recorder: Recorder) -> None:
    role = build(recorder, grant())
    assert role["permissionsBoundary"] == BOUNDARY
    assert role["name"] == "groundwork-dev-trainer"


def test_the_pods_of_one_service_account_assume_the_role_and_no_others_do(recorder: Recorder) -> None:
    policy = build(recorder, grant())["assumeRolePolicy"]
    good = {
        "aws:SourceAccount": ACCOUNT_ID,
        "aws:SourceArn": f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/groundwork-dev",
        "aws:RequestTag/kubernetes-namespace": "training",
        "aws:RequestTag/kubernetes-service-account": "trainer",
    }
    pods = "pods.eks.amazonaws.com"
    for action in ("sts:AssumeRole", "sts:TagSession"):
        assert decision(policy, action, "*", good, principal=pods) == "Allow"
        for key in good:
            assert decision(policy, action, "*", good | {key: "other"}, principal=pods) == "none", key
    assert decision(policy, "sts:AssumeRole", "*", good, principal="ec2.amazonaws.com") == "none"


def test_a_service_assumes_the_role_for_one_resource_only(recorder: Recorder) -> None:
    project = f"arn:aws:codebuild:{REGION}:{ACCOUNT_ID}:project/groundwork-dev-runner"
    trust = ServiceTrust(service="codebuild.amazonaws.com", source_arn=project)
    policy = build(recorder, trust=trust)["assumeRolePolicy"]
    good = {"aws:SourceAccount": ACCOUNT_ID, "aws:SourceArn": project}
    assert decision(policy, "sts:AssumeRole", "*", good, principal="codebuild.amazonaws.com") == "Allow"
    other = good | {"aws:SourceArn": f"{project}-other"}
    assert decision(policy, "sts:AssumeRole", "*", other, principal="codebuild.amazonaws.com") == "none"


@pytest.mark.parametrize("prefix", ["models", "/models/", "*/", "models/*", "a//"])
def test_a_prefix_that_would_not_be_one_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="prefix"):
        BucketGrant(bucket_name="b", key_name=DataClass.CONFIDENTIAL, prefix=prefix, access="read")


def test_no_statement_has_a_wildcard_action_or_every_resource(recorder: Recorder) -> None:
    build(recorder, grant("write"), grant("read", prefix="data/"))
    for statement in json.loads(recorder.one("trainer-objects").inputs["policy"])["Statement"]:
        assert not [action for action in statement["Action"] if "*" in action]
        assert "*" not in statement["Resource"]

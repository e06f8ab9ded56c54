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


def test_a_key_is_denied_but_through_s3_and_ec2(policy: str) -> None:
    for action in ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"):
        assert decision(policy, action, "key", {}) == "Deny"
        assert decision(policy, action, "key", {"kms:ViaService": f"rds.{REGION}.amazonaws.com"}) == "Deny"
        # Silent, not allowing: the key's own policy grants this to the role's session.
        for service in ("s3", "ec2"):
            assert decision(policy, action, "key", {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}) == "none"
    for action in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateKey"):
        assert decision(policy, action, "key", {}) == "none"


SEES = ("Describe", "List", "GetAuthorizationToken", "GetBucket", "GetMetricData", "GetResources")
"""How actions begin that see what is there; ECR's token, metrics and the search by tag know no resource either."""


def test_only_what_sees_is_a_wildcard_or_for_everything(policy: str) -> None:
    for statement in json.loads(policy)["Statement"]:
        if statement["Effect"] == "Allow":
            for action in statement["Action"]:
                sees = action.split(":")[1].startswith(SEES)
                assert sees or "*" not in action
                assert sees or "*" not in statement["Resource"]


def test_node_pools_of_this_cluster_alone_are_scaled(policy: str) -> None:
    group = f"arn:aws:autoscaling:{REGION}:{ACCOUNT_ID}:autoScalingGroup:1:autoScalingGroupName/eks-training"
    tag = "aws:ResourceTag/k8s.io/cluster-autoscaler/groundwork-"
    assert decision(policy, "autoscaling:SetDesiredCapacity", group, {f"{tag}dev": "owned"}) == "Allow"
    assert decision(policy, "autoscaling:SetDesiredCapacity", group, {f"{tag}prod": "owned"}) == "none"
    assert decision(policy, "autoscaling:UpdateAutoScalingGroup", group, {f"{tag}dev": "owned"}) == "none"


def test_the_cluster_is_seen_and_its_access_is_not_changed(policy: str) -> None:
    cluster = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/groundwork-dev"
    assert decision(policy, "eks:DescribeCluster", cluster, {}) == "Allow"
    assert decision(policy, "eks:DescribeCluster", cluster.replace("-dev", "-prod"), {}) == "none"
    for action in (
        "eks:CreateAccessEntry",
        "eks:AssociateAccessPolicy",
        "eks:DeleteCluster",
        "eks:UpdateClusterConfig",
    ):
        assert decision(policy, action, cluster, {}) == "none"


EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ec2:AssignPrivateIpAddresses", f"{EC2}:network-interface/eni-1"),
        ("ec2:AttachVolume", f"{EC2}:instance/i-1"),
        ("ec2:CreateVolume", f"{EC2}:volume/vol-1"),
        ("ec2:DescribeInstances", "*"),
        ("ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:602401143452:repository/eks/coredns"),
        ("ecr:GetAuthorizationToken", "*"),
        ("eks-auth:AssumeRoleForPodIdentity", f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/groundwork-dev"),
        ("kms:DescribeKey", f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1"),
    ],
)
def test_nodes_the_cni_and_the_csi_driver_can_work_within_it(policy: str, action: str, resource: str) -> None:
    assert decision(policy, action, resource, {}) == "Allow"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ec2:CreateRoute", f"{EC2}:route-table/rtb-1"),
        ("ec2:CreateTags", f"{EC2}:route-table/rtb-1"),
        ("ec2:ModifyInstanceAttribute", f"{EC2}:instance/i-1"),
        ("ec2:RunInstances", f"{EC2}:instance/i-1"),
        ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/groundwork-dev-training"),
        ("eks-auth:AssumeRoleForPodIdentity", f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/groundwork-prod"),
    ],
)
def test_what_managed_policies_ask_for_beside_that_is_not_within_it(policy: str, action: str, resource: str) -> None:
    assert decision(policy, action, resource, {}) == "none"


def test_it_fits_into_a_managed_policy(policy: str) -> None:
    """IAM user guide, "IAM and STS character limits": 6,144 characters without white space."""
    assert len(policy) <= 6144

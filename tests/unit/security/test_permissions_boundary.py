"""Decides what the boundary leaves to any role, by a small evaluator."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase

import botocore.session
import pytest

from components.policy_document import document
from components.security.boundary_rights import Right, together
from components.security.permissions_boundary import (
    PermissionsBoundary,
    PermissionsBoundaryArgs,
    boundary_arn,
    boundary_statements,
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


def test_a_key_is_denied_but_through_the_services_in_use(policy: str) -> None:
    for action in ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"):
        assert decision(policy, action, "key", {}) == "Deny"
        assert decision(policy, action, "key", {"kms:ViaService": f"rds.{REGION}.amazonaws.com"}) == "Deny"
        # Silent, not allowing: the key's own policy grants this to the role's session.
        for service in ("backup", "ec2", "s3", "secretsmanager", "sqs"):
            assert decision(policy, action, "key", {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}) == "none"
    for action in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateKey"):
        assert decision(policy, action, "key", {}) == "none"


SEES = ("Describe", "List", "GetAuthorizationToken", "GetBucket", "GetMetric", "GetResources")
"""How actions begin that see what is there; ECR's token, metrics and the search by tag know no resource either."""
READS_AN_OBJECT = "s3:GetObject*"
"""Whoever may read an object may read all of it: its versions, tags, retention."""
NO_RESOURCE = "secretsmanager:GetRandomPassword"
"""Makes a password for whoever asks, and keeps nothing."""
STANDS_FOR = {
    "ec2:*PrivateIpAddresses": {"AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"},
    "ec2:*SecurityGroupIngress": {"AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"},
    "ec2:CreateNetworkInterface*": {"CreateNetworkInterface", "CreateNetworkInterfacePermission"},
    "elasticloadbalancing:Delete*Listener*": {"DeleteListener", "DeleteLoadBalancerListeners"},
    "elasticloadbalancing:Deregister*": {"DeregisterInstancesFromLoadBalancer", "DeregisterTargets"},
    "elasticloadbalancing:ModifyTargetGroup*": {"ModifyTargetGroup", "ModifyTargetGroupAttributes"},
    "elasticloadbalancing:Register*": {"RegisterInstancesWithLoadBalancer", "RegisterTargets"},
    "es:ESHttp*": set(),
    "events:*Rule": {"DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "ListTargetsByRule", "PutRule"},
    "firehose:PutRecord*": {"PutRecord", "PutRecordBatch"},
    "sqs:GetQueue*": {"GetQueueAttributes", "GetQueueUrl"},
}
"""The actions that were reviewed, by the wildcard that takes their place; those of requests to a search domain itself
are no operations of the service."""


def allowed(policy: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every action that is allowed, with its resources."""
    for statement in json.loads(policy)["Statement"]:
        if statement["Effect"] == "Allow":
            yield from ((action, statement["Resource"]) for action in statement["Action"])


def test_only_what_sees_is_for_everything_and_other_wildcards_were_reviewed(policy: str) -> None:
    wildcards = set()
    for action, resources in allowed(policy):
        sees = action.split(":")[1].startswith(SEES)
        assert sees or action == NO_RESOURCE or "*" not in resources
        if "*" in action and not sees and action != READS_AN_OBJECT:
            wildcards.add(action)
    assert wildcards == set(STANDS_FOR)


@pytest.mark.parametrize("wildcard", STANDS_FOR)
def test_a_wildcard_stands_for_no_other_action_of_its_service(wildcard: str) -> None:
    service, _, pattern = wildcard.partition(":")
    models = {"elasticloadbalancing": ("elb", "elbv2")}.get(service, (service,))
    session = botocore.session.get_session()
    operations = {name for model in models for name in session.get_service_model(model).operation_names}
    assert {name for name in operations if fnmatchcase(name, pattern)} == STANDS_FOR[wildcard]


def test_an_action_is_in_one_statement_with_resources_of_its_own_kind(policy: str) -> None:
    """Else rights that share a statement would widen each other."""
    for statement in json.loads(policy)["Statement"]:
        if statement["Effect"] == "Allow" and statement["Resource"] != ["*"]:
            services = {arn.split(":")[2] for arn in statement["Resource"]}
            actions = {action.split(":")[0] for action in statement["Action"]} - {"eks-auth"}  # on clusters
            assert actions == services


def test_two_rights_on_the_same_service_do_not_share_a_statement() -> None:
    read, write = (
        Right(("sqs:ReceiveMessage",), ("arn:aws:sqs:r:1:a",)),
        Right(("sqs:SendMessage",), ("arn:aws:sqs:r:1:b",)),
    )
    with pytest.raises(ValueError, match="more than one right on sqs"):
        together("Both", read, write)


SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret"


@pytest.mark.parametrize(
    ("action", "resource", "verdict"),
    [
        ("secretsmanager:GetSecretValue", f"{SECRETS}:groundwork-dev/mlflow/server-AbCdEf", "Allow"),
        ("secretsmanager:PutSecretValue", f"{SECRETS}:groundwork-dev/mlflow/server-AbCdEf", "Allow"),
        ("secretsmanager:GetSecretValue", f"{SECRETS}:rds!db-1", "Allow"),
        ("secretsmanager:PutSecretValue", f"{SECRETS}:rds!db-1", "none"),
        ("secretsmanager:GetSecretValue", f"{SECRETS}:groundwork-prod/mlflow/server-AbCdEf", "none"),
        ("secretsmanager:GetSecretValue", f"{SECRETS}:payroll-AbCdEf", "none"),
        ("secretsmanager:PutResourcePolicy", f"{SECRETS}:groundwork-dev/mlflow/server-AbCdEf", "none"),
        ("secretsmanager:DeleteSecret", f"{SECRETS}:groundwork-dev/mlflow/server-AbCdEf", "none"),
        ("secretsmanager:GetRandomPassword", "*", "Allow"),
        ("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:groundwork-dev-registry-events", "Allow"),
        ("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:groundwork-prod-registry-events", "none"),
        ("sqs:PurgeQueue", f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:groundwork-dev-registry-events", "none"),
        ("sqs:SetQueueAttributes", f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:groundwork-dev-registry-events", "none"),
        ("es:ESHttpPost", f"arn:aws:es:{REGION}:{ACCOUNT_ID}:domain/groundwork-dev-logs/_bulk", "Allow"),
        ("es:ESHttpPut", f"arn:aws:es:{REGION}:{ACCOUNT_ID}:domain/groundwork-dev-logs/_plugins/_ism", "Allow"),
        ("es:ESHttpPost", f"arn:aws:es:{REGION}:{ACCOUNT_ID}:domain/groundwork-prod-logs/_bulk", "none"),
        ("es:UpdateDomainConfig", f"arn:aws:es:{REGION}:{ACCOUNT_ID}:domain/groundwork-dev-logs", "none"),
        ("es:DeleteDomain", f"arn:aws:es:{REGION}:{ACCOUNT_ID}:domain/groundwork-dev-logs", "none"),
        ("rds-db:connect", f"arn:aws:rds-db:{REGION}:{ACCOUNT_ID}:dbuser:db-ABC/mlflow", "Allow"),
        ("rds-db:connect", f"arn:aws:rds-db:{REGION}:999999999999:dbuser:db-ABC/mlflow", "none"),
    ],
)
def test_the_registry_can_work_within_it(policy: str, action: str, resource: str, verdict: str) -> None:
    assert decision(policy, action, resource, {}) == verdict


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


def test_it_fits_into_a_managed_policy_wherever_the_environment_is() -> None:
    """IAM user guide, "IAM and STS character limits": 6,144 characters without white space."""
    longest = PermissionsBoundaryArgs(account_id=ACCOUNT_ID, region="ap-southeast-2", environment="a" * 12)
    assert len(document(*boundary_statements(longest))) <= 6144

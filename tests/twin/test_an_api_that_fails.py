"""An API on a bad day: what can be tried again is, nothing is made twice, and what cannot is said in AWS' own words."""

import json
import re
from collections.abc import Iterable, Mapping

from tests.support.project import Project
from tests.support.world import assert_nothing_is_left, assert_state_and_world_agree, held, state_text
from twin.aws.faults import Fault, Kind, plan, planned

ALWAYS = 1000


def fail(project: Project, *faults: Fault) -> None:
    plan(project.root / ".twin", faults)


def not_struck(project: Project) -> list[str]:
    return [fault.operation for fault in planned(project.root / ".twin")]


def lost_answers(operations: Mapping[str, Iterable[str]]) -> list[Fault]:
    """The first request of each operation is done, and the connection closed before the answer."""
    return [Fault(service, name, "closed", after=True) for service, names in operations.items() for name in names]


def half_made(project: Project) -> set[str]:
    """Names of the resources that the state has as made, but not finished."""
    resources = json.loads(state_text(project))["deployment"]["resources"]
    return {resource["urn"].split("::")[-1] for resource in resources if resource.get("initErrors")}


def assert_finished(project: Project) -> None:
    project.pulumi("preview", "--expect-no-changes", "--non-interactive", "-s", "dev")
    assert_state_and_world_agree(project)
    assert not json.loads(state_text(project))["deployment"].get("pending_operations")


BAD_DAY: Mapping[tuple[str, str], Kind] = {
    ("ec2", "CreateVpc"): "throttled",
    ("ec2", "CreateSubnet"): "internal-error",
    ("s3", "CreateBucket"): "throttled",
    ("s3", "PutBucketPolicy"): "internal-error",
    ("kms", "CreateKey"): "unavailable",
    ("iam", "CreateRole"): "throttled",
    ("ecr", "CreateRepository"): "internal-error",
    ("logs", "CreateLogGroup"): "unavailable",
    ("rds", "CreateDBInstance"): "internal-error",
    ("rds", "DescribeDBInstances"): "throttled",
    ("cloudtrail", "CreateTrail"): "throttled",
    ("eks", "CreateCluster"): "throttled",
    ("eks", "DescribeCluster"): "internal-error",
    ("eks", "CreateNodegroup"): "internal-error",
    ("eks", "CreateAddon"): "throttled",
    ("eks", "CreateAccessEntry"): "unavailable",
    ("autoscaling", "CreateOrUpdateTags"): "throttled",
}


def test_what_can_be_tried_again_is_and_what_was_done_although_no_answer_came_is_not_done_again(
    project: Project,
) -> None:
    project.groundwork("twin", "start")
    creates = {
        "ec2": ("CreateVpc", "CreateSubnet", "CreateRouteTable", "CreateRoute", "AssociateRouteTable",
                "CreateInternetGateway", "AttachInternetGateway", "AllocateAddress", "CreateNatGateway",
                "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "CreateVpcEndpoint", "CreateFlowLogs",
                "CreateLaunchTemplate"),
        "kms": ("CreateKey", "CreateAlias"),
        "s3": ("CreateBucket",),
        "iam": ("CreateRole", "CreatePolicy", "CreateOpenIDConnectProvider"),
        "ecr": ("CreateRepository",),
        "logs": ("CreateLogGroup",),
        "rds": ("CreateDBInstance", "CreateDBSubnetGroup", "CreateDBParameterGroup"),
        "cloudtrail": ("CreateTrail",),
        "eks": ("CreateCluster", "CreateNodegroup", "CreateAddon", "CreateAccessEntry", "AssociateAccessPolicy",
                "CreatePodIdentityAssociation"),
        "autoscaling": ("CreateOrUpdateTags",),
    }  # fmt: skip
    bad_day = [Fault(service, name, kind, times=3) for (service, name), kind in BAD_DAY.items()]
    fail(project, *bad_day, *lost_answers(creates))
    project.groundwork("up", "dev")
    assert not_struck(project) == []
    assert_finished(project)

    deletes = {
        "ec2": ("DeleteVpc", "DeleteSubnet", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable",
                "DeleteInternetGateway", "DetachInternetGateway", "ReleaseAddress", "DeleteNatGateway",
                "DeleteSecurityGroup", "RevokeSecurityGroupIngress", "DeleteVpcEndpoints", "DeleteFlowLogs",
                "DeleteLaunchTemplate"),
        "kms": ("ScheduleKeyDeletion", "DeleteAlias"),
        "s3": ("DeleteBucket", "DeleteBucketPolicy"),
        "iam": ("DeleteRole", "DeletePolicy", "DetachRolePolicy", "DeleteOpenIDConnectProvider"),
        "ecr": ("DeleteRepository",),
        "logs": ("DeleteLogGroup",),
        "rds": ("DeleteDBInstance", "DeleteDBSubnetGroup", "DeleteDBParameterGroup"),
        "cloudtrail": ("DeleteTrail",),
        "eks": ("DeleteCluster", "DeleteNodegroup", "DeleteAddon", "DeleteAccessEntry", "DisassociateAccessPolicy",
                "DeletePodIdentityAssociation"),
        "autoscaling": ("DeleteTags",),
    }  # fmt: skip
    fail(project, *lost_answers(deletes))
    project.groundwork("destroy", "dev", "--yes", "--unprotect")
    assert not_struck(project) == []
    assert_nothing_is_left(project)


def test_a_resource_that_could_not_be_finished_is_named_recorded_and_finished_by_the_next_up(project: Project) -> None:
    project.groundwork("twin", "start")
    fail(
        project,
        Fault("kms", "EnableKeyRotation", "internal-error", times=ALWAYS),
        Fault("ec2", "ModifyVpcAttribute", "denied", times=ALWAYS),
    )
    failed = project.groundwork("up", "dev", check=False)
    assert failed.returncode == 1
    said = failed.stdout + failed.stderr
    assert "Traceback" not in said
    assert "error keys-internal" in said
    assert "kms:EnableKeyRotation (KeyId " in said
    assert "InternalFailure: We encountered an internal error. Please try again." in said
    assert "error network-vpc" in said
    assert "ec2:ModifyVpcAttribute (VpcId vpc-" in said
    assert "UnauthorizedOperation: You are not authorized to perform: ec2:ModifyVpcAttribute" in said
    assert "context canceled" not in said, "what was only given up because of the others is no news"
    assert {"keys-internal", "network-vpc"} <= half_made(project)
    assert_state_and_world_agree(project)
    before = held(project)

    fail(
        project,
        Fault("s3", "PutBucketTagging", "denied", times=ALWAYS),
        Fault("logs", "PutRetentionPolicy", "denied", times=ALWAYS),
        Fault("rds", "ModifyDBParameterGroup", "denied", times=ALWAYS),
    )
    failed = project.groundwork("up", "dev", check=False)
    assert failed.returncode == 1
    said = failed.stdout + failed.stderr
    assert "AccessDenied" in said
    # Whichever came first: after that nothing more is begun.
    assert re.search(r"(PutBucketTagging|PutRetentionPolicy|ModifyDBParameterGroup) \(\w+ \S*groundwork-", said)
    assert not {"keys-internal", "network-vpc"} & half_made(project), "these are finished by now"
    assert_state_and_world_agree(project)

    fail(project)
    project.groundwork("up", "dev")
    assert half_made(project) == set()
    assert_finished(project)
    after = held(project)
    assert set(before["key"]) <= set(after["key"])
    assert before["vpc"] == after["vpc"], "finished, not made anew"
    for key in after["key"]:
        assert project.account().client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    for bucket in after["bucket"]:
        assert project.account().client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]

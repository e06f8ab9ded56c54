"""CodeBuild against its API reference: what a project keeps, webhooks, the role that is handed over."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

GITHUB = {"type": "GITHUB", "location": "https://github.com/octo-org/groundwork.git"}
QUEUED = [[{"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"}]]
PROJECTS = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project"


@pytest.fixture
def codebuild(twin: Twin) -> Any:
    return twin.client("codebuild")


@pytest.fixture
def name() -> str:
    return f"runner-{uuid.uuid4().hex[:8]}"


def role_for(twin: Twin, service: str = "codebuild.amazonaws.com", **conditions: str) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if conditions:
        statement["Condition"] = {"ArnLike": {key.replace("__", ":"): value for key, value in conditions.items()}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = twin.client("iam").create_role(RoleName=f"r-{uuid.uuid4().hex[:8]}", AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


def project(name: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "serviceRole": role,
        "artifacts": {"type": "NO_ARTIFACTS"},
        "source": GITHUB,
        "environment": {"type": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL", "image": "aws/codebuild/x"},
        **more,
    }


def refused(code: str, call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return str(caught.value.response["Error"]["Message"])


def test_a_project_keeps_what_it_was_told_and_shows_what_it_was_not(twin: Twin, codebuild: Any, name: str) -> None:
    """CreateProject, BatchGetProjects: defaults of the API reference."""
    kept = {
        "vpcConfig": {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]},
        "logsConfig": {"cloudWatchLogs": {"status": "ENABLED", "groupName": "g"}},
        "concurrentBuildLimit": 3,
        "queuedTimeoutInMinutes": 30,
    }
    made = codebuild.create_project(**project(name, role_for(twin), **kept))["project"]
    (there,) = codebuild.batch_get_projects(names=[name])["projects"]
    for field, value in kept.items():
        assert made[field] == there[field] == value
    assert there["cache"] == {"type": "NO_CACHE"}
    assert (there["autoRetryLimit"], there["projectVisibility"]) == (0, "PRIVATE")
    assert codebuild.batch_get_projects(names=[made["arn"]])["projects"][0]["name"] == name


def test_an_update_leaves_alone_what_it_does_not_name_and_takes_away_what_is_empty(
    twin: Twin, codebuild: Any, name: str
) -> None:
    """UpdateProject: -1 lifts the limit, an empty VPC configuration takes the project out of the VPC."""
    codebuild.create_project(
        **project(name, role_for(twin), concurrentBuildLimit=3, vpcConfig={"vpcId": "vpc-1", "subnets": ["s"]})
    )
    codebuild.update_project(name=name, queuedTimeoutInMinutes=10)
    there = codebuild.batch_get_projects(names=[name])["projects"][0]
    assert (there["concurrentBuildLimit"], there["vpcConfig"]["vpcId"]) == (3, "vpc-1")
    codebuild.update_project(name=name, concurrentBuildLimit=-1, vpcConfig={})
    there = codebuild.batch_get_projects(names=[name])["projects"][0]
    assert "concurrentBuildLimit" not in there
    assert "vpcConfig" not in there
    assert there["queuedTimeoutInMinutes"] == 10


def test_what_no_project_can_have_is_refused(twin: Twin, codebuild: Any, name: str) -> None:
    role = role_for(twin)
    local = {"cache": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}, "vpcConfig": {"vpcId": "vpc-1"}}
    for wrong, said in (
        ({"timeoutInMinutes": 2161}, "timeoutInMinutes"),
        ({"queuedTimeoutInMinutes": 481}, "queuedTimeoutInMinutes"),
        (local, "local caching"),
    ):
        assert said in refused("InvalidInputException", codebuild.create_project, **project(name, role, **wrong))
    assert codebuild.batch_get_projects(names=[name])["projects"] == []


def test_the_role_has_to_trust_codebuild_for_this_project(twin: Twin, codebuild: Any, name: str) -> None:
    for role in (
        role_for(twin, "ec2.amazonaws.com"),
        role_for(twin, aws__SourceArn=f"{PROJECTS}/another"),
        f"arn:aws:iam::{ACCOUNT}:role/nobody",
    ):
        said = refused("InvalidInputException", codebuild.create_project, **project(name, role))
        assert said == f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}"
    codebuild.create_project(**project(name, role_for(twin, aws__SourceArn=f"{PROJECTS}/{name}")))


def test_who_makes_a_project_must_be_allowed_to_hand_the_role_to_codebuild(twin: Twin, name: str) -> None:
    role = role_for(twin)
    create = allow(f"{PROJECTS}/{name}", "codebuild:CreateProject")
    without = twin.client("codebuild", twin.role(f"w-{name}", create))
    refused("AccessDeniedException", without.create_project, **project(name, role))
    passing = allow(role, "iam:PassRole") | {
        "Condition": {"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}}
    }
    twin.client("codebuild", twin.role(f"p-{name}", create, passing)).create_project(**project(name, role))


def test_a_policy_that_names_projects_decides_on_them(twin: Twin, codebuild: Any, name: str) -> None:
    """BatchGetProjects is about the project; an operation that the emulator lacks asks for its right as well."""
    codebuild.create_project(**project(name, role_for(twin)))
    reader = twin.client("codebuild", twin.role(f"g-{name}", allow(f"{PROJECTS}/{name}", "codebuild:BatchGetProjects")))
    assert reader.batch_get_projects(names=[name])["projects"][0]["name"] == name
    refused("AccessDeniedException", reader.batch_get_projects, names=["another"])
    refused("AccessDeniedException", reader.create_webhook, projectName=name, filterGroups=QUEUED)


def test_a_webhook_is_part_of_its_project_and_goes_with_it(twin: Twin, codebuild: Any, name: str) -> None:
    """CreateWebhook tells the secret once; UpdateWebhook with rotateSecret tells the new one."""
    refused("ResourceNotFoundException", codebuild.create_webhook, projectName=name, filterGroups=QUEUED)
    codebuild.create_project(**project(name, role_for(twin)))
    made = codebuild.create_webhook(projectName=name, filterGroups=QUEUED, buildType="BUILD")["webhook"]
    assert made["secret"]
    refused("ResourceAlreadyExistsException", codebuild.create_webhook, projectName=name, filterGroups=QUEUED)
    shown = codebuild.batch_get_projects(names=[name])["projects"][0]["webhook"]
    assert shown["filterGroups"] == QUEUED
    assert "secret" not in shown
    more = [*QUEUED, [{"type": "EVENT", "pattern": "PUSH"}]]
    assert "secret" not in codebuild.update_webhook(projectName=name, filterGroups=more)["webhook"]
    assert codebuild.update_webhook(projectName=name, rotateSecret=True)["webhook"]["secret"] != made["secret"]
    assert codebuild.batch_get_projects(names=[name])["projects"][0]["webhook"]["filterGroups"] == more
    codebuild.delete_webhook(projectName=name)
    assert "webhook" not in codebuild.batch_get_projects(names=[name])["projects"][0]
    refused("ResourceNotFoundException", codebuild.delete_webhook, projectName=name)


def test_a_project_without_a_repository_has_no_webhook(twin: Twin, codebuild: Any, name: str) -> None:
    codebuild.create_project(**project(name, role_for(twin), source={"type": "NO_SOURCE", "buildspec": "version: 0.2"}))
    refused("InvalidInputException", codebuild.create_webhook, projectName=name, filterGroups=QUEUED)


def test_projects_and_webhooks_outlive_the_server(twin: Twin, name: str) -> None:
    twin.client("codebuild").create_project(**project(name, role_for(twin), concurrentBuildLimit=3))
    twin.client("codebuild").create_webhook(projectName=name, filterGroups=QUEUED)
    twin.stop()
    twin.start()
    (there,) = twin.client("codebuild").batch_get_projects(names=[name])["projects"]
    assert (there["concurrentBuildLimit"], there["webhook"]["filterGroups"]) == (3, QUEUED)


def test_an_interface_is_made_by_who_may_put_it_into_the_subnet_and_the_groups(twin: Twin, name: str) -> None:
    """CreateNetworkInterface is about the interface, its subnet and its groups, each by its own tags."""
    ec2 = twin.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    ours, other = (
        ec2.create_security_group(GroupName=f"{name}-{which}", Description="d", VpcId=vpc)["GroupId"] for which in "ab"
    )
    ec2.create_tags(Resources=[subnet, ours], Tags=[{"Key": "environment", "Value": "dev"}])
    here = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
    parts = allow([f"{here}:subnet/*", f"{here}:security-group/*"], "ec2:CreateNetworkInterface") | {
        "Condition": {"StringEquals": {"aws:ResourceTag/environment": "dev"}}
    }
    interface = allow(f"{here}:network-interface/*", "ec2:CreateNetworkInterface")
    without = twin.client("ec2", twin.role(f"nw-{name}", parts))
    refused("UnauthorizedOperation", without.create_network_interface, SubnetId=subnet, Groups=[ours])
    with_all = twin.client("ec2", twin.role(f"ni-{name}", parts, interface))
    refused("UnauthorizedOperation", with_all.create_network_interface, SubnetId=subnet, Groups=[other])
    assert with_all.create_network_interface(SubnetId=subnet, Groups=[ours])["NetworkInterface"]["SubnetId"] == subnet

"""IAM."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import Example, World


def _document(*actions: str, sid: str = "It") -> str:
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def _trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _new_role(world: World) -> str:
    name = world.name("role")
    world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_trust("ec2.amazonaws.com"))
    return name


def _new_policy(world: World) -> str:
    policy = world.client("iam").create_policy(PolicyName=world.name("policy"), PolicyDocument=_document("s3:*"))
    arn: str = policy["Policy"]["Arn"]
    return arn


def _tags(entries: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in entries}


def _role_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    iam = world.client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(inputs["assumeRolePolicy"])
    assert role.get("Description", "") == inputs.get("description", "")
    assert role["MaxSessionDuration"] == inputs["maxSessionDuration"]
    assert role["Path"] == inputs["path"]
    assert role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") == inputs.get("permissionsBoundary")
    assert _tags(iam.list_role_tags(RoleName=name)["Tags"]) == inputs["tagsAll"]


def _role_policy_holds(world: World, policy_id: str, inputs: Mapping[str, Any]) -> None:
    role, name = policy_id.split(":")
    policy = world.client("iam").get_role_policy(RoleName=role, PolicyName=name)
    assert policy["PolicyDocument"] == json.loads(inputs["policy"])


def _policy_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    iam = world.client("iam")
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"] == json.loads(inputs["policy"])
    assert _tags(iam.list_policy_tags(PolicyArn=arn)["Tags"]) == inputs["tagsAll"]
    assert len(iam.list_policy_versions(PolicyArn=arn)["Versions"]) <= 5


def _attachment_holds(world: World, _id: str, inputs: Mapping[str, Any]) -> None:
    attached = world.client("iam").list_attached_role_policies(RoleName=inputs["role"])["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [inputs["policyArn"]]


def _oidc_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    provider = world.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert provider["Url"].removeprefix("https://") == inputs["url"].removeprefix("https://")
    assert sorted(provider["ClientIDList"]) == sorted(inputs["clientIdLists"])
    assert provider["ThumbprintList"] == inputs["thumbprintLists"]
    assert _tags(provider["Tags"]) == inputs["tagsAll"]


EXAMPLES = (
    Example(
        "aws:iam/role:Role",
        inputs=lambda world: {
            "name": world.name("workload"),
            "assumeRolePolicy": _trust("ec2.amazonaws.com"),
            "description": "what it is for",
            "path": "/groundwork/",
            "permissionsBoundary": _new_policy(world),
            "tags": {"a": "1"},
        },
        holds=_role_holds,
        updates=(
            {"assumeRolePolicy": _trust("ecs-tasks.amazonaws.com")},
            {"description": "something else", "maxSessionDuration": 7200},
            lambda world: {"permissionsBoundary": _new_policy(world)},
            {"permissionsBoundary": None},
            {"tags": {"b": "2"}},
            {"forceDetachPolicies": True},
        ),
        not_imported=frozenset({"forceDetachPolicies"}),
    ),
    Example(
        "aws:iam/rolePolicy:RolePolicy",
        inputs=lambda world: {"role": _new_role(world), "policy": _document("s3:GetObject")},
        holds=_role_policy_holds,
        updates=({"policy": _document("s3:GetObject", "s3:PutObject")},),
    ),
    Example(
        "aws:iam/policy:Policy",
        inputs=lambda _: {"policy": _document("s3:GetObject"), "description": "for reading", "path": "/groundwork/"},
        holds=_policy_holds,
        updates=(
            *({"policy": _document("s3:GetObject", sid=f"Version{number}")} for number in range(2, 9)),
            {"tags": {"c": "3"}},
        ),
    ),
    Example(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        inputs=lambda world: {"role": _new_role(world), "policyArn": _new_policy(world)},
        holds=_attachment_holds,
    ),
    Example(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        inputs=lambda _: {
            "url": "https://token.actions.githubusercontent.com",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["6938fd4d98bab03faadb97b34396831e3780aea1"],
        },
        holds=_oidc_holds,
        updates=(
            {"clientIdLists": ["sts.amazonaws.com", "another"]},
            {"clientIdLists": ["another"]},
            {"thumbprintLists": ["1c58a3a8518e8759bf075b76b750d4f2df264fcd"]},
            {"tags": {"d": "4"}},
        ),
    ),
)

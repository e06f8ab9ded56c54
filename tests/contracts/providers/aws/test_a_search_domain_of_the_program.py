"""The search domain of the program, made with the rights of the pipeline's deploy role and no others."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components.policy_document import Statement, document
from components.security.deploy_permissions import WRITE
from components.security.key_policy import KeyPlace, KeyUse, key_policy
from components.security.permissions import Permission, Scope
from components.security.preview_permissions import PREVIEW
from components.tags import DataClass
from tests.contracts.providers.aws.examples import ACCOUNT, REGION, World

PREFIX = "groundwork-dev"
SCOPE = Scope(account=ACCOUNT, region=REGION, environment="dev", boundary="none")
PLACE = KeyPlace(account_id=ACCOUNT, region=REGION, environment="dev", key_name=DataClass.CONFIDENTIAL)


def as_role(world: World, permissions: tuple[Permission, ...]) -> Any:
    """A client of OpenSearch Service with these rights alone."""
    iam, name = world.client("iam"), world.name("pipeline")
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    rights = document(*(permission.statement(SCOPE) for permission in permissions))
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
    taken = world.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="test")
    given = taken["Credentials"]
    return boto3.client(
        "opensearch",
        region_name=REGION,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def key(world: World, *uses: KeyUse) -> str:
    """A key with these uses, with the policy that the program gives it."""
    statements: tuple[Statement, ...] = key_policy(PLACE, uses)
    return str(world.client("kms").create_key(Policy=document(*statements))["KeyMetadata"]["Arn"])


def within(world: World) -> dict[str, Any]:
    """A place in a VPC."""
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=world.name("search"), Description="it", VpcId=vpc)["GroupId"]
    return {"SubnetIds": [subnet], "SecurityGroupIds": [group]}


def asked(world: World, name: str, key_arn: str) -> dict[str, Any]:
    return {
        "DomainName": name,
        "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": key_arn},
        "VPCOptions": within(world),
        "TagList": [{"Key": "environment", "Value": "dev"}],
    }


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    found = error.value.response["Error"]
    return f"{found['Code']}: {found['Message']}"


def test_deploy_makes_and_changes_the_environments_domain_and_preview_looks_at_it(world: World) -> None:
    deploy, preview = as_role(world, WRITE["monitoring"]), as_role(world, PREVIEW["read-monitoring"])
    name = world.name(f"{PREFIX}-it")
    arn = deploy.create_domain(**asked(world, name, key(world, KeyUse.SEARCH_DOMAINS)))["DomainStatus"]["ARN"]
    assert preview.describe_domain(DomainName=name)["DomainStatus"]["ARN"] == arn
    assert preview.describe_domain_config(DomainName=name)["DomainConfig"]
    assert preview.list_tags(ARN=arn)["TagList"] == [{"Key": "environment", "Value": "dev"}]
    deploy.add_tags(ARN=arn, TagList=[{"Key": "more", "Value": "1"}])
    for call, parameters in (
        (deploy.delete_domain, {"DomainName": name}),
        (deploy.create_domain, asked(world, world.name("payroll"), key(world, KeyUse.SEARCH_DOMAINS))),
        (preview.update_domain_config, {"DomainName": name}),
        (preview.delete_domain, {"DomainName": name}),
    ):
        assert "AccessDenied" in refusal(call, **parameters)
    world.client("opensearch").delete_domain(DomainName=name)


def test_a_key_without_the_use_is_refused(world: World) -> None:
    deploy = as_role(world, WRITE["monitoring"])
    other = key(world, KeyUse.DATABASES, KeyUse.LOG_GROUPS, KeyUse.OBJECTS)
    assert "kms:CreateGrant" in refusal(deploy.create_domain, **asked(world, world.name(f"{PREFIX}-it"), other))

"""Decides whether the CSI driver's own policy is enough for its volumes, and no more; tried on a real server."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
MARK = {"ebs.csi.aws.com/cluster": "true"}


def only_if(statement: dict[str, Any], kind: str) -> dict[str, Any]:
    conditions = {f"aws:{kind}/{name}": value for name, value in MARK.items()}
    return statement | {"Condition": {"StringEquals": conditions}}


RIGHTS = {
    "make": only_if(allow(f"{EC2}:volume/*", "ec2:CreateVolume"), "RequestTag"),
    "tag": allow(f"{EC2}:volume/*", "ec2:CreateTags")
    | {"Condition": {"StringEquals": {"ec2:CreateAction": "CreateVolume"}}},
    "look": allow("*", "ec2:DescribeVolumes"),
    "change": only_if(allow(f"{EC2}:volume/*", "ec2:DeleteVolume", "ec2:AttachVolume"), "ResourceTag"),
}


def volume(client: Any, tags: dict[str, str] = MARK, **asked: Any) -> dict[str, Any]:
    specification = [{"ResourceType": "volume", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
    made: dict[str, Any] = client.create_volume(
        AvailabilityZone=f"{REGION}a", Size=1, VolumeType="gp3", TagSpecifications=specification, **asked
    )
    return made


@pytest.fixture(scope="module")
def driver(twin: Twin) -> Any:
    return twin.client("ec2", twin.role("driver", *RIGHTS.values()))


@pytest.fixture(scope="module")
def key(twin: Twin) -> str:
    """A key for the volumes of the role `encrypting`, through EC2 alone."""
    through = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
    maker = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/encrypting"}, "StringEquals": through}
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statements = [
        {"Effect": "Allow", "Principal": root, "Action": "kms:PutKeyPolicy", "Resource": "*"},
        allow("*", "kms:GenerateDataKey*") | {"Principal": "*", "Condition": maker},
        allow("*", "kms:CreateGrant")
        | {"Principal": "*", "Condition": maker | {"Bool": {"kms:GrantIsForAWSResource": "true"}}},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made: str = twin.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    return made


def test_the_driver_makes_and_removes_volumes_that_bear_its_tag(driver: Any) -> None:
    made = volume(driver, Throughput=250)
    (shown,) = driver.describe_volumes(VolumeIds=[made["VolumeId"]])["Volumes"]
    assert shown["Throughput"] == 250
    driver.delete_volume(VolumeId=made["VolumeId"])
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        driver.describe_volumes(VolumeIds=[made["VolumeId"]])


def test_the_driver_has_no_right_to_volumes_without_its_tag(twin: Twin, driver: Any) -> None:
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        volume(driver, {"Name": "mine"})
    other = volume(twin.client("ec2"), {"Name": "a person's"})
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        driver.delete_volume(VolumeId=other["VolumeId"])


def test_tags_in_a_create_need_the_right_to_tag(twin: Twin) -> None:
    without = twin.role("without-tags", *(each for name, each in RIGHTS.items() if name != "tag"))
    with pytest.raises(ClientError, match=r"UnauthorizedOperation.*ec2:CreateTags"):
        volume(twin.client("ec2", without))


def test_attaching_needs_the_right_on_the_instance_too(driver: Any) -> None:
    made = volume(driver)
    with pytest.raises(ClientError, match=r"UnauthorizedOperation.*instance/i-1"):
        driver.attach_volume(VolumeId=made["VolumeId"], InstanceId="i-1", Device="/dev/xvdaa")


def test_a_volume_shows_the_key_that_encrypts_it(twin: Twin, key: str) -> None:
    client = twin.client("ec2", twin.role("encrypting", *RIGHTS.values()))
    made = volume(client, Encrypted=True, KmsKeyId=key)
    (shown,) = client.describe_volumes(VolumeIds=[made["VolumeId"]])["Volumes"]
    assert (shown["KmsKeyId"], shown["Encrypted"]) == (key, True)


def test_a_volume_whose_key_its_maker_may_not_use_is_gone_again(driver: Any, key: str) -> None:
    made = volume(driver, Encrypted=True, KmsKeyId=key)
    assert made["State"] == "creating"
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        driver.describe_volumes(VolumeIds=[made["VolumeId"]])


def test_a_volume_whose_key_is_nowhere_is_gone_again(driver: Any) -> None:
    made = volume(driver, Encrypted=True, KmsKeyId="alias/none")
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        driver.describe_volumes(VolumeIds=[made["VolumeId"]])


def test_load_balancers_and_tags_are_decided_by_what_they_are_of(twin: Twin) -> None:
    """As a permissions boundary names them: not by `*`, which no request is about."""
    balancing = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
    rights = (
        allow(f"{balancing}:loadbalancer/net/mine/*", "elasticloadbalancing:CreateLoadBalancer"),
        allow(f"{balancing}:targetgroup/mine/*", "elasticloadbalancing:CreateTargetGroup"),
        allow(f"{EC2}:volume/*", "ec2:CreateTags"),
    )
    given = twin.role("balancing", *rights)
    client, compute = twin.client("elbv2", given), twin.client("ec2", given)
    made = volume(twin.client("ec2"))["VolumeId"]
    group = twin.client("ec2").create_security_group(GroupName="other", Description="d")["GroupId"]
    tag = [{"Key": "a", "Value": "b"}]
    compute.create_tags(Resources=[made], Tags=tag)
    client.create_load_balancer(Name="mine", Type="network")
    client.create_target_group(Name="mine", Protocol="TCP", Port=1, VpcId="vpc-1")
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        compute.create_tags(Resources=[group], Tags=tag)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.create_load_balancer(Name="other", Type="network")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.create_target_group(Name="other", Protocol="TCP", Port=1, VpcId="vpc-1")

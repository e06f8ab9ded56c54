"""Auto Scaling groups and launch templates against the Amazon EC2 (Auto Scaling) API references."""

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import REGION, Twin

KEY = f"arn:aws:kms:{REGION}:000000000000:key/11111111-2222-3333-4444-555555555555"
DATA = {
    "ImageId": "ami-0123456789abcdef0",
    "InstanceType": "g5.xlarge",
    "UserData": "IyEvYmluL2Jhc2gK",
    "BlockDeviceMappings": [
        {
            "DeviceName": "/dev/xvda",
            "Ebs": {"VolumeSize": 200, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": KEY, "Throughput": 250},
        }
    ],
    "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-0123456789abcdef0"], "DeleteOnTermination": True}],
    "TagSpecifications": [
        {"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": "mlops"}]},
        {"ResourceType": "volume", "Tags": [{"Key": "owner", "Value": "disks"}]},
    ],
    "CapacityReservationSpecification": {
        "CapacityReservationTarget": {"CapacityReservationId": "cr-0123456789abcdef0"}
    },
    "InstanceMarketOptions": {"MarketType": "capacity-block"},
    "Placement": {"GroupName": "close"},
}


@pytest.fixture(scope="module")
def ec2(twin: Twin) -> Any:
    return twin.client("ec2")


@pytest.fixture(scope="module")
def scaling(twin: Twin) -> Any:
    return twin.client("autoscaling")


@pytest.fixture(scope="module")
def subnet_ids(ec2: Any) -> list[str]:
    vpc_id = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.9.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("bc")
    ]


@pytest.fixture(scope="module")
def template(ec2: Any) -> str:
    made = ec2.create_launch_template(LaunchTemplateName="training", LaunchTemplateData=DATA)
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


@pytest.fixture
def group(scaling: Any, subnet_ids: list[str], template: str) -> Any:
    made = _create(scaling, subnet_ids, LaunchTemplate={"LaunchTemplateId": template, "Version": "$Default"})
    yield made
    scaling.delete_auto_scaling_group(AutoScalingGroupName=made, ForceDelete=True)


def _create(scaling: Any, subnet_ids: list[str], name: str = "training", **more: Any) -> str:
    sizes = {"MinSize": 1, "MaxSize": 4, "DesiredCapacity": 2}
    tags = [{"Key": "team", "Value": "vision", "PropagateAtLaunch": True}]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name, VPCZoneIdentifier=",".join(subnet_ids), Tags=tags, **sizes | more
    )
    return name


def _group(scaling: Any, name: str) -> dict[str, Any]:
    return dict(scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0])


def _instances(ec2: Any, group: dict[str, Any]) -> list[dict[str, Any]]:
    ids = [one["InstanceId"] for one in group["Instances"]]
    found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    return [instance for reservation in found for instance in reservation["Instances"]]


def _refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return f"{raised.value.response['Error']['Code']}: {raised.value.response['Error']['Message']}"


# --- Launch templates


def test_a_launch_template_shows_all_that_it_was_given(ec2: Any, template: str) -> None:
    """CreateLaunchTemplate, DescribeLaunchTemplateVersions."""
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])
    [version] = found["LaunchTemplateVersions"]
    shown = version["LaunchTemplateData"]
    assert shown["MetadataOptions"].pop("State") == "applied"
    assert shown == DATA


def test_a_version_may_add_to_an_older_one_and_others_stay(ec2: Any) -> None:
    """CreateLaunchTemplateVersion (SourceVersion), ModifyLaunchTemplate, DeleteLaunchTemplate."""
    made = ec2.create_launch_template(LaunchTemplateName="versions", LaunchTemplateData=DATA)["LaunchTemplate"]
    named = {"LaunchTemplateId": made["LaunchTemplateId"]}
    more = {"InstanceType": "g5.2xlarge"}
    second = ec2.create_launch_template_version(**named, SourceVersion="1", LaunchTemplateData=more)
    assert second["LaunchTemplateVersion"]["VersionNumber"] == 2
    assert (
        second["LaunchTemplateVersion"]["LaunchTemplateData"]["InstanceMarketOptions"] == DATA["InstanceMarketOptions"]
    )
    ec2.create_launch_template_version(**named, LaunchTemplateData=more)
    ec2.modify_launch_template(**named, DefaultVersion="2")
    [template] = ec2.describe_launch_templates(LaunchTemplateNames=["versions"])["LaunchTemplates"]
    assert (template["DefaultVersionNumber"], template["LatestVersionNumber"]) == (2, 3)
    found = ec2.describe_launch_template_versions(**named)["LaunchTemplateVersions"]
    by_number = {version["VersionNumber"]: version["LaunchTemplateData"] for version in found}
    assert by_number[1]["InstanceType"] == "g5.xlarge"
    assert by_number[2]["Placement"] == DATA["Placement"]
    assert by_number[3] == more
    ec2.create_tags(Resources=[made["LaunchTemplateId"]], Tags=[{"Key": "later", "Value": "1"}])
    [template] = ec2.describe_launch_templates(LaunchTemplateIds=[made["LaunchTemplateId"]])["LaunchTemplates"]
    assert template["Tags"] == [{"Key": "later", "Value": "1"}]
    ec2.delete_launch_template(**named)
    assert _refused(ec2.describe_launch_templates, LaunchTemplateNames=["versions"]).startswith(
        "InvalidLaunchTemplateName.NotFoundException: "
    )


# --- Groups


def test_a_group_holds_instances_of_its_launch_template_spread_over_its_zones(
    ec2: Any, scaling: Any, group: str, subnet_ids: list[str]
) -> None:
    """CreateAutoScalingGroup, DescribeAutoScalingGroups, DescribeInstances, DescribeVolumes."""
    shown = _group(scaling, group)
    assert shown["AvailabilityZones"] == [f"{REGION}b", f"{REGION}c"]
    assert {one["InstanceType"] for one in shown["Instances"]} == {"g5.xlarge"}
    assert {one["LaunchTemplate"]["Version"] for one in shown["Instances"]} == {"1"}
    instances = _instances(ec2, shown)
    assert Counter(one["SubnetId"] for one in instances) == dict.fromkeys(subnet_ids, 1)
    for one in instances:
        number = subnet_ids.index(one["SubnetId"])
        assert one["Placement"]["AvailabilityZone"] == shown["AvailabilityZones"][number]
        assert one["PrivateIpAddress"].startswith(f"10.9.{number}.")
        assert one["PrivateDnsName"] == f"ip-{one['PrivateIpAddress'].replace('.', '-')}.{REGION}.compute.internal"
        assert "PublicIpAddress" not in one
        assert one["CapacityReservationId"] == "cr-0123456789abcdef0"
        tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        assert tags == {"owner": "mlops", "team": "vision", "aws:autoscaling:groupName": group}
        volume_id = one["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        [volume] = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        assert (volume["Size"], volume["Encrypted"], volume["KmsKeyId"]) == (200, True, KEY)
        assert volume["AvailabilityZone"] == one["Placement"]["AvailabilityZone"]
        assert volume["Tags"] == [{"Key": "owner", "Value": "disks"}]


def test_the_desired_size_stays_within_the_bounds(scaling: Any, group: str) -> None:
    """SetDesiredCapacity, UpdateAutoScalingGroup."""
    named = {"AutoScalingGroupName": group}
    before = {one["InstanceId"] for one in _group(scaling, group)["Instances"]}
    scaling.set_desired_capacity(**named, DesiredCapacity=4)
    after = _group(scaling, group)
    assert len(after["Instances"]) == after["DesiredCapacity"] == 4
    assert before < {one["InstanceId"] for one in after["Instances"]}
    assert Counter(one["AvailabilityZone"] for one in after["Instances"]) == {f"{REGION}b": 2, f"{REGION}c": 2}
    assert _refused(scaling.set_desired_capacity, **named, DesiredCapacity=5) == (
        "ValidationError: New SetDesiredCapacity value 5 is above max value 4 for the AutoScalingGroup."
    )
    assert "is below min value 1" in _refused(scaling.set_desired_capacity, **named, DesiredCapacity=0)
    scaling.update_auto_scaling_group(**named, MaxSize=3)
    assert len(_group(scaling, group)["Instances"]) == 3
    assert "must be between" in _refused(scaling.update_auto_scaling_group, **named, DesiredCapacity=7)


def test_an_instance_that_ends_takes_its_disk_along_and_is_replaced(ec2: Any, scaling: Any, group: str) -> None:
    """TerminateInstances, TerminateInstanceInAutoScalingGroup."""
    first, second = _instances(ec2, _group(scaling, group))
    data = ec2.create_volume(Size=5, AvailabilityZone=first["Placement"]["AvailabilityZone"])["VolumeId"]
    ec2.attach_volume(VolumeId=data, InstanceId=first["InstanceId"], Device="/dev/sdf")
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    held = {one["InstanceId"] for one in _group(scaling, group)["Instances"]}
    assert len(held) == 2
    assert first["InstanceId"] not in held
    root = first["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert "InvalidVolume.NotFound" in _refused(ec2.describe_volumes, VolumeIds=[root])
    assert ec2.describe_volumes(VolumeIds=[data])["Volumes"][0]["State"] == "available"

    taken = scaling.terminate_instance_in_auto_scaling_group(
        InstanceId=second["InstanceId"], ShouldDecrementDesiredCapacity=True
    )["Activity"]
    assert taken["AutoScalingGroupName"] == group
    shown = _group(scaling, group)
    assert shown["DesiredCapacity"] == 1
    assert second["InstanceId"] not in {one["InstanceId"] for one in shown["Instances"]}
    [last] = shown["Instances"]
    assert "min size constraint" in _refused(
        scaling.terminate_instance_in_auto_scaling_group,
        InstanceId=last["InstanceId"],
        ShouldDecrementDesiredCapacity=True,
    )
    scaling.terminate_instance_in_auto_scaling_group(
        InstanceId=last["InstanceId"], ShouldDecrementDesiredCapacity=False
    )
    [other] = _group(scaling, group)["Instances"]
    assert other["InstanceId"] != last["InstanceId"]
    [shown] = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    assert (shown["InstanceId"], shown["AutoScalingGroupName"]) == (other["InstanceId"], group)


def test_tags_of_groups_are_found_by_filters(scaling: Any, group: str) -> None:
    """CreateOrUpdateTags, DescribeTags, DescribeAutoScalingGroups (Filters), DeleteTags."""
    about = {"ResourceId": group, "ResourceType": "auto-scaling-group"}
    key = "k8s.io/cluster-autoscaler/node-template/label/a.b"
    scaling.create_or_update_tags(Tags=[{**about, "Key": key, "Value": "1 + 1 = 2", "PropagateAtLaunch": False}])
    by_key = [{"Name": "key", "Values": [key]}]
    [tag] = scaling.describe_tags(Filters=by_key)["Tags"]
    assert (tag["ResourceId"], tag["Value"], tag["PropagateAtLaunch"]) == (group, "1 + 1 = 2", False)
    found = scaling.describe_auto_scaling_groups(Filters=[{"Name": "tag-key", "Values": [key]}])["AutoScalingGroups"]
    assert [one["AutoScalingGroupName"] for one in found] == [group]
    none = scaling.describe_auto_scaling_groups(Filters=[{"Name": "tag:team", "Values": ["language"]}])
    assert none["AutoScalingGroups"] == []
    scaling.delete_tags(Tags=[{**about, "Key": key}])
    assert scaling.describe_tags(Filters=by_key)["Tags"] == []
    unknown = {"ResourceId": "nobody", "ResourceType": "auto-scaling-group", "Key": "a", "Value": "b"}
    assert "not found" in _refused(scaling.create_or_update_tags, Tags=[unknown])


def test_a_group_goes_with_its_instances(ec2: Any, scaling: Any, subnet_ids: list[str], template: str) -> None:
    """DeleteAutoScalingGroup; CreateAutoScalingGroup with what does not exist."""
    by_name = {"LaunchTemplateName": "training", "Version": "1"}
    name = _create(scaling, subnet_ids, "short", LaunchTemplate=by_name)
    instances = _instances(ec2, _group(scaling, name))
    assert _refused(scaling.delete_auto_scaling_group, AutoScalingGroupName=name).startswith("ResourceInUse: ")
    scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    found = ec2.describe_instances(InstanceIds=[one["InstanceId"] for one in instances])["Reservations"]
    assert {one["State"]["Name"] for reservation in found for one in reservation["Instances"]} == {"terminated"}
    assert "does not exist" in _refused(
        scaling.create_auto_scaling_group,
        AutoScalingGroupName="lost",
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier="subnet-0123456789abcdef0",
        LaunchTemplate=by_name,
    )


def test_spot_groups_start_spot_instances(ec2: Any, scaling: Any, subnet_ids: list[str], template: str) -> None:
    """CreateAutoScalingGroup with a MixedInstancesPolicy: the first type of its overrides."""
    policy: dict[str, Any] = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"},
            "Overrides": [{"InstanceType": "g5.4xlarge"}, {"InstanceType": "g5.xlarge"}],
        },
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0},
    }
    name = _create(scaling, subnet_ids, "spot", MixedInstancesPolicy=policy)
    shown = _group(scaling, name)
    assert shown["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"] == policy["LaunchTemplate"]["Overrides"]
    for one in _instances(ec2, shown):
        assert (one["InstanceType"], one["InstanceLifecycle"]) == ("g5.4xlarge", "spot")
    scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)

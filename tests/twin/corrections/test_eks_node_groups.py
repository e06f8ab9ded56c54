"""Managed node groups against the Amazon EKS API reference."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.clusters import PATIENT, wait_for
from tests.twin.corrections.server import REGION, Twin

CLUSTER = "groundwork-test"
SIZES = {"minSize": 1, "maxSize": 3, "desiredSize": 2}


@pytest.fixture(scope="module")
def eks(twin: Twin) -> Any:
    return twin.client("eks")


@pytest.fixture(scope="module")
def scaling(twin: Twin) -> Any:
    return twin.client("autoscaling")


@pytest.fixture(scope="module")
def ec2(twin: Twin) -> Any:
    return twin.client("ec2")


def role(twin: Twin, name: str, service: str) -> str:
    taken = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [taken]})
    return str(twin.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


@pytest.fixture(scope="module")
def subnet_ids(ec2: Any) -> list[str]:
    vpc_id = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.7.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]


@pytest.fixture(scope="module")
def cluster(twin: Twin, eks: Any, subnet_ids: list[str]) -> str:
    network = {"subnetIds": subnet_ids}
    eks.create_cluster(
        name=CLUSTER, roleArn=role(twin, "cluster", "eks.amazonaws.com"), resourcesVpcConfig=network, version="1.35"
    )
    wait_for(eks, CLUSTER)
    return CLUSTER


@pytest.fixture(scope="module")
def node_role(twin: Twin) -> str:
    return role(twin, "nodes", "ec2.amazonaws.com")


@pytest.fixture(scope="module")
def asked(cluster: str, subnet_ids: list[str], node_role: str) -> dict[str, Any]:
    return {"clusterName": cluster, "subnets": subnet_ids, "nodeRole": node_role, "scalingConfig": SIZES}


def described(eks: Any, name: str, until: str = "ACTIVE") -> dict[str, Any]:
    """The node group once it has this status."""
    for _ in range(480):
        group = dict(eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName=name)["nodegroup"])
        if group["status"] == until:
            return group
        time.sleep(0.25)
    raise AssertionError(f"{name} is {group['status']}, expected {until}: {group['health']}")


def updated(eks: Any, update: dict[str, Any], name: str) -> dict[str, Any]:
    """The update once it is over."""
    for _ in range(480):
        found = eks.describe_update(name=CLUSTER, updateId=update["id"], nodegroupName=name)["update"]
        if found["status"] != "InProgress":
            return dict(found)
        time.sleep(0.25)
    raise AssertionError(f"the update of {name} does not end")


def delete(eks: Any, name: str) -> None:
    assert eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName=name)["nodegroup"]["status"] == "DELETING"
    eks.get_waiter("nodegroup_deleted").wait(clusterName=CLUSTER, nodegroupName=name, WaiterConfig=PATIENT)


def auto_scaling_group(scaling: Any, group: dict[str, Any]) -> dict[str, Any]:
    [held] = group["resources"]["autoScalingGroups"]
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[held["name"]])["AutoScalingGroups"]
    assert len(found) == 1
    return dict(found[0])


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return f"{raised.value.response['Error']['Code']}: {raised.value.response['Error']['Message']}"


def test_a_node_group_has_an_auto_scaling_group_with_instances(
    eks: Any, scaling: Any, ec2: Any, asked: dict[str, Any], subnet_ids: list[str]
) -> None:
    """CreateNodegroup, DescribeNodegroup, DeleteNodegroup."""
    made = eks.create_nodegroup(nodegroupName="system", **asked, instanceTypes=["t4g.large"], diskSize=50)["nodegroup"]
    assert made["status"] == "CREATING"
    group = described(eks, "system")
    assert group["amiType"] == "AL2023_ARM_64_STANDARD"
    assert group["version"] == "1.35"
    assert group["releaseVersion"].startswith("1.35.")
    assert group["updateConfig"] == {"maxUnavailable": 1, "updateStrategy": "DEFAULT"}
    assert (group["capacityType"], group["diskSize"], group["scalingConfig"]) == ("ON_DEMAND", 50, SIZES)
    assert group["health"] == {"issues": []}
    held = auto_scaling_group(scaling, group)
    assert held["AutoScalingGroupName"].startswith("eks-system-")
    assert (held["MinSize"], held["MaxSize"], held["DesiredCapacity"]) == (1, 3, 2)
    assert held["VPCZoneIdentifier"].split(",") == subnet_ids
    tags = {tag["Key"]: tag["Value"] for tag in held["Tags"]}
    assert tags == {
        "eks:cluster-name": CLUSTER,
        "eks:nodegroup-name": "system",
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"k8s.io/cluster-autoscaler/{CLUSTER}": "owned",
        f"kubernetes.io/cluster/{CLUSTER}": "owned",
    }
    ids = [one["InstanceId"] for one in held["Instances"]]
    instances = [
        instance
        for reservation in ec2.describe_instances(InstanceIds=ids)["Reservations"]
        for instance in reservation["Instances"]
    ]
    assert {one["InstanceType"] for one in instances} == {"t4g.large"}
    assert {one["Architecture"] for one in instances} == {"arm64"}
    assert sorted(one["SubnetId"] for one in instances) == sorted(subnet_ids)
    template = held["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateId"]

    delete(eks, "system")
    name = held["AutoScalingGroupName"]
    assert scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"] == []
    found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    assert {one["State"]["Name"] for reservation in found for one in reservation["Instances"]} == {"terminated"}
    assert "InvalidLaunchTemplateId" in refused(ec2.describe_launch_templates, LaunchTemplateIds=[template])
    assert eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"] == []


def test_the_desired_size_is_the_auto_scaling_groups(eks: Any, scaling: Any, asked: dict[str, Any]) -> None:
    """UpdateNodegroupConfig, SetDesiredCapacity: one truth, shown by both."""
    eks.create_nodegroup(nodegroupName="elastic", **asked)
    held = auto_scaling_group(scaling, described(eks, "elastic"))
    scaling.set_desired_capacity(AutoScalingGroupName=held["AutoScalingGroupName"], DesiredCapacity=3)
    assert described(eks, "elastic")["scalingConfig"]["desiredSize"] == 3

    named = {"clusterName": CLUSTER, "nodegroupName": "elastic"}
    update = eks.update_nodegroup_config(**named, scalingConfig={"minSize": 0, "maxSize": 5})["update"]
    assert update["type"] == "ConfigUpdate"
    assert updated(eks, update, "elastic")["status"] == "Successful"
    assert described(eks, "elastic")["scalingConfig"] == {"minSize": 0, "maxSize": 5, "desiredSize": 3}
    assert "can't be greater than max" in refused(
        eks.update_nodegroup_config, **named, scalingConfig={"desiredSize": 6}
    )
    eks.update_nodegroup_config(**named, scalingConfig={"desiredSize": 0})
    assert auto_scaling_group(scaling, described(eks, "elastic"))["Instances"] == []
    delete(eks, "elastic")


def test_labels_taints_and_settings_can_change(eks: Any, asked: dict[str, Any]) -> None:
    """UpdateNodegroupConfig."""
    gpu = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
    eks.create_nodegroup(nodegroupName="labelled", **asked, labels={"a": "1", "b": "2"}, taints=[gpu])
    described(eks, "labelled")
    other = {"key": "spot", "value": "true", "effect": "PREFER_NO_SCHEDULE"}
    eks.update_nodegroup_config(
        clusterName=CLUSTER,
        nodegroupName="labelled",
        labels={"addOrUpdateLabels": {"a": "3"}, "removeLabels": ["b"]},
        taints={"addOrUpdateTaints": [other], "removeTaints": [gpu]},
        updateConfig={"maxUnavailablePercentage": 50},
        nodeRepairConfig={"enabled": True},
    )
    group = described(eks, "labelled")
    assert group["labels"] == {"a": "3"}
    assert group["taints"] == [other]
    assert group["updateConfig"] == {"maxUnavailablePercentage": 50, "updateStrategy": "DEFAULT"}
    assert group["nodeRepairConfig"] == {"enabled": True}
    eks.tag_resource(resourceArn=group["nodegroupArn"], tags={"owner": "mlops", "team": "a", "more": "b"})
    eks.untag_resource(resourceArn=group["nodegroupArn"], tagKeys=["team", "more"])
    assert described(eks, "labelled")["tags"] == {"owner": "mlops"}
    delete(eks, "labelled")


def test_a_new_version_of_the_launch_template_is_rolled_out(
    eks: Any, ec2: Any, scaling: Any, asked: dict[str, Any]
) -> None:
    """UpdateNodegroupVersion, DescribeUpdate, ListUpdates."""
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 100, "Encrypted": True}}
    made = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData={"BlockDeviceMappings": [disk]})
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    ours = {**asked, "version": "1.34", "instanceTypes": ["g5.xlarge"], "capacityType": "SPOT"}
    eks.create_nodegroup(nodegroupName="training", **ours, launchTemplate={"id": template, "version": "$Latest"})
    group = described(eks, "training")
    assert group["launchTemplate"] == {"id": template, "name": "nodes", "version": "1"}
    assert "diskSize" not in group
    assert group["amiType"] == "AL2023_x86_64_NVIDIA"
    [first, *_] = auto_scaling_group(scaling, group)["Instances"]
    [reservation] = ec2.describe_instances(InstanceIds=[first["InstanceId"]])["Reservations"]
    assert reservation["Instances"][0]["InstanceLifecycle"] == "spot"

    ec2.create_launch_template_version(
        LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"EbsOptimized": True}
    )
    named = {"clusterName": CLUSTER, "nodegroupName": "training"}
    update = eks.update_nodegroup_version(**named, launchTemplate={"id": template, "version": "2"}, version="1.35")[
        "update"
    ]
    assert updated(eks, update, "training")["status"] == "Successful"
    assert eks.list_updates(name=CLUSTER, nodegroupName="training")["updateIds"] == [update["id"]]
    group = described(eks, "training")
    assert (group["version"], group["launchTemplate"]["version"]) == ("1.35", "2")
    assert group["releaseVersion"].startswith("1.35.")
    policy = auto_scaling_group(scaling, group)["MixedInstancesPolicy"]
    assert policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"] == "2"
    assert "newer than the cluster" in refused(eks.update_nodegroup_version, **named, version="1.36")
    assert "cannot be downgraded" in refused(eks.update_nodegroup_version, **named, version="1.34")
    other = {"name": "other", "version": "1"}
    assert "only its version" in refused(eks.update_nodegroup_version, **named, launchTemplate=other)
    delete(eks, "training")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": "1.36"}, "newer than the cluster version 1.35"),
        ({"version": "1.31"}, "not supported by the cluster"),
        ({"scalingConfig": {"minSize": 3, "maxSize": 4, "desiredSize": 2}}, "Minimum capacity 3 can't be greater"),
        ({"scalingConfig": {"minSize": 1, "maxSize": 4, "desiredSize": 5}}, "desired capacity 5 can't be greater"),
        ({"subnets": ["subnet-0123456789abcdef0"]}, "'subnet-0123456789abcdef0' does not exist"),
        ({"nodeRole": "arn:aws:iam::000000000000:role/nobody"}, "nobody cannot be found"),
        ({"clusterName": "nobody"}, "No cluster found for name: nobody"),
        ({"launchTemplate": {"name": "nobody", "version": "1"}}, "Launch template is not valid"),
        ({"capacityType": "CAPACITY_BLOCK"}, "names the reservation"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_eks_refuses_leaves_nothing_behind(
    eks: Any, scaling: Any, asked: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    """CreateNodegroup."""
    assert reason in refused(eks.create_nodegroup, **{"nodegroupName": "refused", **asked, **change})
    assert eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"] == []
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


@pytest.mark.parametrize(
    ("data", "change", "reason"),
    [
        ({"InstanceType": "g5.xlarge"}, {"instanceTypes": ["g5.xlarge"]}, "instance types in both"),
        ({}, {"diskSize": 50}, "DiskSize must be specified within the launch template"),
        ({"IamInstanceProfile": {"Name": "nodes"}}, {}, "IAM instance profile"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, {}, "use capacityType SPOT"),
        ({"InstanceMarketOptions": {"MarketType": "capacity-block"}}, {}, "need each other"),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-1"}]}, {}, "a subnet in the launch template"),
        ({"ImageId": "ami-0123456789abcdef0"}, {"amiType": "AL2023_x86_64_STANDARD"}, "names an image"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_launch_template_and_its_node_group_do_not_contradict(
    eks: Any, ec2: Any, asked: dict[str, Any], data: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    """CreateNodegroup; user guide, "Customize managed nodes with launch templates"."""
    data = {"MetadataOptions": {"HttpTokens": "required"}, **data}
    ec2.create_launch_template(LaunchTemplateName="odd", LaunchTemplateData=data)
    named = {"nodegroupName": "refused", "launchTemplate": {"name": "odd", "version": "1"}}
    try:
        assert reason in refused(eks.create_nodegroup, **asked, **named, **change)
    finally:
        ec2.delete_launch_template(LaunchTemplateName="odd")


def test_a_lost_auto_scaling_group_is_an_issue(eks: Any, scaling: Any, asked: dict[str, Any]) -> None:
    """DescribeNodegroup: health."""
    eks.create_nodegroup(nodegroupName="lost", **asked)
    name = auto_scaling_group(scaling, described(eks, "lost"))["AutoScalingGroupName"]
    scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    group = described(eks, "lost", until="DEGRADED")
    assert [issue["code"] for issue in group["health"]["issues"]] == ["AutoScalingGroupNotFound"]
    delete(eks, "lost")

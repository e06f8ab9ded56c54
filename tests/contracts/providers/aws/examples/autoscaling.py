"""EC2 Auto Scaling."""

from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import Example, World
from tests.contracts.providers.aws.examples.ec2 import subnet


def group(world: World) -> str:
    """An empty group."""
    ec2, name = world.client("ec2"), world.name("group")
    data = {"InstanceType": "t4g.large", "ImageId": "ami-0123456789abcdef0"}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    world.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=2,
        VPCZoneIdentifier=subnet(world),
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
    )
    return name


def _tag_inputs(world: World) -> dict[str, Any]:
    tag = {"key": "k8s.io/cluster-autoscaler/enabled", "value": "true", "propagateAtLaunch": False}
    return {"autoscalingGroupName": group(world), "tag": tag}


def _tag_holds(world: World, tag_id: str, inputs: Mapping[str, Any]) -> None:
    name, _, key = tag_id.partition(",")
    found = world.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    tags = {tag["Key"]: tag for tag in found["AutoScalingGroups"][0]["Tags"]}
    assert tags[key]["Value"] == inputs["tag"]["value"]
    assert tags[key]["PropagateAtLaunch"] is inputs["tag"]["propagateAtLaunch"]


def _value(value: str, propagate: bool = False) -> dict[str, Any]:
    return {"tag": {"key": "k8s.io/cluster-autoscaler/enabled", "value": value, "propagateAtLaunch": propagate}}


EXAMPLES = (
    Example(
        "aws:autoscaling/tag:Tag",
        inputs=_tag_inputs,
        holds=_tag_holds,
        updates=(_value("false"), _value("false", propagate=True)),
    ),
)

"""A managed node group with its launch template, and the tags by which an autoscaler finds it and knows its nodes.

Owns all three; which machines, labels and taints is for `NodePool` and `GpuNodePool`, whose part it is. Version 2 of
the metadata service with one hop, encrypted gp3 volumes, no SSH, no public address and private subnets are not options.

How many nodes there are now is the autoscaler's: the program sets the size once and then leaves it alone.

Units:  volumes are GiB, throughput MiB/s.
Source: EKS API, CreateNodegroup; EKS user guide, "Customize managed nodes with launch templates"; EC2 API,
CreateLaunchTemplate; cluster autoscaler, cloudprovider/aws README, "Auto-discovery setup" and "Scaling a node group
to 0".
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import pulumi
from pulumi_aws import autoscaling, ec2, eks
from pydantic import Field

from components.model import Model, Wire
from components.naming import physical_name
from components.tags import name_tag

TEMPLATE_NAME_LIMIT = 128
TAGGED = ("instance", "volume", "network-interface")
"""What a new node consists of and the provider does not tag, because Auto Scaling makes it."""
ROOT_DEVICE = "/dev/xvda"
AUTOSCALER = "k8s.io/cluster-autoscaler"
BASELINE_THROUGHPUT, BASELINE_IOPS = 125, 3000
FAST_THROUGHPUT, FAST_IOPS = 600, 3000
"""From 600 MiB/s on, SOCI's parallel pull is the faster way; gp3 gives 0.25 MiB/s for each IOPS, so 3000 are enough.
Source: amazon-eks-ami, nodeadm, FastImagePull; EBS user guide, "General Purpose SSD volumes"."""

CapacityType: TypeAlias = Literal["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]
AmiType: TypeAlias = Literal["AL2023_ARM_64_STANDARD", "AL2023_x86_64_STANDARD", "AL2023_x86_64_NVIDIA"]
Effect: TypeAlias = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]

_EFFECTS: Mapping[Effect, str] = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}


class Taint(Model):
    """A taint as Kubernetes spells it."""

    key: str
    """Such as `nvidia.com/gpu`."""
    value: str
    """Such as `present`."""
    effect: Effect
    """What happens to a pod that does not tolerate it."""


class PoolPlace(Model):
    """What every pool is wired to."""

    environment: str
    """Part of the names."""
    cluster_name: Wire
    """The cluster, once its network add-ons are there."""
    known_cluster_name: str
    """The same name, known beforehand: it is part of tags."""
    version: str
    """Minor version of Kubernetes of the nodes."""
    node_role_arn: Wire
    """The role of nodes, once it has its rights."""
    subnet_ids: Annotated[Mapping[str, Wire], Field(min_length=1)]
    """Private subnets by their zone."""
    key_arn: Wire
    """The customer managed key of volumes: use `volumes`."""
    instance_tags: Mapping[str, str]
    """Tags of instances, volumes and network interfaces, on which the provider puts none."""


class ManagedNodeGroupArgs(Model):
    """What the group is wired to, and which machines it has."""

    place: PoolPlace
    """What every pool is wired to."""
    pool: str
    """The pool's name in the settings, part of the template's name."""
    ami_type: AmiType
    """Which of EKS' machine images."""
    instance_types: tuple[str, ...]
    """Types of one architecture; with several, EC2 takes what it has."""
    capacity_type: CapacityType
    """How the machines are paid for."""
    min_size: int
    """The least number of nodes, and how many there are to begin with."""
    max_size: int
    """The most."""
    volume_size_gib: int
    """The root volume."""
    fast_volume: bool = False
    """More throughput than gp3 has by default, for large images."""
    user_data: str | None = None
    """In base64; absent, EKS' own alone."""
    capacity_reservation_id: str | None = None
    """The reservation or capacity block that machines come out of; absent, none."""
    labels: Mapping[str, str]
    """Kubernetes labels of the nodes."""
    tags: Mapping[str, str] = {}
    """Tags of the node group beside those of the provider; none by default."""
    taints: Mapping[str, Taint] = {}
    """Kubernetes taints of the nodes, by what they are for."""
    resources: Mapping[str, str] = {}
    """What a node has beside CPU and memory, as quantities: an autoscaler cannot know it while there is no node."""


class ManagedNodeGroup(pulumi.ComponentResource):
    """The node group of one pool."""

    cluster_name: pulumi.Output[str]
    """Known once the group's first nodes are ready."""
    node_group_name: pulumi.Output[str]
    autoscaling_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: ManagedNodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:compute:ManagedNodeGroup", name, None, opts)
        place = args.place
        template = self._launch_template(name, args)
        group = eks.NodeGroup(
            f"{name}-nodes",
            cluster_name=place.cluster_name,
            # Autonamed: other machines or subnets are a new group, which stands beside the old one until that is empty.
            version=place.version,
            node_role_arn=place.node_role_arn,
            subnet_ids=list(place.subnet_ids.values()),
            ami_type=args.ami_type,
            instance_types=list(args.instance_types),
            capacity_type=args.capacity_type,
            scaling_config={
                "min_size": args.min_size,
                "max_size": args.max_size,
                "desired_size": args.min_size,
            },
            update_config={"max_unavailable": 1},
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            labels=args.labels,
            tags=args.tags or None,
            taints=[
                {"key": taint.key, "value": taint.value, "effect": _EFFECTS[taint.effect]}
                for taint in args.taints.values()
            ],
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["scalingConfig.desiredSize"]),
        )
        self.cluster_name, self.node_group_name = group.cluster_name, group.node_group_name
        self.autoscaling_group_name = group.resources[0].autoscaling_groups[0].name.apply(str)
        for role, (key, value) in autoscaler_tags(args).items():
            autoscaling.Tag(
                f"{name}-tag-{role}",
                autoscaling_group_name=self.autoscaling_group_name,
                tag={"key": key, "value": value, "propagate_at_launch": False},
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs(
            {
                "node_group_name": self.node_group_name,
                "autoscaling_group_name": self.autoscaling_group_name,
            }
        )

    def _launch_template(self, name: str, args: ManagedNodeGroupArgs) -> ec2.LaunchTemplate:
        place = args.place
        tags = dict(place.instance_tags) | name_tag(place.environment, name)
        return ec2.LaunchTemplate(
            f"{name}-template",
            name=physical_name(place.environment, args.pool, limit=TEMPLATE_NAME_LIMIT),
            description=f"Nodes of the pool {args.pool}",
            update_default_version=True,
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,  # a pod is one hop further and does not get at the node's role
                "instance_metadata_tags": "disabled",
            },
            monitoring={"enabled": True},
            block_device_mappings=[
                ec2.LaunchTemplateBlockDeviceMappingArgs(device_name=ROOT_DEVICE, ebs=_volume(args))
            ],
            user_data=args.user_data,
            capacity_reservation_specification=_reservation(args),
            instance_market_options=_market(args),
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags) for kind in TAGGED
            ],
            tags=name_tag(place.environment, f"{name}-template"),
            opts=pulumi.ResourceOptions(parent=self),
        )


def autoscaler_tags(args: ManagedNodeGroupArgs) -> dict[str, tuple[str, str]]:
    """Return the tags of the Auto Scaling group: whose it is, and what a node of it would be like.

    Managed node groups do not hand their own tags on to it.
    """
    template = f"{AUTOSCALER}/node-template"
    tags = {
        "enabled": (f"{AUTOSCALER}/enabled", "true"),
        "owned": (f"{AUTOSCALER}/{args.place.known_cluster_name}", "owned"),
    }
    tags |= {f"label-{_slug(key)}": (f"{template}/label/{key}", value) for key, value in args.labels.items()}
    tags |= {
        f"taint-{role}": (f"{template}/taint/{taint.key}", f"{taint.value}:{taint.effect}")
        for role, taint in args.taints.items()
    }
    tags |= {
        f"resource-{_slug(resource)}": (f"{template}/resources/{resource}", quantity)
        for resource, quantity in args.resources.items()
    }
    return tags


def _slug(key: str) -> str:
    return key.replace("/", "-").replace(".", "-")


def _volume(args: ManagedNodeGroupArgs) -> ec2.LaunchTemplateBlockDeviceMappingEbsArgs:
    return ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
        volume_type="gp3",
        volume_size=args.volume_size_gib,
        throughput=FAST_THROUGHPUT if args.fast_volume else BASELINE_THROUGHPUT,
        iops=FAST_IOPS if args.fast_volume else BASELINE_IOPS,
        encrypted="true",
        kms_key_id=args.place.key_arn,
        delete_on_termination="true",
    )


def _reservation(args: ManagedNodeGroupArgs) -> ec2.LaunchTemplateCapacityReservationSpecificationArgs | None:
    if args.capacity_reservation_id is None:
        return None
    return ec2.LaunchTemplateCapacityReservationSpecificationArgs(
        capacity_reservation_target=ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
            capacity_reservation_id=args.capacity_reservation_id
        )
    )


def _market(args: ManagedNodeGroupArgs) -> ec2.LaunchTemplateInstanceMarketOptionsArgs | None:
    """Return the market of a capacity block, which is one of its own; spot is for the node group to say."""
    if args.capacity_type != "CAPACITY_BLOCK":
        return None
    return ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block")

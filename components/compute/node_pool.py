"""A pool of nodes without GPUs, such as the one that the cluster's own parts run on.

Owns a managed node group and which machines it has.

Units:  volumes are GiB.
Source: EKS user guide, "Simplify node lifecycle with managed node groups".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Annotated, Literal, Self

import pulumi
from pydantic import Field, field_validator, model_validator

from components.cluster.versions import NodeVersion
from components.compute.accelerators import FAMILIES
from components.compute.architecture import InstanceType, architecture, one_architecture
from components.compute.managed_node_group import AmiType, ManagedNodeGroup, ManagedNodeGroupArgs, PoolPlace
from components.model import Model

POOL_LABEL = "groundwork.io/node-pool"


class NodePoolSettings(Model):
    """What the stack file says about a pool of nodes without GPUs."""

    instance_types: Annotated[tuple[InstanceType, ...], Field(min_length=1)] = Field(
        examples=[["m7g.large", "m6g.large"]]
    )
    """EC2's names of the machines, of one architecture and without GPUs; with several, EC2 takes what it has."""
    capacity_type: Literal["ON_DEMAND", "SPOT"] = Field(default="ON_DEMAND", examples=["ON_DEMAND"])
    """How they are paid for: `SPOT` is cheaper and can be taken away with two minutes' notice."""
    min_size: Annotated[int, Field(ge=0, le=450)] = Field(default=0, examples=[2])
    """The least number of nodes; 0 lets the pool go away while nothing needs it."""
    max_size: Annotated[int, Field(ge=1, le=450)] = Field(examples=[4])
    """The most nodes that the autoscaler may make, 450 at most."""
    volume_size_gib: Annotated[int, Field(ge=20, le=16384)] = Field(default=50, examples=[50])
    """A node's root volume, which images and what pods write lie on: 20 to 16384 GiB."""
    zones: tuple[str, ...] | None = Field(default=None, examples=[["eu-west-1a"]])
    """Some of the environment's zones; absent, all of them."""
    version: NodeVersion | None = Field(default=None, examples=["1.35"])
    """Minor version of Kubernetes of the nodes, in quotes, to hold a pool back; absent, the cluster's."""

    @field_validator("instance_types")
    @classmethod
    def _fit_together(cls, instance_types: tuple[str, ...]) -> tuple[str, ...]:
        one_architecture(instance_types)
        if gpu := [found for found in instance_types if found.split(".")[0] in FAMILIES]:
            raise ValueError(f"{', '.join(gpu)} has GPUs: it belongs to gpu_node_pools")
        return instance_types

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min_size > self.max_size:
            raise ValueError(f"min_size is {self.min_size}, more than max_size ({self.max_size})")
        return self


class NodePoolArgs(Model):
    """What the pool is wired to."""

    settings: NodePoolSettings
    """What the stack file says."""
    place: PoolPlace
    """What every pool is wired to."""
    pool: str
    """The pool's name in the settings: a label of its nodes, and part of its launch template's name."""


class NodePool(pulumi.ComponentResource):
    """The nodes of one pool."""

    cluster_name: pulumi.Output[str]
    """Known once the pool's first nodes are ready."""
    node_group_name: pulumi.Output[str]
    autoscaling_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:compute:NodePool", name, None, opts)
        settings = args.settings
        group = ManagedNodeGroup(
            f"{name}-group",
            ManagedNodeGroupArgs(
                place=args.place,
                pool=args.pool,
                ami_type=ami_type(settings.instance_types),
                instance_types=settings.instance_types,
                capacity_type=settings.capacity_type,
                min_size=settings.min_size,
                max_size=settings.max_size,
                volume_size_gib=settings.volume_size_gib,
                labels={POOL_LABEL: args.pool, "workload": "general"},
                resources={"ephemeral-storage": f"{settings.volume_size_gib}Gi"},
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.cluster_name, self.node_group_name = group.cluster_name, group.node_group_name
        self.autoscaling_group_name = group.autoscaling_group_name
        self.register_outputs(
            {
                "node_group_name": self.node_group_name,
                "autoscaling_group_name": self.autoscaling_group_name,
            }
        )


def ami_type(instance_types: tuple[str, ...]) -> AmiType:
    """Return the machine image for types of one architecture."""
    return "AL2023_ARM_64_STANDARD" if architecture(instance_types[0]) == "arm64" else "AL2023_x86_64_STANDARD"

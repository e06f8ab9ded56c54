"""A pool of GPU nodes, which is empty while nobody needs a GPU.

Owns a managed node group, which machines it has and how they cut their GPUs; not the NVIDIA device plugin, which
shares the GPUs out as `sharing` says, nor the autoscaler. Only pods that tolerate the taint land here, and what a node
would bring is told by the tags of its Auto Scaling group.

Units:  volumes are GiB.
Source: EKS user guide, "Use EKS-optimized accelerated AMIs for GPU instances", "Reserve GPUs for node groups with
Capacity Blocks for ML"; NVIDIA k8s-device-plugin, "Shared access to GPUs".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Annotated, Literal, Self, TypeAlias

import pulumi
from pydantic import Field, field_validator, model_validator

from components.cluster.versions import NodeVersion
from components.compute.accelerators import GPU_INSTANCES, GpuInstance
from components.compute.architecture import InstanceType
from components.compute.managed_node_group import ManagedNodeGroup, ManagedNodeGroupArgs, PoolPlace, Taint
from components.compute.mig import Cut
from components.compute.node_pool import POOL_LABEL
from components.compute.room import NodeRoom, room
from components.compute.user_data import gpu_user_data
from components.model import Model
from components.tags import TagValue

GPU = "nvidia.com/gpu"
GPU_TAINT = Taint(key=GPU, value="present", effect="NoSchedule")


class TimeSlicing(Model):
    """Several pods take turns on a GPU: no memory of their own, and no protection from each other."""

    kind: Literal["time-slicing"] = "time-slicing"
    replicas: Annotated[int, Field(ge=2, le=48)] = Field(examples=[4])
    """How many pods share one GPU, 2 to 48."""


class Mig(Model):
    """A GPU is cut into instances with memory of their own (A100 and H100), by each node before it joins."""

    kind: Literal["mig"] = "mig"
    profile: str = Field(examples=["1g.10gb"])
    """NVIDIA's name of the cut, the same for all GPUs of the pool, such as 1g.10gb."""


Sharing: TypeAlias = Annotated[TimeSlicing | Mig, Field(discriminator="kind")]


class GpuNodePoolSettings(Model):
    """What the stack file says about a pool of GPU nodes."""

    instance_types: Annotated[tuple[InstanceType, ...], Field(min_length=1)] = Field(examples=[["g5.xlarge"]])
    """EC2's names of the machines, of the families g5, g6, p4d and p5, with the same GPU and as many of it."""
    capacity_type: Literal["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"] = Field(default="ON_DEMAND", examples=["SPOT"])
    """How they are paid for: `SPOT` can be taken away with two minutes' notice, `CAPACITY_BLOCK` is paid beforehand."""
    approved_by: TagValue = Field(examples=["ml-board 2026-11"])
    """Who agreed to what these machines cost, or where that is written; the tag gpu-approval of the node group."""
    min_size: Annotated[int, Field(ge=0, le=450)] = Field(default=0, examples=[0])
    """The least number of nodes; 0 lets the pool go away while nothing needs it."""
    max_size: Annotated[int, Field(ge=1, le=450)] = Field(examples=[4])
    """The most nodes that the autoscaler may make, 450 at most."""
    volume_size_gib: Annotated[int, Field(ge=50, le=16384)] = Field(default=200, examples=[200])
    """A node's root volume, 50 to 16384 GiB; images lie on the machine's own disks."""
    sharing: Sharing | None = Field(default=None, examples=[{"kind": "time-slicing", "replicas": 4}])
    """How pods share a GPU; absent, a pod has it alone."""
    capacity_reservation_id: Annotated[str, Field(pattern=r"^cr-[0-9a-f]{17}$")] | None = Field(
        default=None, examples=["cr-0123456789abcdef0"]
    )
    """The capacity reservation or block that the machines come out of, of one zone; absent, none."""
    zones: tuple[str, ...] | None = Field(default=None, examples=[["eu-west-1a"]])
    """Some of the environment's zones, such as the one of a reservation; absent, all of them."""
    version: NodeVersion | None = Field(default=None, examples=["1.35"])
    """Minor version of Kubernetes of the nodes, in quotes, to hold a pool back; absent, the cluster's."""

    @field_validator("instance_types")
    @classmethod
    def _fit_together(cls, instance_types: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [found for found in instance_types if found not in GPU_INSTANCES]:
            raise ValueError(f"{', '.join(unknown)} is none of the GPU machines: {', '.join(GPU_INSTANCES)}")
        kinds = {(GPU_INSTANCES[found].gpu.label, GPU_INSTANCES[found].gpus) for found in instance_types}
        if len(kinds) > 1:
            said = " and ".join(f"{count} {label}" for label, count in sorted(kinds))
            raise ValueError(f"the autoscaler takes all nodes of a pool for alike, and these have {said}")
        return instance_types

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min_size > self.max_size:
            raise ValueError(f"min_size is {self.min_size}, more than max_size ({self.max_size})")
        gpu = self.machine.gpu
        if isinstance(self.sharing, Mig) and self.sharing.profile not in gpu.mig_profiles:
            known = ", ".join(gpu.mig_profiles) or "none: it has no MIG, time-slicing is left"
            raise ValueError(f"{gpu.label} has no MIG profile {self.sharing.profile}; its profiles: {known}")
        if self.capacity_type == "CAPACITY_BLOCK" and not gpu.capacity_blocks:
            raise ValueError(f"EC2 sells no capacity blocks of {self.instance_types[0]}, only of p4d and p5")
        if self.capacity_type == "CAPACITY_BLOCK" and self.capacity_reservation_id is None:
            raise ValueError("capacity_type CAPACITY_BLOCK needs the block's capacity_reservation_id")
        if self.capacity_type == "SPOT" and self.capacity_reservation_id is not None:
            raise ValueError("spot machines come out of no reservation: leave capacity_reservation_id out")
        if self.capacity_reservation_id is not None and len(self.zones or ()) != 1:
            raise ValueError("a capacity reservation is in one zone: name that one in zones")
        return self

    @property
    def machine(self) -> GpuInstance:
        """What the smallest common denominator of the pool's machines has."""
        return min((GPU_INSTANCES[found] for found in self.instance_types), key=lambda machine: machine.nvme_gb)

    @property
    def gpus_of_a_node(self) -> int:
        """How many `nvidia.com/gpu` a node offers, shared as the settings say."""
        if isinstance(self.sharing, TimeSlicing):
            return self.machine.gpus * self.sharing.replicas
        return self.machine.gpus * (self.cut.parts if self.cut else 1)

    @property
    def cut(self) -> Cut | None:
        """How a node cuts its GPUs; None where they stay whole."""
        if not isinstance(self.sharing, Mig):
            return None
        profile = self.sharing.profile
        return Cut(profile=profile, parts=self.machine.gpu.mig_profiles[profile], gpus=self.machine.gpus)

    @property
    def room_of_a_node(self) -> NodeRoom:
        """What a pod finds on whichever of the machines comes."""
        machines = [GPU_INSTANCES[found] for found in self.instance_types]
        return room(
            min(machine.vcpus for machine in machines),
            min(machine.memory_gib for machine in machines),
            min(machine.nvme_gb for machine in machines),
        )


class GpuNodePoolArgs(Model):
    """What the pool is wired to."""

    settings: GpuNodePoolSettings
    """What the stack file says."""
    place: PoolPlace
    """What every pool is wired to."""
    pool: str
    """The pool's name in the settings: a label of its nodes, and part of its launch template's name."""


class GpuNodePool(pulumi.ComponentResource):
    """The GPU nodes of one pool."""

    cluster_name: pulumi.Output[str]
    """Known once the pool is there; with a min_size of 0 it has no node yet."""
    node_group_name: pulumi.Output[str]
    autoscaling_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:compute:GpuNodePool", name, None, opts)
        settings = args.settings
        group = ManagedNodeGroup(
            f"{name}-group",
            ManagedNodeGroupArgs(
                place=args.place,
                pool=args.pool,
                ami_type="AL2023_x86_64_NVIDIA",
                instance_types=settings.instance_types,
                capacity_type=settings.capacity_type,
                min_size=settings.min_size,
                max_size=settings.max_size,
                volume_size_gib=settings.volume_size_gib,
                fast_volume=True,
                user_data=gpu_user_data(settings.cut),
                capacity_reservation_id=settings.capacity_reservation_id,
                labels=gpu_labels(args.pool, settings),
                tags={"gpu-approval": settings.approved_by},
                taints={"gpu": GPU_TAINT},
                resources={
                    GPU: str(settings.gpus_of_a_node),
                    "ephemeral-storage": f"{settings.machine.nvme_gb}G",
                },
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


def gpu_labels(pool: str, settings: GpuNodePoolSettings) -> dict[str, str]:
    """Return the labels of the nodes: what the device plugin, DCGM and the autoscaler select them by."""
    return {
        POOL_LABEL: pool,
        "workload": "gpu",
        f"{GPU}.present": "true",
        "k8s.amazonaws.com/accelerator": settings.machine.gpu.label,
    }

"""What each GPU instance type has: facts that the scheduler, the autoscaler and the settings' checks go by.

A pool that scales from zero has no node to look at: what it would bring is told by tags, and those come from here.

Units:  GPU memory and memory are GiB, NVMe is GB, as EC2 says them.
Source: EC2 instance types guide, "Accelerated computing" (g5, g6, p4d, p5); NVIDIA, "MIG user guide", supported
profiles of A100 40 GB and H100 80 GB; EC2 user guide, "Capacity Blocks for ML", supported instance types.
"""

from collections.abc import Mapping
from dataclasses import dataclass

A100_PROFILES = {"1g.5gb": 7, "1g.10gb": 4, "2g.10gb": 3, "3g.20gb": 2, "4g.20gb": 1, "7g.40gb": 1}
H100_PROFILES = {"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1}


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One model of GPU."""

    label: str
    """Value of the label `k8s.amazonaws.com/accelerator`, by which the autoscaler knows a node with GPUs."""
    memory_gib: int
    mig_profiles: Mapping[str, int]
    """How many instances of each profile one GPU is cut into; empty where it has no MIG."""
    capacity_blocks: bool
    """Whether EC2 sells it in capacity blocks."""


@dataclass(frozen=True, kw_only=True)
class GpuInstance:
    """One instance type with GPUs."""

    gpu: Gpu
    gpus: int
    vcpus: int
    memory_gib: int
    nvme_gb: int
    efa: bool


A10G = Gpu(label="nvidia-a10g", memory_gib=24, mig_profiles={}, capacity_blocks=False)
L4 = Gpu(label="nvidia-l4", memory_gib=24, mig_profiles={}, capacity_blocks=False)
A100 = Gpu(label="nvidia-a100", memory_gib=40, mig_profiles=A100_PROFILES, capacity_blocks=True)
H100 = Gpu(label="nvidia-h100", memory_gib=80, mig_profiles=H100_PROFILES, capacity_blocks=True)


def _type(gpu: Gpu, gpus: int, vcpus: int, memory_gib: int, nvme_gb: int, *, efa: bool) -> GpuInstance:
    return GpuInstance(gpu=gpu, gpus=gpus, vcpus=vcpus, memory_gib=memory_gib, nvme_gb=nvme_gb, efa=efa)


GPU_INSTANCES: Mapping[str, GpuInstance] = {
    "g5.xlarge": _type(A10G, 1, 4, 16, 250, efa=False),
    "g5.2xlarge": _type(A10G, 1, 8, 32, 450, efa=False),
    "g5.4xlarge": _type(A10G, 1, 16, 64, 600, efa=False),
    "g5.8xlarge": _type(A10G, 1, 32, 128, 900, efa=True),
    "g5.16xlarge": _type(A10G, 1, 64, 256, 1900, efa=True),
    "g5.12xlarge": _type(A10G, 4, 48, 192, 3800, efa=True),
    "g5.24xlarge": _type(A10G, 4, 96, 384, 3800, efa=True),
    "g5.48xlarge": _type(A10G, 8, 192, 768, 7600, efa=True),
    "g6.xlarge": _type(L4, 1, 4, 16, 250, efa=False),
    "g6.2xlarge": _type(L4, 1, 8, 32, 450, efa=False),
    "g6.4xlarge": _type(L4, 1, 16, 64, 600, efa=False),
    "g6.8xlarge": _type(L4, 1, 32, 128, 900, efa=True),
    "g6.16xlarge": _type(L4, 1, 64, 256, 1880, efa=True),
    "g6.12xlarge": _type(L4, 4, 48, 192, 3760, efa=True),
    "g6.24xlarge": _type(L4, 4, 96, 384, 3760, efa=True),
    "g6.48xlarge": _type(L4, 8, 192, 768, 7520, efa=True),
    "p4d.24xlarge": _type(A100, 8, 96, 1152, 8000, efa=True),
    "p5.4xlarge": _type(H100, 1, 16, 256, 3840, efa=True),
    "p5.48xlarge": _type(H100, 8, 192, 2048, 30720, efa=True),
}
FAMILIES = ("g5", "g6", "p4d", "p5")

"""What an EC2 instance type brings to a cluster, and what kubelet leaves of it to pods.

Units:  memory in MiB, CPU in thousandths of a core, volumes in GiB.
Source: EC2 instance types (aws.amazon.com/ec2/instance-types); pods: awslabs/amazon-eks-ami,
        nodeadm/internal/kubelet/eni-max-pods.txt; what is reserved: config.go of the same folder.
Errors: UnknownInstanceTypeError for a type that is not in the table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

VM_MEMORY_OVERHEAD = 0.075
"""Share of an instance's memory that its guest never sees: Karpenter's `vm-memory-overhead-percent`."""
EVICTION_MEMORY_MIB = 100
"""kubelet's `evictionHard` of memory on EKS."""
EVICTION_DISK_SHARE = 0.10
"""kubelet's `evictionHard` of the node's file system on EKS."""
RESERVED_DISK_GIB = 1
CPU_RESERVED = ((1, 60), (1, 10), (2, 5))
"""Thousandths of a core kept of the first core, the second, the next two; of each further one 2.5."""
FEW_VCPUS = 30
MAX_PODS_OF_FEW_VCPUS, MAX_PODS_OF_MANY_VCPUS = 110, 250
"""Managed node groups cap the number of pods so, below FEW_VCPUS and from there on."""


class UnknownInstanceTypeError(Exception):
    """An instance type that the twin has no data of."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the twin knows no instance type {name!r}; twin/kubernetes/instance_types.py lists what it knows"
        )
        self.name = name


@dataclass(frozen=True)
class InstanceType:
    """One row of the table."""

    name: str
    vcpus: int
    memory_mib: int
    """As EC2 sells it."""
    eni_max_pods: int
    """Addresses that the VPC CNI can give, plus the pods of the host's network."""
    architecture: str
    """As Kubernetes names it: amd64 or arm64."""
    gpus: int = 0

    @property
    def max_pods(self) -> int:
        """What kubelet is told on a managed node group."""
        return min(self.eni_max_pods, MAX_PODS_OF_FEW_VCPUS if self.vcpus < FEW_VCPUS else MAX_PODS_OF_MANY_VCPUS)

    def capacity(self, volume_gib: int) -> dict[str, str]:
        """`status.capacity` of a node with this root volume. GPUs are not in it: a device plugin announces them."""
        return {
            "cpu": str(self.vcpus),
            "memory": f"{self._guest_memory_mib * 1024}Ki",
            "ephemeral-storage": f"{volume_gib * 1024 * 1024}Ki",
            "pods": str(self.max_pods),
        }

    def allocatable(self, volume_gib: int) -> dict[str, str]:
        """`status.allocatable`: what EKS' settings of kubelet leave to pods."""
        memory = self._guest_memory_mib - (255 + 11 * self.max_pods) - EVICTION_MEMORY_MIB
        disk = int(volume_gib * 1024 * (1 - EVICTION_DISK_SHARE)) - RESERVED_DISK_GIB * 1024
        return {
            "cpu": f"{self.vcpus * 1000 - reserved_millicores(self.vcpus)}m",
            "memory": f"{memory * 1024}Ki",
            "ephemeral-storage": f"{disk * 1024}Ki",
            "pods": str(self.max_pods),
        }

    @property
    def _guest_memory_mib(self) -> int:
        return int(self.memory_mib * (1 - VM_MEMORY_OVERHEAD))


def reserved_millicores(vcpus: int) -> int:
    """CPU that EKS keeps for kubelet and the container runtime.

    >>> reserved_millicores(2), reserved_millicores(4), reserved_millicores(96)
    (70, 80, 310)
    """
    kept, left = 0.0, vcpus
    for cores, each in CPU_RESERVED:
        kept += min(left, cores) * each
        left -= min(left, cores)
    return int(kept + left * 2.5)


def instance_type(name: str) -> InstanceType:
    """The row of a type. Raises UnknownInstanceTypeError."""
    try:
        return INSTANCE_TYPES[name]
    except KeyError:
        raise UnknownInstanceTypeError(name) from None


_SIZES = {"medium": 1, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48}
_SIZES |= {"16xlarge": 64, "24xlarge": 96, "32xlarge": 128, "48xlarge": 192}
"""vCPUs by size, of families without burst."""
_ENI_MAX_PODS = {"medium": 8, "large": 29, "xlarge": 58, "2xlarge": 58, "4xlarge": 234, "8xlarge": 234, "12xlarge": 234}
_ENI_MAX_PODS |= {"16xlarge": 737, "24xlarge": 737, "32xlarge": 737, "48xlarge": 737}
_UP_TO_24 = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")
_UP_TO_16 = ("medium", *_UP_TO_24[:-1])
_FAMILIES: Mapping[str, tuple[int, str, tuple[str, ...]]] = {
    # GiB of memory for each vCPU, architecture, sizes
    "m6i": (4, "amd64", (*_UP_TO_24, "32xlarge")),
    "m7i": (4, "amd64", (*_UP_TO_24, "48xlarge")),
    "m7g": (4, "arm64", _UP_TO_16),
    "c7g": (2, "arm64", _UP_TO_16),
    "r7g": (8, "arm64", _UP_TO_16),
}
_BURSTABLE = {  # size: vCPUs, GiB of memory, pods; t3 (x86) and t4g (Arm) are alike
    "micro": (2, 1, 4),
    "small": (2, 2, 11),
    "medium": (2, 4, 17),
    "large": (2, 8, 35),
    "xlarge": (4, 16, 58),
    "2xlarge": (8, 32, 58),
}
_ACCELERATED = {  # vCPUs, GiB of memory, pods, GPUs
    "g5.xlarge": (4, 16, 58, 1),
    "g5.2xlarge": (8, 32, 58, 1),
    "g5.4xlarge": (16, 64, 234, 1),
    "g5.8xlarge": (32, 128, 234, 1),
    "g5.12xlarge": (48, 192, 737, 4),
    "g5.16xlarge": (64, 256, 234, 1),
    "g5.24xlarge": (96, 384, 737, 4),
    "g5.48xlarge": (192, 768, 345, 8),
    "g6.xlarge": (4, 16, 58, 1),
    "g6.2xlarge": (8, 32, 58, 1),
    "g6.4xlarge": (16, 64, 234, 1),
    "g6.8xlarge": (32, 128, 234, 1),
    "g6.12xlarge": (48, 192, 234, 4),
    "g6.16xlarge": (64, 256, 737, 1),
    "g6.24xlarge": (96, 384, 737, 4),
    "g6.48xlarge": (192, 768, 737, 8),
    "p4d.24xlarge": (96, 1152, 737, 8),
    "p4de.24xlarge": (96, 1152, 737, 8),
    "p5.4xlarge": (16, 256, 118, 1),
    "p5.48xlarge": (192, 2048, 100, 8),
}


def _rows() -> Iterator[InstanceType]:
    for family, (ratio, architecture, sizes) in _FAMILIES.items():
        for size in sizes:
            memory_mib = _SIZES[size] * ratio * 1024
            yield InstanceType(f"{family}.{size}", _SIZES[size], memory_mib, _ENI_MAX_PODS[size], architecture)
    for size, (vcpus, memory_gib, pods) in _BURSTABLE.items():
        yield InstanceType(f"t3.{size}", vcpus, memory_gib * 1024, pods, "amd64")
        yield InstanceType(f"t4g.{size}", vcpus, memory_gib * 1024, pods, "arm64")
    for name, (vcpus, memory_gib, pods, gpus) in _ACCELERATED.items():
        yield InstanceType(name, vcpus, memory_gib * 1024, pods, "amd64", gpus)


INSTANCE_TYPES: Mapping[str, InstanceType] = {row.name: row for row in _rows()}
"""By name."""

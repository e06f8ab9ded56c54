"""What a node leaves to the pods of teams and runners: less than its machine has.

What the hypervisor, kubelet and the pods that run on every node take is reckoned at its most, so that a pod that fits
here finds a place on a real node. The agents are those of the add-ons, the device plugin and monitoring together; a
test adds up what they ask for.

Units:  CPU in thousandths of a core, memory in MiB, disks in GB as EC2 says them; what is left in whole cores and GiB.
Source: awslabs/amazon-eks-ami, nodeadm/internal/kubelet (config.go: what is reserved and when pods are put out);
        EKS user guide, "Choosing an optimal Amazon EC2 node instance type" (pods of a node); Karpenter,
        `vm-memory-overhead-percent` (what an instance's guest never sees of its memory).
"""

from components.model import Model

VM_MEMORY_SHARE = 0.925
FEW_VCPUS = 30
PODS_OF_FEW_VCPUS, PODS_OF_MANY_VCPUS = 110, 250
"""The most pods that a managed node group lets a node have, below FEW_VCPUS and from there on."""
KUBELET_MIB, KUBELET_MIB_OF_A_POD, EVICTION_MIB = 255, 11, 100
DISK_SHARE, KUBELET_DISK_GIB = 0.9, 1
AGENTS_MILLICORES, AGENTS_MIB = 700, 1024
"""What the agents of a GPU node may ask for together."""


class NodeRoom(Model):
    """The largest pod that fits a node with nothing on it but its agents."""

    cpu: int
    """Whole cores."""
    memory_gib: int
    """GiB of memory."""
    disk_gib: int
    """GiB on the machine's own disks, images included."""


def room(vcpus: int, memory_gib: int, nvme_gb: int) -> NodeRoom:
    """Return what a machine leaves to a pod.

    >>> room(4, 16, 250)
    NodeRoom(cpu=3, memory_gib=12, disk_gib=207)
    """
    pods = PODS_OF_FEW_VCPUS if vcpus < FEW_VCPUS else PODS_OF_MANY_VCPUS
    guest_mib = int(memory_gib * 1024 * VM_MEMORY_SHARE)
    kubelet_mib = KUBELET_MIB + KUBELET_MIB_OF_A_POD * pods + EVICTION_MIB
    return NodeRoom(
        cpu=(vcpus * 1000 - _kubelet_millicores(vcpus) - AGENTS_MILLICORES) // 1000,
        memory_gib=(guest_mib - kubelet_mib - AGENTS_MIB) // 1024,
        disk_gib=int(nvme_gb * 10**9 // 2**30 * DISK_SHARE) - KUBELET_DISK_GIB,
    )


def _kubelet_millicores(vcpus: int) -> int:
    """EKS keeps 6 per cent of the first core, 1 of the second, 0.5 of the next two, and 0.25 of each further one."""
    return int(60 + 10 * min(vcpus - 1, 1) + 5 * min(max(vcpus - 2, 0), 2) + 2.5 * max(vcpus - 4, 0))

"""What an instance brings, against figures that AWS and EKS publish."""

import pytest

from twin.kubernetes.instance_types import INSTANCE_TYPES, UnknownInstanceTypeError, instance_type, reserved_millicores


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_gib", "gpus", "architecture", "pods"),
    [
        ("t3.medium", 2, 4, 0, "amd64", 17),
        ("t4g.large", 2, 8, 0, "arm64", 35),
        ("m6i.large", 2, 8, 0, "amd64", 29),
        ("m7g.medium", 1, 4, 0, "arm64", 8),
        ("c7g.4xlarge", 16, 32, 0, "arm64", 110),
        ("r7g.16xlarge", 64, 512, 0, "arm64", 250),
        ("g5.xlarge", 4, 16, 1, "amd64", 58),
        ("g6.12xlarge", 48, 192, 4, "amd64", 234),
        ("p4d.24xlarge", 96, 1152, 8, "amd64", 250),
        ("p5.48xlarge", 192, 2048, 8, "amd64", 100),
    ],
)
def test_a_type_is_what_ec2_sells(
    name: str, vcpus: int, memory_gib: int, gpus: int, architecture: str, pods: int
) -> None:
    found = instance_type(name)
    assert (found.vcpus, found.memory_mib, found.gpus) == (vcpus, memory_gib * 1024, gpus)
    assert (found.architecture, found.max_pods) == (architecture, pods)


@pytest.mark.parametrize(("vcpus", "reserved"), [(1, 60), (2, 70), (4, 80), (8, 90), (96, 310), (192, 550)])
def test_cpu_is_reserved_as_nodeadm_reserves_it(vcpus: int, reserved: int) -> None:
    assert reserved_millicores(vcpus) == reserved


def test_pods_get_what_kubelet_leaves_of_the_machine() -> None:
    # t3.medium: 4096 MiB less 7.5 % is 3788; less 255 + 11 * 17 for kubelet and 100 for evictions is 3246.
    left = instance_type("t3.medium").allocatable(volume_gib=20)
    assert left == {
        "cpu": "1930m",
        "memory": f"{3246 * 1024}Ki",
        "ephemeral-storage": f"{17408 * 1024}Ki",
        "pods": "17",
    }


def test_every_type_leaves_room_for_pods() -> None:
    for kind in INSTANCE_TYPES.values():
        left = kind.allocatable(volume_gib=20)
        if not kind.name.endswith("micro"):  # they have less than kubelet itself asks for
            assert int(left["memory"].removesuffix("Ki")) > 0, kind.name


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(UnknownInstanceTypeError, match=r"'x9\.huge'"):
        instance_type("x9.huge")

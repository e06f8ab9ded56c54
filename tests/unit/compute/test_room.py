"""Decides what a node leaves to a pod, against sums made by hand from what EKS publishes."""

import pytest

from components.compute.gpu_node_pool import GpuNodePoolSettings
from components.compute.room import NodeRoom, room


@pytest.mark.parametrize(
    ("machine", "left"),
    [
        # g5.xlarge: 4000 - 60 - 10 - 2 * 5 - 700 = 3220 thousandths;
        # 16384 MiB less 7.5 % is 15155, less 255 + 11 * 110 + 100 + 1024 is 12566; 250 GB are 232 GiB, 208 of them.
        ((4, 16, 250), NodeRoom(cpu=3, memory_gib=12, disk_gib=207)),
        # g5.12xlarge: 48000 - 80 - 44 * 2.5 - 700 = 47110; 181862 - 255 - 11 * 250 - 100 - 1024 = 177733.
        ((48, 192, 3800), NodeRoom(cpu=47, memory_gib=173, disk_gib=3184)),
        # p5.48xlarge: 192000 - 80 - 188 * 2.5 - 700 = 190750; 1939865 - 4129 = 1935736.
        ((192, 2048, 30720), NodeRoom(cpu=190, memory_gib=1890, disk_gib=25748)),
    ],
)
def test_a_machine_leaves_what_nobody_else_takes(machine: tuple[int, int, int], left: NodeRoom) -> None:
    assert room(*machine) == left


def test_a_pod_has_to_fit_whichever_machine_comes() -> None:
    # g5.2xlarge has more of everything; whether it comes, nobody knows beforehand.
    pool = GpuNodePoolSettings(instance_types=("g5.2xlarge", "g5.xlarge"), approved_by="board", max_size=4)
    assert pool.room_of_a_node == room(4, 16, 250)

"""How the autoscaler takes a node away: only after its time, never below the minimum, never for good when refused."""

import copy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.twin.kubernetes.objects import group, nodes, pod
from twin.kubernetes.autoscaling.events import Events
from twin.kubernetes.autoscaling.flags import Flags
from twin.kubernetes.autoscaling.node_groups import Group, template
from twin.kubernetes.autoscaling.removal import Removal
from twin.kubernetes.autoscaling.scale_down import SAFE_TO_EVICT
from twin.kubernetes.autoscaling.state import TO_BE_DELETED, State

AT_ONCE = Flags(scale_down_unneeded_time=0, scale_down_delay_after_add=0)
FIRST = "ip-10-0-0-10.eu-west-1.compute.internal"


class _World:
    """A cluster of two nodes, as API server and as AWS."""

    def __init__(self, least: int = 0, pods: tuple[dict[str, Any], ...] = ()) -> None:
        self.nodes = nodes(group("i-1", "i-2"))
        self.pods = list(pods)
        self.least = least
        self.events: list[str] = []
        self.evicted: list[str] = []
        self.terminated: list[str] = []
        self.refuses = False

    def replace(self, node: dict[str, Any]) -> None:
        self.nodes = [node if one["metadata"]["name"] == node["metadata"]["name"] else one for one in self.nodes]

    def create(self, event: dict[str, Any]) -> None:
        self.events.append(event["reason"])

    def post_subresource(self, api_version: str, kind: str, name: str, *_: Any) -> None:
        self.evicted.append(name)
        self.pods = [one for one in self.pods if one["metadata"]["name"] != name]

    def client(self, service: str) -> "_World":
        return self

    def terminate_instance_in_auto_scaling_group(self, **asked: Any) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Terminate")
        assert asked["ShouldDecrementDesiredCapacity"]
        self.terminated.append(asked["InstanceId"])

    def state(self) -> State:
        held = [one for one in ("i-1", "i-2") if one not in self.terminated]
        place = template("workers", "m6i.large", "eu-west-1a", {}, {})
        one = Group("workers", self.least, 4, len(held), ["eu-west-1a"], held, {}, place)
        return State([one], copy.deepcopy(self.nodes), list(self.pods), [])

    def marked(self) -> list[str]:
        found = [node for node in self.nodes if any(t["key"] == TO_BE_DELETED for t in node["spec"]["taints"])]
        return [node["metadata"]["name"] for node in found]


def steps(removal: Removal, world: _World, count: int, flags: Flags = AT_ONCE) -> None:
    api: Any = world
    for _ in range(count):
        removal.step(api, api, flags, world.state(), "kube-system")


@pytest.fixture
def removal() -> Removal:
    return Removal(Events())


def test_an_empty_node_is_marked_and_then_its_instance_ends(removal: Removal) -> None:
    world = _World()
    steps(removal, world, 1)
    assert world.marked()
    assert not world.terminated
    steps(removal, world, 1)
    assert world.terminated == ["i-1", "i-2"]
    assert world.events.count("ScaleDown") == 6  # marked, removed and said so of the whole, each twice


def test_a_group_keeps_its_minimum(removal: Removal) -> None:
    world = _World(least=1)
    steps(removal, world, 4)
    assert len(world.terminated) == 1


@pytest.mark.parametrize(
    "flags",
    [
        Flags(scale_down_unneeded_time=60, scale_down_delay_after_add=0),
        Flags(scale_down_unneeded_time=0, scale_down_delay_after_add=60),
        Flags(scale_down_unneeded_time=0, scale_down_delay_after_add=0, scale_down_enabled=False),
    ],
)
def test_nothing_goes_before_its_time(removal: Removal, flags: Flags) -> None:
    world = _World()
    removal.after_scale_up()
    steps(removal, world, 3, flags)
    assert not world.marked()


def test_pods_that_fit_elsewhere_are_moved_first(removal: Removal) -> None:
    world = _World(pods=(pod("mover", {"cpu": "100m"}, node=FIRST), pod("other", {"cpu": "1500m"}, node="x")))
    steps(removal, world, 1)
    assert world.marked() == [FIRST]  # the other one, although it is empty, is to take the pod
    steps(removal, world, 1)
    assert (world.evicted, world.terminated) == (["mover"], [])
    steps(removal, world, 1)
    assert world.terminated == ["i-1"]


def test_a_pod_that_is_held_once_its_node_is_marked_stays_and_so_does_the_node(removal: Removal) -> None:
    world = _World(pods=(pod("mover", {"cpu": "100m"}, node=FIRST), pod("other", {"cpu": "1500m"}, node="x")))
    steps(removal, world, 1)
    assert world.marked() == [FIRST]
    world.pods[0]["metadata"]["annotations"][SAFE_TO_EVICT] = "false"
    steps(removal, world, 2)
    assert (world.evicted, world.terminated, world.marked()) == ([], [], [])
    assert "ScaleDownFailed" in world.events


def test_a_refusal_takes_the_mark_away_and_is_told(removal: Removal) -> None:
    world = _World()
    world.refuses = True
    steps(removal, world, 2)
    assert "ScaleDownFailed" in world.events
    steps(removal, world, 2)
    assert not world.marked()  # not again before the delay after a failure

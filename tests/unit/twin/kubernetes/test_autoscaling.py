"""What the autoscaler decides: which group grows by how many nodes, and which nodes may go."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.unit.twin.kubernetes.objects import TAINT, TOLERATION, group, nodes, pod
from twin.kubernetes.autoscaling import scale_down, scale_up
from twin.kubernetes.autoscaling.flags import FlagError, Flags, parse
from twin.kubernetes.autoscaling.node_groups import Group, template
from twin.kubernetes.autoscaling.removal import unneeded
from twin.kubernetes.autoscaling.scale_up import Cluster
from twin.kubernetes.autoscaling.state import ACCELERATOR, State, places_of, upcoming_of

TAGS = {
    "k8s.io/cluster-autoscaler/node-template/label/workload": "gpu",
    "k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu": "present:NoSchedule",
}
EMPTY = Cluster([], [], [])
GPU_POD: dict[str, Any] = {"requests": {"nvidia.com/gpu": "1"}, "tolerations": [TOLERATION]}


def asg(
    name: str = "gpu",
    kind: str = "g5.xlarge",
    *,
    desired: int = 0,
    most: int = 4,
    zone: str = "eu-west-1a",
    tags: Mapping[str, str] = TAGS,
    managed: Mapping[str, Any] | None = None,
) -> Group:
    instances = [f"i-{index + 1}" for index in range(desired)]
    return Group(name, 0, most, desired, [zone], instances, tags, template(name, kind, zone, managed or {}, tags))


def plan(
    *groups: Group,
    pods: list[dict[str, Any]],
    cluster: Cluster = EMPTY,
    expander: Sequence[str] = ("least-waste",),
    priorities: str = "",
    balance: bool = False,
) -> scale_up.Plan:
    waiting = Cluster(cluster.places, cluster.upcoming, [*cluster.pods, *pods])
    return scale_up.plan(groups, waiting, expander, priorities, balance)


def test_a_gpu_pod_makes_an_empty_group_grow_by_one() -> None:
    made = plan(asg(), pods=[pod(**GPU_POD)])
    assert made.sizes == {"gpu": 1}
    assert [one["metadata"]["name"] for one in made.helped] == ["pod"]


def test_no_more_nodes_than_the_pods_need_and_the_group_may_have() -> None:
    assert plan(asg(), pods=[pod(f"p{i}", **GPU_POD) for i in range(3)]).sizes == {"gpu": 3}
    assert plan(asg(most=2), pods=[pod(f"p{i}", **GPU_POD) for i in range(3)]).sizes == {"gpu": 2}
    shared = asg(tags={**TAGS, "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu": "4"})
    assert plan(shared, pods=[pod(f"p{i}", **GPU_POD) for i in range(3)]).sizes == {"gpu": 1}


def test_a_full_group_and_a_pod_that_tolerates_nothing_are_told_why() -> None:
    full = plan(asg(desired=4), pods=[pod(**GPU_POD)])
    assert not full.sizes
    assert [why for _, why in full.refused] == ["1 max node group size reached"]
    bare = plan(asg(), pods=[pod(requests={"nvidia.com/gpu": "1"})])
    assert [why for _, why in bare.refused] == ["1 node(s) had untolerated taint {nvidia.com/gpu: present}"]


def test_a_missing_tag_shows_because_an_empty_group_is_known_by_its_tags_alone() -> None:
    selecting = pod(**GPU_POD, nodeSelector={"workload": "gpu"})
    assert plan(asg(), pods=[selecting]).sizes == {"gpu": 1}
    untagged = plan(asg(tags={}), pods=[selecting])
    assert [why for _, why in untagged.refused] == ["1 node(s) didn't match Pod's node affinity/selector"]
    told = {"nodegroupName": "gpu", "labels": {"workload": "gpu"}}
    assert plan(asg(tags={}, managed=told), pods=[selecting]).sizes == {"gpu": 1}


def test_pods_for_which_there_is_room_already_make_nothing_grow() -> None:
    here = Cluster([asg().template], [], [])
    assert not plan(asg(), pods=[pod(**GPU_POD)], cluster=here).sizes
    coming = Cluster([], [asg().template], [])
    assert not plan(asg(), pods=[pod(**GPU_POD)], cluster=coming).sizes
    assert plan(asg(), pods=[pod("a", **GPU_POD), pod("b", **GPU_POD)], cluster=coming).sizes == {"gpu": 1}


@pytest.mark.parametrize(
    ("expander", "chosen"),
    [(["least-waste"], "small"), (["most-pods"], "large"), (["priority"], "large"), (["random"], "large")],
)
def test_the_expander_chooses(expander: list[str], chosen: str) -> None:
    large, small = asg("large", "m6i.4xlarge", most=1, tags={}), asg("small", "m6i.large", most=1, tags={})
    pods = [pod(f"p{i}", {"cpu": "1500m", "memory": "6Gi"}) for i in range(2)]
    made = plan(large, small, pods=pods, expander=expander, priorities="10: [small]\n50: ['lar.*']")
    assert list(made.sizes) == [chosen]


def test_an_unknown_expander_is_named() -> None:
    with pytest.raises(ValueError, match="--expander=price"):
        plan(asg(), pods=[pod(**GPU_POD)], expander=["price"])


def test_similar_groups_grow_evenly() -> None:
    one, other = asg("a", zone="eu-west-1a", desired=1), asg("b", zone="eu-west-1b")
    pods = [pod(f"p{i}", **GPU_POD) for i in range(3)]
    assert plan(one, other, pods=pods, balance=True).sizes == {"a": 2, "b": 2}
    assert plan(one, other, pods=pods).sizes == {"a": 4}
    assert not scale_up.similar(one, asg("c", "g5.2xlarge"))


def state(*pods: dict[str, Any], instances: int = 2, kind: str = "m6i.large", **given: Any) -> State:
    desired = given.pop("desired", instances)
    one = asg("workers", kind, desired=desired, tags={})
    held = nodes(group(*[f"i-{i + 1}" for i in range(instances)], instance_type=kind, **given))
    return State([one], held, list(pods), [])


FIRST, SECOND = "ip-10-0-0-10.eu-west-1.compute.internal", "ip-10-0-0-11.eu-west-1.compute.internal"


def names(found: list[Any]) -> list[str]:
    return [node["metadata"]["name"] for node in found]


def test_a_node_whose_pods_fit_elsewhere_is_not_needed() -> None:
    busy, light = pod("busy", {"cpu": "1200m"}, node=FIRST), pod("light", {"cpu": "500m"}, node=SECOND)
    assert names(unneeded(Flags(), state(busy, light))) == [SECOND]
    assert names(unneeded(Flags(), state(busy, pod("light", {"cpu": "800m"}, node=SECOND)))) == []
    assert names(unneeded(Flags(), state(busy))) == [SECOND]


def test_the_last_nodes_do_not_all_count_on_each_other() -> None:
    light = [pod("a", {"cpu": "500m"}, node=FIRST), pod("b", {"cpu": "500m"}, node=SECOND)]
    assert len(unneeded(Flags(), state(*light))) == 1


def test_pods_of_daemon_sets_and_finished_ones_hold_no_node() -> None:
    pods = [pod("d", owner="DaemonSet", node=FIRST), pod("j", owner="Job", node=FIRST, phase="Succeeded")]
    assert FIRST in names(unneeded(Flags(), state(*pods)))


@pytest.mark.parametrize(
    ("changes", "flags", "why"),
    [
        ({}, {}, None),
        ({"owner": None}, {}, "no controller"),
        ({"annotations": {scale_down.SAFE_TO_EVICT: "false"}}, {}, "not safe to evict"),
        ({"owner": None, "annotations": {scale_down.SAFE_TO_EVICT: "true"}}, {}, None),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, {}, "local storage"),
        ({"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}]}, {}, None),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, {"skip_nodes_with_local_storage": False}, None),
        ({"namespace": "kube-system"}, {}, "kube-system"),
        ({"namespace": "kube-system"}, {"skip_nodes_with_system_pods": False}, None),
        ({"labels": {"app": "held"}}, {}, "PodDisruptionBudget held"),
    ],
)
def test_what_holds_a_node(changes: dict[str, Any], flags: dict[str, Any], why: str | None) -> None:
    budget = {
        "metadata": {"name": "held", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "held"}}},
        "status": {"disruptionsAllowed": 0},
    }
    said = scale_down.holds(pod(**changes), Flags(**flags), [budget])
    assert said is None if why is None else why in (said or "")


def test_gpu_nodes_are_judged_by_their_gpus() -> None:
    node = nodes(group("i-1", instance_type="g5.xlarge"))[0]
    node["status"]["allocatable"]["nvidia.com/gpu"] = "2"
    busy = pod(requests={"cpu": "3", "nvidia.com/gpu": "0"})
    assert scale_down.is_idle(node, [busy], Flags())
    assert not scale_down.is_idle(node, [pod(requests={"nvidia.com/gpu": "1"})], Flags())


def test_a_node_that_is_on_its_way_counts_once_and_a_gpu_node_without_gpus_is_not_there() -> None:
    assert len(upcoming_of(state(instances=1, desired=3))) == 2
    bare = state(instances=1, kind="g5.xlarge", labels={ACCELERATOR: "nvidia-a10g"})
    assert (len(places_of(bare)), len(upcoming_of(bare))) == (0, 1)
    bare.nodes[0]["status"]["allocatable"]["nvidia.com/gpu"] = "1"
    assert (len(places_of(bare)), len(upcoming_of(bare))) == (1, 0)
    bare.nodes[0]["spec"]["taints"].append({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"})
    assert (len(places_of(bare)), len(upcoming_of(bare))) == (0, 1)


def test_a_template_is_the_instance_type_and_what_tags_say_over_it() -> None:
    tags = {**TAGS, "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage": "250G"}
    made = template("gpu", "g5.xlarge", "eu-west-1b", {}, tags)
    assert made.labels.items() >= {"workload": "gpu", "topology.kubernetes.io/zone": "eu-west-1b"}.items()
    assert made.taints == [TAINT]
    assert made.free["nvidia.com/gpu"] == 1
    assert made.free["ephemeral-storage"] == 250 * 10**9


def test_flags_are_read_as_the_container_has_them() -> None:
    words = [
        "/cluster-autoscaler",
        "--cloud-provider=aws",
        "--node-group-auto-discovery=asg:tag=a,b=owned",
        "--expander=priority,least-waste",
        "--scale-down-unneeded-time=1m30s",
        "--balance-similar-node-groups",
        "--skip-nodes-with-local-storage=false",
        "--max-graceful-termination-sec=30",
        "--max-node-provision-time=15m",
    ]
    assert parse({"command": words[:1], "args": words[1:]}) == Flags(
        discovery_tags=((("a", None), ("b", "owned")),),
        expander=("priority", "least-waste"),
        scale_down_unneeded_time=90,
        balance_similar_node_groups=True,
        skip_nodes_with_local_storage=False,
        max_graceful_termination_sec=30,
        unknown=("max-node-provision-time",),
    )


@pytest.mark.parametrize(
    "word",
    [
        "--scale-down-unneeded-time=5",
        "--scan-interval=soon",
        "--node-group-auto-discovery=mig:x",
        "--scale-down-enabled=perhaps",
    ],
)
def test_a_flag_that_the_real_one_would_not_start_with_is_named(word: str) -> None:
    with pytest.raises(FlagError, match=word.partition("=")[0]):
        parse({"args": [word]})

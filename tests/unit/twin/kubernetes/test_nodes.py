"""The Node of an instance, and which nodes an update replaces."""

import dataclasses
from typing import Any

import pytest

from tests.unit.twin.kubernetes.objects import TAINT, group, nodes, pod
from twin.kubernetes.controllers.node_groups import to_replace
from twin.kubernetes.drain import SINCE, stays
from twin.kubernetes.groups import LaunchTemplate, max_unavailable
from twin.kubernetes.nodes import change_to, instance_id, is_outdated, manifest


def test_a_node_says_what_managed_node_groups_say_of_it() -> None:
    one = group("i-1", capacity_type="SPOT", labels={"workload": "gpu"}, taints=[TAINT], instance_type="g5.xlarge")
    node = manifest(one, one.instances[0], "eu-west-1", "10.0.0.10", "ip-10-0-0-10.eu-west-1.compute.internal")
    assert node["metadata"]["name"] == "ip-10-0-0-10.eu-west-1.compute.internal"
    assert (
        node["metadata"]["labels"].items()
        >= {
            "eks.amazonaws.com/nodegroup": "workers",
            "eks.amazonaws.com/capacityType": "SPOT",
            "topology.kubernetes.io/zone": "eu-west-1a",
            "topology.kubernetes.io/region": "eu-west-1",
            "node.kubernetes.io/instance-type": "g5.xlarge",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            "workload": "gpu",
        }.items()
    )
    assert node["spec"] == {"providerID": "aws:///eu-west-1a/i-1", "taints": [TAINT]}
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.3-eks"
    assert instance_id(node) == "i-1"


def test_a_gpu_node_has_no_gpu_before_a_device_plugin_says_so() -> None:
    one = group("i-1", instance_type="g5.xlarge")
    node = manifest(one, one.instances[0], "eu-west-1", "10.0.0.10", "ip-10-0-0-10.eu-west-1.compute.internal")
    assert not [name for name in node["status"]["allocatable"] if "nvidia" in name]


def test_an_update_begins_with_as_many_nodes_as_may_be_unavailable() -> None:
    before = group("i-1", "i-2", "i-3", max_unavailable=2)
    after = dataclasses.replace(before, launch_template=LaunchTemplate("lt-1", "2", None, 20, None))
    there = nodes(before)
    assert to_replace(before, there) == []
    assert to_replace(after, there) == ["i-1", "i-2"]
    assert all(is_outdated(node, after) for node in there)


def test_an_update_waits_for_the_replacements_and_for_the_nodes_that_leave() -> None:
    before = group("i-1", "i-2", "i-3")
    template = LaunchTemplate("lt-1", "2", None, 20, None)
    after = dataclasses.replace(group("i-4", "i-2", "i-3"), launch_template=template)
    old, new = nodes(before), nodes(after)[:1]
    assert to_replace(after, old) == []  # i-4 is not there yet, i-1 is leaving
    assert to_replace(after, [*old[1:], *new]) == ["i-2"]
    leaving = {**old[0], "metadata": {**old[0]["metadata"], "annotations": {SINCE: "1"}}}
    assert to_replace(after, [leaving, *old[1:], *new]) == []


def test_another_release_makes_a_node_outdated() -> None:
    before = group("i-1")
    assert is_outdated(nodes(before)[0], dataclasses.replace(before, kubernetes_version="1.36.4"))


@pytest.mark.parametrize(
    ("config", "nodes_", "expected"),
    [
        ({}, 10, 1),
        ({"maxUnavailable": 3}, 10, 3),
        ({"maxUnavailablePercentage": 50}, 3, 1),
        ({"maxUnavailablePercentage": 33}, 10, 3),
    ],
)
def test_how_many_nodes_may_be_unavailable(config: dict[str, int], nodes_: int, expected: int) -> None:
    assert max_unavailable(config, nodes_) == expected


def _patched(node: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The node after a JSON merge patch."""
    found = dict(node)
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _patched(found.get(key, {}), value) if isinstance(value, dict) else value
    return found


def test_changed_labels_and_taints_reach_the_nodes_and_what_others_have_set_stays() -> None:
    before = group("i-1", labels={"a": "1", "b": "1"}, taints=[TAINT])
    foreign = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    node = nodes(before, taints=[foreign])[0]
    node["metadata"]["labels"]["foreign"] = "1"
    assert change_to(node, before) == {}
    other = {"key": "dedicated", "effect": "NoExecute"}
    after = dataclasses.replace(before, labels={"a": "2"}, taints=[other])
    changed = _patched(node, change_to(node, after))
    assert changed["spec"]["taints"] == [foreign, other]
    labels = changed["metadata"]["labels"]
    assert (labels["a"], labels["foreign"], "b" in labels) == ("2", "1", False)
    assert change_to(changed, after) == {}


def test_a_drain_leaves_pods_of_daemon_sets_and_static_pods() -> None:
    assert stays(pod(owner="DaemonSet"))
    assert stays(pod(owner=None, annotations={"kubernetes.io/config.mirror": "x"}))
    assert not stays(pod(owner=None))

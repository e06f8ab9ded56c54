"""Whether a pod fits a node: against what kube-scheduler answers to the same question."""

from fractions import Fraction
from typing import Any

import pytest

from tests.unit.twin.kubernetes.objects import TAINT, TOLERATION, pod
from twin.kubernetes.quantities import quantity
from twin.kubernetes.scheduling import Place, amounts, obstacle, requests, spreads

FREE = amounts({"cpu": "1930m", "memory": "7Gi", "pods": "29"})
LABELS = {"topology.kubernetes.io/zone": "eu-west-1a", "workload": "cpu", "cores": "4"}


def place(**changes: Any) -> Place:
    return Place(**{"name": "n", "labels": LABELS, "taints": [], "free": FREE} | changes)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("100m", Fraction(1, 10)),
        ("1.5", Fraction(3, 2)),
        ("2Gi", Fraction(2**31)),
        ("1e3", Fraction(1000)),
        ("5M", Fraction(5_000_000)),
        (4, Fraction(4)),
    ],
)
def test_a_quantity_is_read_as_kubernetes_reads_it(written: str | int, number: Fraction) -> None:
    assert quantity(written) == number


@pytest.mark.parametrize("written", ["", "1Q", "m", "1 Gi", "0x10"])
def test_what_is_no_quantity_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        quantity(written)


def test_a_pod_asks_for_its_containers_or_for_a_larger_init_container() -> None:
    def container(cpu: str, **changes: Any) -> dict[str, Any]:
        return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **changes}

    one = pod(requests={"cpu": "1"}, initContainers=[container("3")])
    assert requests(one)["cpu"] == 3
    sidecar = pod(requests={"cpu": "1"}, initContainers=[container("500m", restartPolicy="Always"), container("1")])
    assert requests(sidecar)["cpu"] == Fraction(3, 2)
    assert requests(pod(requests={"cpu": "1"}, overhead={"cpu": "250m"}))["cpu"] == Fraction(5, 4)


@pytest.mark.parametrize(
    ("asked", "where", "why"),
    [
        ({"requests": {"cpu": "1930m"}}, {}, None),
        ({"requests": {"cpu": "1931m"}}, {}, "Insufficient cpu"),
        ({"requests": {"nvidia.com/gpu": "1"}}, {}, "Insufficient nvidia.com/gpu"),
        ({}, {"free": {**FREE, "pods": Fraction(0)}}, "Too many pods"),
        ({}, {"taints": [TAINT]}, "had untolerated taint {nvidia.com/gpu: present}"),
        ({"tolerations": [TOLERATION]}, {"taints": [TAINT]}, None),
        ({"tolerations": [{"key": "nvidia.com/gpu", "value": "present"}]}, {"taints": [TAINT]}, None),
        (
            {"tolerations": [{"key": "nvidia.com/gpu", "value": "absent"}]},
            {"taints": [TAINT]},
            "had untolerated taint {nvidia.com/gpu: present}",
        ),
        (
            {"tolerations": [{**TOLERATION, "effect": "NoExecute"}]},
            {"taints": [TAINT]},
            "had untolerated taint {nvidia.com/gpu: present}",
        ),
        ({"tolerations": [{"operator": "Exists"}]}, {"taints": [TAINT]}, None),
        ({}, {"taints": [{**TAINT, "effect": "PreferNoSchedule"}]}, None),
        ({"nodeSelector": {"workload": "cpu"}}, {}, None),
        ({"nodeSelector": {"workload": "gpu"}}, {}, "didn't match Pod's node affinity/selector"),
    ],
)
def test_what_keeps_a_pod_from_a_node(asked: dict[str, Any], where: dict[str, Any], why: str | None) -> None:
    assert obstacle(pod(**asked), place(**where)) == why


@pytest.mark.parametrize(
    ("operator", "key", "values", "admitted"),
    [
        ("In", "workload", ["cpu", "gpu"], True),
        ("In", "workload", ["gpu"], False),
        ("NotIn", "workload", ["gpu"], True),
        ("NotIn", "missing", ["x"], True),
        ("Exists", "missing", [], False),
        ("DoesNotExist", "missing", [], True),
        ("Gt", "cores", ["3"], True),
        ("Gt", "cores", ["4"], False),
        ("Lt", "cores", ["5"], True),
    ],
)
def test_required_node_affinity(operator: str, key: str, values: list[str], admitted: bool) -> None:
    expression = {"key": key, "operator": operator, "values": values}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    wanted = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    assert (obstacle(pod(affinity=wanted), place()) is None) == admitted


def test_a_required_spread_over_zones() -> None:
    key = "topology.kubernetes.io/zone"
    constraint = {
        "topologyKey": key,
        "maxSkew": 1,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    new = pod("new", labels={"app": "web"}, topologySpreadConstraints=[constraint])
    there = [pod("there", labels={"app": "web"}, node="a")]
    zones = {"a": {key: "eu-west-1a"}, "b": {key: "eu-west-1b"}}
    assert not spreads(new, place(), there, zones)
    assert spreads(new, place(labels={key: "eu-west-1b"}), there, zones)
    assert spreads(new, place(), [pod("other", labels={"app": "x"}, node="a")], zones)

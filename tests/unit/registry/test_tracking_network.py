"""Decides who reaches whom, by selectors and peers; that a node enforces it is for a cluster to show."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.labels import labels
from components.registry.tracking_network import (
    ACCESS,
    APPLICATION,
    BOOTSTRAP,
    DATABASE_PORT,
    METRICS_PORT,
    MIGRATION,
    ROTATION,
    SERVER,
    SERVER_PORT,
    client_policy,
    network_policies,
)
from tests.unit.registry.tracking import VPC

COMPONENTS = (SERVER, BOOTSTRAP, MIGRATION, ACCESS, ROTATION)
DATABASE = ("10.20.32.0/20", "10.20.48.0/20")
OFFICE = "10.1.0.0/16"
TEAM = {"groundwork.io/team": "vision", "kubernetes.io/metadata.name": "team-vision"}
MLFLOW = {"kubernetes.io/metadata.name": "mlflow"}


def selects(selector: Mapping[str, Any], found: Mapping[str, str]) -> bool:
    """Whether a label selector selects; an operator that this does not know is an error."""
    for test in selector.get("match_expressions", ()):
        if test["operator"] == "Exists":
            if test["key"] not in found:
                return False
        elif test["operator"] == "In":
            if found.get(test["key"]) not in test["values"]:
                return False
        else:
            raise NotImplementedError(test["operator"])
    return set(selector.get("match_labels", {}).items()) <= set(found.items())


def peer_is(peer: Mapping[str, Any], namespace: Mapping[str, str], pod: Mapping[str, str]) -> bool:
    """Whether a peer is that pod; one without a namespace selector is of the policy's own namespace."""
    if "ip_block" in peer:
        return False
    here = selects(peer["namespace_selector"], namespace) if "namespace_selector" in peer else namespace == MLFLOW
    return here and selects(peer.get("pod_selector", {}), pod)


def policies(*ranges: str) -> dict[str, Any]:
    found: dict[str, Any] = dict(network_policies(DATABASE, ranges, "monitoring"))
    return found


def ingress(component: str, namespace: Mapping[str, str], pod: Mapping[str, str]) -> set[int]:
    """The ports of a component's pods that a pod may call."""
    return {
        port["port"]
        for spec in policies().values()
        if selects(spec["pod_selector"], labels(APPLICATION, component))
        for rule in spec.get("ingress", ())
        if any(peer_is(peer, namespace, pod) for peer in rule["from_"])
        for port in rule["ports"]
    }


def egress(component: str) -> set[tuple[str, int]]:
    """The ranges and components that a component's pods may call, with ports."""
    found = set()
    for spec in policies().values():
        if not selects(spec["pod_selector"], labels(APPLICATION, component)):
            continue
        for rule in spec.get("egress", ()):
            for peer in rule["to"]:
                blocks = [peer["ip_block"]["cidr"]] if "ip_block" in peer else []
                pods = [one for one in COMPONENTS if peer_is(peer, MLFLOW, labels(APPLICATION, one))]
                found |= {(where, port["port"]) for where in (*blocks, *pods) for port in rule["ports"]}
    return found


@pytest.mark.parametrize(
    ("namespace", "pod", "ports"),
    [
        pytest.param(TEAM, {"app": "train"}, {SERVER_PORT}, id="a team's pod"),
        pytest.param(MLFLOW, labels(APPLICATION, ACCESS), {SERVER_PORT}, id="the Job of accounts"),
        pytest.param(MLFLOW, labels(APPLICATION, ROTATION), {SERVER_PORT}, id="the Job of passwords"),
        pytest.param(MLFLOW, labels(APPLICATION, BOOTSTRAP), set(), id="the Job of the database"),
        pytest.param({"kubernetes.io/metadata.name": "monitoring"}, {}, {METRICS_PORT}, id="monitoring"),
        pytest.param({"kubernetes.io/metadata.name": "training"}, {}, set(), id="a workload of no team"),
        pytest.param({"kubernetes.io/metadata.name": "default"}, labels(APPLICATION, ACCESS), set(), id="a false Job"),
    ],
)
def test_who_reaches_the_server_and_on_which_port(
    namespace: Mapping[str, str], pod: Mapping[str, str], ports: set[int]
) -> None:
    assert ingress(SERVER, namespace, pod) == ports
    for component in set(COMPONENTS) - {SERVER}:
        assert ingress(component, namespace, pod) == set()


@pytest.mark.parametrize(
    ("component", "reached"),
    [
        (SERVER, {(cidr, DATABASE_PORT) for cidr in DATABASE}),
        (BOOTSTRAP, {(cidr, DATABASE_PORT) for cidr in DATABASE}),
        (MIGRATION, {(cidr, DATABASE_PORT) for cidr in DATABASE}),
        (ACCESS, {(SERVER, SERVER_PORT)}),
        (ROTATION, {(SERVER, SERVER_PORT)}),
    ],
)
def test_a_pod_reaches_what_it_works_with_and_no_more(component: str, reached: set[tuple[str, int]]) -> None:
    assert egress(component) == reached


def test_ranges_by_way_of_the_load_balancer_come_to_the_server_alone() -> None:
    for name, spec in policies(OFFICE, VPC).items():
        let_in = [
            peer["ip_block"]["cidr"] for rule in spec.get("ingress", ()) for peer in rule["from_"] if "ip_block" in peer
        ]
        assert let_in == ([OFFICE, VPC] if name == "server-from-clients" else [])


def test_a_policy_closes_the_direction_that_it_opens_and_names_every_peer() -> None:
    for spec in (*policies(OFFICE).values(), client_policy()):
        (direction,) = {"ingress", "egress"} & set(spec)
        assert spec["policy_types"] == [direction.capitalize()]
        for rule in spec[direction]:
            peers = rule["from_" if direction == "ingress" else "to"]
            assert peers, "a rule without peers is open to everybody"
            assert all(peers), "so is an empty peer"
            assert [port["protocol"] for port in rule["ports"]] == ["TCP"]


def test_all_pods_of_a_team_reach_the_server_in_its_namespace_and_nothing_else() -> None:
    spec: Any = client_policy()
    assert spec["pod_selector"] == {}, "of the team's namespace, all"
    (rule,) = spec["egress"]
    (peer,) = rule["to"]
    assert [port["port"] for port in rule["ports"]] == [SERVER_PORT]
    assert peer_is(peer, MLFLOW, labels(APPLICATION, SERVER))
    assert not peer_is(peer, MLFLOW, labels(APPLICATION, ACCESS))
    assert not peer_is(peer, {"kubernetes.io/metadata.name": "team-language"}, labels(APPLICATION, SERVER))

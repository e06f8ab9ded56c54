"""Which groups grow, and by how many nodes, for pods that no node has room for. Pure: nothing is asked or done here.

Source: cluster-autoscaler/FAQ.md, "How does scale-up work?" and "What are Expanders?".
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import yaml

from twin.kubernetes.autoscaling.node_groups import Group
from twin.kubernetes.nodes import GROUP, HOSTNAME, TEMPLATE_ID, TEMPLATE_VERSION, ZONE
from twin.kubernetes.scheduling import Place, Pod, obstacle, requests, spreads

_OWN_LABELS = frozenset([ZONE, HOSTNAME, GROUP, TEMPLATE_ID, TEMPLATE_VERSION, "topology.ebs.csi.aws.com/zone"])
"""Labels in which groups may differ and still be balanced."""


@dataclass(frozen=True)
class Cluster:
    """What is there: nodes with what is free on them, the ones that are on their way, and all pods."""

    places: Sequence[Place]
    upcoming: Sequence[Place]
    pods: Sequence[Pod]


@dataclass(frozen=True)
class Option:
    """One way to help: so many nodes more in this group, for these pods."""

    group: Group
    nodes: int
    pods: Sequence[Pod]

    @property
    def waste(self) -> Fraction:
        """Share of CPU plus share of memory that would lie idle."""
        asked = [requests(pod) for pod in self.pods]
        shares = []
        for name in ("cpu", "memory"):
            there = self.group.template.free[name] * self.nodes
            shares.append((there - sum(one.get(name, Fraction(0)) for one in asked)) / there)
        return sum(shares, Fraction(0))


@dataclass(frozen=True)
class Plan:
    """What to do: new sizes of groups, the pods that are helped, and why the others are not."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    """By Auto Scaling group."""
    helped: Sequence[Pod] = ()
    refused: Sequence[tuple[Pod, str]] = ()
    """Each with the reasons, as the autoscaler words them."""


def unschedulable(pods: Iterable[Pod]) -> list[Pod]:
    """The pods that kube-scheduler has found no node for."""
    return [pod for pod in pods if _is_unschedulable(pod)]


def unplaced(pods: Sequence[Pod], cluster: Cluster) -> list[Pod]:
    """Those of `pods` for which there is no room, also not on the nodes that are on their way."""
    places = [*cluster.places, *cluster.upcoming]
    left = []
    for pod in pods:
        index = next((i for i, place in enumerate(places) if _goes(pod, place, cluster)), None)
        if index is None:
            left.append(pod)
        else:
            places[index] = places[index].with_pod(pod)
    return left


def plan(groups: Sequence[Group], cluster: Cluster, expander: Sequence[str], priorities: str, balance: bool) -> Plan:
    """Help as many pods as one group (or, balanced, several alike) can; the others have their turn in the next scan."""
    waiting = unplaced(unschedulable(cluster.pods), cluster)
    options = [option for option in (_option(group, waiting, cluster) for group in groups) if option]
    if not options:
        return Plan(refused=[(pod, _reasons(pod, groups)) for pod in waiting])
    chosen = choose(options, expander, priorities)
    helped = {id(pod) for option in options for pod in option.pods}
    refused = [(pod, _reasons(pod, groups)) for pod in waiting if id(pod) not in helped]
    alike = [group for group in groups if balance and similar(group, chosen.group)] or [chosen.group]
    return Plan(grow(alike, chosen.nodes), chosen.pods, refused)


def choose(options: Sequence[Option], expander: Sequence[str], priorities: str) -> Option:
    """The option that the expanders leave; where several are left, the first by name."""
    left = list(options)
    for name in expander:
        if name == "least-waste":
            least = min(option.waste for option in left)
            left = [option for option in left if option.waste == least]
        elif name == "most-pods":
            most = max(len(option.pods) for option in left)
            left = [option for option in left if len(option.pods) == most]
        elif name == "priority":
            left = _of_highest_priority(left, priorities)
        elif name != "random":
            raise ValueError(f"--expander={name}: the twin knows least-waste, most-pods, priority and random")
    return min(left, key=lambda option: option.group.name)


def grow(groups: Sequence[Group], nodes: int) -> dict[str, int]:
    """The new sizes when so many nodes are added, each to the smallest group that has room."""
    sizes = {group.name: group.desired for group in groups}
    most = {group.name: group.max_size for group in groups}
    for _ in range(nodes):
        open_ones = [name for name in sizes if sizes[name] < most[name]]
        if not open_ones:
            break
        sizes[min(open_ones, key=lambda name: (sizes[name], name))] += 1
    return {group.name: sizes[group.name] for group in groups if sizes[group.name] > group.desired}


def similar(one: Group, other: Group) -> bool:
    """Whether two groups differ by zone and name alone."""
    return (
        one.template.free == other.template.free
        and _taints(one) == _taints(other)
        and _shared_labels(one) == _shared_labels(other)
    )


def _is_unschedulable(pod: Pod) -> bool:
    if pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions", ())
    return any(
        one["type"] == "PodScheduled" and one["status"] == "False" and one.get("reason") == "Unschedulable"
        for one in conditions
    )


def _goes(pod: Pod, place: Place, cluster: Cluster) -> bool:
    labels = {one.name: one.labels for one in (*cluster.places, *cluster.upcoming)}
    return obstacle(pod, place) is None and spreads(pod, place, cluster.pods, labels)


def _option(group: Group, waiting: Sequence[Pod], cluster: Cluster) -> Option | None:
    """How many nodes of this group the pods that fit it need: first fit, the largest pods first."""
    room = group.max_size - group.desired
    fitting = [pod for pod in waiting if _goes(pod, group.template, cluster)]
    bins: list[Place] = []
    packed = []
    for pod in sorted(fitting, key=_size, reverse=True):
        index = next((i for i, place in enumerate(bins) if obstacle(pod, place) is None), None)
        if index is None:
            if len(bins) >= room:
                continue
            bins.append(group.template)
            index = len(bins) - 1
        bins[index] = bins[index].with_pod(pod)
        packed.append(pod)
    return Option(group, len(bins), packed) if packed else None


def _size(pod: Pod) -> tuple[Fraction, Fraction]:
    asked = requests(pod)
    return asked.get("cpu", Fraction(0)), asked.get("memory", Fraction(0))


def _reasons(pod: Pod, groups: Sequence[Group]) -> str:
    counted: Counter[str] = Counter()
    for group in groups:
        why = obstacle(pod, group.template)
        if why is None:
            full = group.desired >= group.max_size
            why = "max node group size reached" if full else "didn't match pod topology spread constraints"
        counted[why] += 1
    return ", ".join(
        f"{count} {why}" if "max node" in why else f"{count} node(s) {_verb(why)}" for why, count in counted.items()
    )


def _verb(why: str) -> str:
    return f"had {why}" if why.startswith(("Insufficient", "Too many")) else why


def _of_highest_priority(options: Sequence[Option], priorities: str) -> list[Option]:
    """Of the ConfigMap `cluster-autoscaler-priority-expander`: the highest priority of which a pattern fits a name."""
    written: Mapping[Any, Sequence[str]] = yaml.safe_load(priorities) or {}
    for _, patterns in sorted(written.items(), key=lambda one: int(one[0]), reverse=True):
        found = [option for option in options if any(re.search(pattern, option.group.name) for pattern in patterns)]
        if found:
            return found
    return list(options)


def _taints(group: Group) -> set[tuple[str, ...]]:
    return {(one["key"], one.get("value", ""), one["effect"]) for one in group.template.taints}


def _shared_labels(group: Group) -> dict[str, str]:
    return {key: value for key, value in group.template.labels.items() if key not in _OWN_LABELS}

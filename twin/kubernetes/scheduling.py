"""Whether a pod would be scheduled on a node: the filters of kube-scheduler that decide about a node of its own.

Source: kubernetes.io, "Scheduling framework" and the plugins NodeResourcesFit, NodeAffinity, TaintToleration,
PodTopologySpread. Affinity between pods is left to the scheduler: a node that is empty offends none of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from twin.kubernetes.quantities import quantity

Pod = Mapping[str, Any]
Amounts = Mapping[str, Fraction]
"""Resource name to amount: cores, bytes, pieces."""


@dataclass(frozen=True)
class Place:
    """A node, or one that a group would add: what the scheduler looks at."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, str]]
    free: Amounts
    """Allocatable less what the pods that are there ask for."""

    def with_pod(self, pod: Pod) -> "Place":
        """The same node once this pod is there too."""
        asked = requests(pod)
        left = {name: amount - asked.get(name, 0) for name, amount in self.free.items()}
        return Place(self.name, self.labels, self.taints, left)


def amounts(written: Mapping[str, str]) -> dict[str, Fraction]:
    """Resources as manifests write them, as numbers."""
    return {name: quantity(value) for name, value in written.items()}


def requests(pod: Pod) -> dict[str, Fraction]:
    """What the scheduler reserves for a pod: its containers and sidecars, or a larger init container; and one pod."""
    spec = pod["spec"]
    running: dict[str, Fraction] = {}
    peak: dict[str, Fraction] = {}
    for container in spec.get("initContainers", ()):
        asked = _asked(container)
        if container.get("restartPolicy") == "Always":  # a sidecar, which goes on
            running = _sum(running, asked)
            asked = {}
        peak = _larger(peak, _sum(running, asked))
    for container in spec["containers"]:
        running = _sum(running, _asked(container))
    return {**_sum(_larger(running, peak), amounts(spec.get("overhead", {}))), "pods": Fraction(1)}


def obstacle(pod: Pod, place: Place) -> str | None:
    """Why the pod does not go there, in the scheduler's words; None when it does."""
    if taint := _untolerated(pod, place.taints):
        return f"had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if not selects(pod, place):
        return "didn't match Pod's node affinity/selector"
    for name, amount in requests(pod).items():
        if amount > place.free.get(name, 0):
            return "Too many pods" if name == "pods" else f"Insufficient {name}"
    return None


def selects(pod: Pod, place: Place) -> bool:
    """Whether the pod's node selector and its required node affinity admit the node."""
    spec = pod["spec"]
    wanted = spec.get("nodeSelector") or {}
    if any(place.labels.get(key) != value for key, value in wanted.items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(_term(term, place) for term in required["nodeSelectorTerms"])


def spreads(pod: Pod, place: Place, pods: Iterable[Pod], zones_of: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether the pod's required topology spread admits the node; `zones_of` are the labels of all nodes by name."""
    constraints = pod["spec"].get("topologySpreadConstraints", ())
    here = list(pods)
    for constraint in constraints:
        key = constraint["topologyKey"]
        if constraint["whenUnsatisfiable"] != "DoNotSchedule" or key not in place.labels:
            continue
        domains = {labels[key] for labels in zones_of.values() if key in labels} | {place.labels[key]}
        counts = Counter(dict.fromkeys(domains, 0))
        for other in here:
            domain = zones_of.get(other["spec"].get("nodeName", ""), {}).get(key)
            if domain and _alike(constraint, pod, other):
                counts[domain] += 1
        if counts[place.labels[key]] + 1 - min(counts.values()) > constraint["maxSkew"]:
            return False
    return True


def selected(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector, as manifests have it, selects an object with these labels; an empty one selects all."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expression(one, labels) for one in selector.get("matchExpressions", ()))


def _alike(constraint: Mapping[str, Any], pod: Pod, other: Pod) -> bool:
    if other["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    return selected(constraint.get("labelSelector") or {}, other["metadata"].get("labels", {}))


def _sum(one: Amounts, other: Amounts) -> dict[str, Fraction]:
    return {name: one.get(name, Fraction(0)) + other.get(name, Fraction(0)) for name in {*one, *other}}


def _larger(one: Amounts, other: Amounts) -> dict[str, Fraction]:
    return {name: max(one.get(name, Fraction(0)), other.get(name, Fraction(0))) for name in {*one, *other}}


def _asked(container: Mapping[str, Any]) -> dict[str, Fraction]:
    given = container.get("resources") or {}
    # A limit alone is a request too; the API server has put it there already, for pods that came through it.
    return amounts({**given.get("limits", {}), **given.get("requests", {})})


def _untolerated(pod: Pod, taints: Sequence[Mapping[str, str]]) -> Mapping[str, str] | None:
    tolerations = pod["spec"].get("tolerations", ())
    for taint in taints:
        if taint["effect"] != "PreferNoSchedule" and not any(_tolerates(one, taint) for one in tolerations):
            return taint
    return None


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, str]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") not in (None, "", taint["key"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def _term(term: Mapping[str, Any], place: Place) -> bool:
    expressions, fields = term.get("matchExpressions", ()), term.get("matchFields", ())
    if not expressions and not fields:  # an empty term matches nothing
        return False
    return all(_expression(one, place.labels) for one in expressions) and all(
        _expression(one, {"metadata.name": place.name}) for one in fields
    )


def _expression(wanted: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = wanted["key"], wanted.get("values") or []
    held = labels.get(key)
    match wanted["operator"]:
        case "In":
            return held in values
        case "NotIn":
            return held not in values
        case "Exists":
            return held is not None
        case "DoesNotExist":
            return held is None
        case "Gt":
            return held is not None and int(held) > int(values[0])
        case "Lt":
            return held is not None and int(held) < int(values[0])
    raise ValueError(f"no such operator: {wanted['operator']}")

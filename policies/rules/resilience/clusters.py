"""RES-09 and RES-10: versions of clusters, and what serves models while a node goes away."""

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies.answers import Answer, every, holds, opposite, some
from policies.config import Settings
from policies.index import Resource, Stack
from policies.labels import carries
from policies.rule import (
    Finding,
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_set,
    require,
)
from policies.tokens import aws, kubernetes, with_forms
from policies.values import MALFORMED, Node
from policies.workloads import Pod, entries, objects, pods

EKS_CLUSTER, ADDON = aws("eks/cluster:Cluster"), aws("eks/addon:Addon")
SERVERS = with_forms(kubernetes("apps/v1:Deployment", "apps/v1:StatefulSet"))
BUDGETS = with_forms(kubernetes("policy/v1:PodDisruptionBudget"))

# RES-09: versions


def _versions_are_pinned(resource: Resource, settings: Settings) -> Findings:
    if resource.type in ADDON:
        pinned = "v1.20.4-eksbuild.1 or the like"
        yield from is_set(resource["addonVersion"], "AWS chooses the add-on's version on the day", pinned)
        return
    supported = settings.cluster_versions
    yield from require(
        resource["version"],
        lambda v: isinstance(v, str) and v in supported,
        "the cluster's version is not in standard support",
        " or ".join(supported),
    )


# RES-10: serving


def _label_selector(selector: Node, labels: Node) -> Answer:
    """Return whether a label selector selects pods with these labels. An empty one selects every pod."""
    if selector.unknown or labels.unknown:
        return selector if selector.unknown else labels
    if not isinstance(selector.value, dict):
        return False  # without a selector a budget selects no pod
    wanted = selector["matchLabels"]
    keys = wanted.value if isinstance(wanted.value, dict) else {}
    known = wanted.value is None or isinstance(wanted.value, dict)
    return every(
        (
            wanted if wanted.unknown else known,
            *(_same(wanted[key], labels[key]) for key in keys),
            *(_expression(expression, labels) for expression in entries(selector["matchExpressions"])),
        )
    )


def _same(one: Node, other: Node) -> Answer:
    return holds(one, lambda value: isinstance(value, str) and value == other.value) if not other.unknown else other


def _expression(expression: Node, labels: Node) -> Answer:
    key, operator = expression["key"], expression["operator"]
    if key.unknown or operator.unknown:
        return key if key.unknown else operator
    label = labels[key.value] if isinstance(key.value, str) else Node(None, key.path)
    there = holds(label, lambda value: value is not None)
    among = some(_same(value, label) for value in expression["values"].each())
    answers: dict[Any, Answer] = {
        "In": every((there, among)),
        "NotIn": opposite(every((there, among))),
        "Exists": there,
        "DoesNotExist": opposite(there),
    }
    return answers.get(operator.value, False) if isinstance(operator.value, str) else False


def _budget(budgets: list[tuple[Resource, Node]], pod: Pod) -> Iterator[Finding]:
    labels = pod.template["metadata"]["labels"]
    selected = some(
        every(
            (
                _same_namespace(budget["metadata"]["namespace"], pod.namespace),
                _label_selector(budget["spec"]["selector"], labels),
            )
        )
        for _, budget in budgets
    )
    if isinstance(selected, Node):
        yield Undecided(selected.path)
    elif not selected:
        missing = "a policy.v1.PodDisruptionBudget that selects its pods"
        yield Violation("", "a drain may take every pod at once", missing, companion=True)


def _same_namespace(one: Node, other: Node) -> Answer:
    if one.unknown or other.unknown:
        return one if one.unknown else other
    if MALFORMED in (one.value, other.value):
        return False  # what cannot be read is the same as nothing
    return bool((one.value or None) == (other.value or None))


def _serves_through_a_drain(pod: Pod, budgets: list[tuple[Resource, Node]]) -> Iterator[Finding]:
    replicas = pod.object["spec"]["replicas"]

    def several(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 2

    yield from require(replicas, several, "one pod serves, and nobody while it moves", "2 or more")
    spread = pod.spec["topologySpreadConstraints"]
    keys = some(holds(entry["topologyKey"], lambda v: isinstance(v, str) and bool(v)) for entry in entries(spread))
    if isinstance(keys, Node):
        yield Undecided(keys.path)
    elif not keys:
        yield Violation(spread.path, "all pods may be on one node or in one zone", "an entry with a topologyKey")
    yield from _budget(budgets, pod)


def _serving_survives(stack: Stack, settings: Settings) -> LocatedFindings:
    budgets = [(resource, budget) for resource in stack.of(BUDGETS) for budget in objects(resource)]
    for resource in stack.of(SERVERS):
        for pod in pods(resource, settings):
            labels = [item["metadata"]["labels"] for item in (pod.object, pod.template)]
            # What cannot be read may be the label.
            serving = [node["any"].value is MALFORMED or carries(node, settings.serving_label) for node in labels]
            if True not in serving and None not in serving:
                continue
            findings = list(_serves_through_a_drain(pod, budgets))
            if findings and True not in serving:
                yield resource, Undecided(labels[serving.index(None)].path)
            else:
                yield from ((resource, finding) for finding in findings)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="RES-09",
        requirement="A cluster's version is in standard support, and every add-on has a version of its own.",
        why="Versions out of support get no fixes and are upgraded on a day that AWS chooses.",
        fix='eks.Cluster(version="1.36"), eks.Addon(addon_version="v1.20.4-eksbuild.1")',
        types=EKS_CLUSTER | ADDON,
        severity=Severity.MEDIUM,
        controls=("F:EKS.2", "AISF-RUNTIME-01"),
        check=_versions_are_pinned,
    ),
    StackRule(
        id="RES-10",
        requirement="What serves a model has two pods or more, spread, and a budget for disruptions.",
        why="The drain of one node, which every upgrade does, otherwise takes the model off the air.",
        fix='"replicas": 2, "topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 1, '
        '"whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {...}}], and a PodDisruptionBudget',
        types=SERVERS,
        joins=BUDGETS,
        severity=Severity.MEDIUM,
        controls=(),
        check=_serving_survives,
    ),
)

"""MLG-12: GPUs are counted by namespace, and training does not share one with serving."""

from collections import defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.labels import carries
from policies.rule import LocatedFindings, Rule, StackRule, Undecided, Violation
from policies.tokens import kubernetes, with_forms
from policies.values import Node
from policies.workloads import WORKLOADS, Pod, is_custom, objects, pods

NAMESPACES = kubernetes("core/v1:Namespace")
NAMESPACE = with_forms(NAMESPACES)
QUOTA = with_forms(kubernetes("core/v1:ResourceQuota"))
_DEFAULT = "default"


@dataclass
class _Use:
    """What a namespace is used for; of each use the first resource that shows it."""

    gpus: list[tuple[Resource, Node]] = field(default_factory=list)
    gpus_perhaps: list[tuple[Resource, Node]] = field(default_factory=list)
    training: list[tuple[Resource, Node]] = field(default_factory=list)
    training_perhaps: list[tuple[Resource, Node]] = field(default_factory=list)
    serving: list[tuple[Resource, Node]] = field(default_factory=list)
    serving_perhaps: list[tuple[Resource, Node]] = field(default_factory=list)


def _place(stack: Stack, resource: Resource, node: Node) -> str | None:
    """Return the name of the namespace that `node` states, or the URN of one without a name yet; None: not known."""
    if node.unknown:
        namespaces = stack.depended_on(resource, "metadata", NAMESPACES)
        return _key(namespaces[0], namespaces[0]["metadata"]["name"]) if len(namespaces) == 1 else None
    return _DEFAULT if node.value is None else str(node.value)


def _key(namespace: Resource, name: Node) -> str:
    return name.value if isinstance(name.value, str) else namespace.urn


def _asks_for_gpus(pod: Pod, settings: Settings) -> bool | None:
    unknown = False
    for container in pod.containers:
        for kind in ("limits", "requests"):
            for name in settings.gpu_resources:
                amount = container["resources"][kind][name]
                unknown |= amount.unknown
                if amount.is_set and amount.value not in ("0", 0):
                    return True
    return None if unknown else False


def _is(pod: Pod, label: str) -> bool | None:
    answers = [carries(part["metadata"]["labels"], label) for part in (pod.object, pod.template)]
    return True if True in answers else None if None in answers else False


def _uses(stack: Stack, settings: Settings) -> tuple[dict[str, _Use], list[tuple[Resource, Node]]]:
    """Return what each namespace is used for, and the workloads of which the namespace is not known."""
    found: dict[str, _Use] = defaultdict(_Use)
    lost: list[tuple[Resource, Node]] = []
    for resource in stack.of(WORKLOADS | {custom.token for custom in settings.custom_workloads}):
        for pod in pods(resource, settings):
            answers = {
                "gpus": _asks_for_gpus(pod, settings),
                "training": _is(pod, settings.training_label),
                "serving": _is(pod, settings.serving_label),
            }
            place = _place(stack, resource, pod.namespace)
            if place is None:
                if any(answer is not False for answer in answers.values()):
                    lost.append((resource, pod.namespace))
                continue
            for use, answer in answers.items():
                if answer is not False:
                    getattr(found[place], use if answer else f"{use}_perhaps").append((resource, pod.spec))
    return found, lost


def _limits_gpus(item: Node, settings: Settings) -> bool | None:
    """Whether a quota counts every GPU of its namespace."""
    spec = item["spec"]
    if spec["scopes"].is_set or spec["scopeSelector"].is_set:
        return False
    amounts = [spec["hard"][f"requests.{name}"] for name in settings.gpu_resources]
    if any(amount.unknown for amount in (*amounts, spec["scopes"], spec["scopeSelector"])):
        return None
    return all(isinstance(amount.value, str | int) and amount.is_set for amount in amounts)


def _quotas(stack: Stack, settings: Settings) -> tuple[set[str], list[tuple[Resource, Node]]]:
    """Return the namespaces with a quota on GPUs, and the quotas of which that is not known."""
    certain: set[str] = set()
    possible: list[tuple[Resource, Node]] = []
    for resource in stack.of(QUOTA):
        for item in objects(resource):
            limits = _limits_gpus(item, settings)
            place = _place(stack, resource, item["metadata"]["namespace"])
            if limits and place is not None:
                certain.add(place)
            elif limits is not False:
                possible.append((resource, item["spec"] if limits is None else item["metadata"]["namespace"]))
    return certain, possible


def _gpus_are_counted(stack: Stack, settings: Settings) -> LocatedFindings:
    uses, lost = _uses(stack, settings)
    certain, possible = _quotas(stack, settings)
    needing: dict[str, tuple[Resource, Node]] = {}
    for resource in stack.of(NAMESPACE):
        for item in objects(resource):
            name = item["metadata"]["name"]
            key = _key(resource, name)
            if name.unknown and settings.gpu_quota_namespaces and key not in certain:
                yield resource, Undecided(name.path)
            elif any(fnmatchcase(key, pattern) for pattern in settings.gpu_quota_namespaces):
                needing[key] = (resource, name)
    for place, use in uses.items():
        if use.gpus:
            needing.setdefault(place, use.gpus[0])
        yield from _shared(use)
    for place, (resource, node) in needing.items():
        if place not in certain:
            yield from _uncounted(resource, node, possible)
    for place, use in uses.items():
        if place not in certain and place not in needing:
            yield from ((resource, Undecided(node.path)) for resource, node in use.gpus_perhaps)
    yield from ((resource, Undecided(node.path)) for resource, node in lost)


def _uncounted(resource: Resource, node: Node, possible: list[tuple[Resource, Node]]) -> LocatedFindings:
    if possible:
        quota, where = possible[0]
        yield quota, Undecided(where.path)
    else:
        missing = "a ResourceQuota in it with requests.nvidia.com/gpu, of no scope"
        yield resource, Violation(node.path, "nothing limits the GPUs of the namespace", missing, companion=True)


def _shared(use: _Use) -> LocatedFindings:
    if use.training and use.serving:
        resource, node = use.serving[0]
        yield resource, Violation(node.path, "training and serving share a namespace", "a namespace for each")
        return
    for one, other in ((use.training, use.serving_perhaps), (use.serving, use.training_perhaps)):
        strangers = [entry for entry in other if entry not in one]
        if one and strangers:
            resource, node = strangers[0]
            yield resource, Undecided(node.path)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="MLG-12",
        requirement="A namespace with GPUs has a quota on them, and training and serving do not share a namespace.",
        why="One experiment can otherwise take every GPU, and training take the place of what customers use.",
        fix='core.v1.ResourceQuota(metadata={"namespace": ...}, spec={"hard": {"requests.nvidia.com/gpu": "4"}})',
        types=NAMESPACE | QUOTA | WORKLOADS,
        also=is_custom,
        joins=frozenset(),
        severity=Severity.MEDIUM,
        controls=("ISO42-A.4.5",),
        check=_gpus_are_counted,
    ),
)

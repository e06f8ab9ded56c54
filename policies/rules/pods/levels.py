"""At which level of the Pod Security Standards a pod is judged, and what excuses it."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from policies import pod_security
from policies.config import NodeAgent, Settings
from policies.index import Resource
from policies.rule import Finding, Findings, Undecided, Violation, weigh
from policies.values import Node
from policies.workloads import Pod, pods

LevelCheck: TypeAlias = Callable[[Pod, bool, Settings], Findings]
"""Judges a pod at the level restricted (True) or baseline (False)."""
Check: TypeAlias = Callable[[Resource, Settings], Findings]


def every_pod(check: Callable[[Pod, Settings], Findings]) -> Check:
    """Return the check of a resource that judges each of its pods."""

    def judge(resource: Resource, settings: Settings) -> Findings:
        for pod in pods(resource, settings):
            yield from check(pod, settings)

    return judge


def at_its_level(check: LevelCheck, *, linux_only: bool = False) -> Check:
    """Return the check of a resource that judges each of its pods at its level.

    `linux_only`: what restricted adds does not apply to a Windows pod.
    """

    def judge(pod: Pod, settings: Settings) -> Findings:
        decides = _what_lowers(pod, settings, linux_only=linux_only)
        if decides is None:
            yield from check(pod, True, settings)
        elif not decides.unknown:
            yield from check(pod, False, settings)
        else:
            yield from _at_either_level(weigh(check(pod, False, settings)), check(pod, True, settings), decides)

    return every_pod(judge)


def _what_lowers(pod: Pod, settings: Settings, *, linux_only: bool) -> Node | None:
    """Return the input for which a pod is judged at baseline, or an unknown one that may be it."""
    namespace, system = pod.namespace, pod.spec["os"]["name"]
    if settings.gpu_namespaces and (namespace.unknown or namespace.value in settings.gpu_namespaces):
        return namespace
    return system if linux_only and (system.unknown or system.value == "windows") else None


def _at_either_level(baseline: tuple[Finding, ...], restricted: Findings, decides: Node) -> Findings:
    if any(isinstance(finding, Violation) for finding in baseline):
        yield from baseline
    else:
        yield from softened(restricted, decides)


def softened(findings: Iterable[Finding], decides: Node) -> Findings:
    """Yield findings, the violations as undecided: whether they count depends on an input that is not known."""
    for finding in findings:
        yield Undecided(decides.path) if isinstance(finding, Violation) else finding


def unless(excused: bool, node: Node, findings: Iterable[Finding]) -> Findings:
    """Yield findings unless the value of `node` excuses them; undecided while it is not known."""
    if node.unknown:
        yield from softened(findings, node)
    elif not excused:
        yield from findings


def in_user_namespace(pod: Pod, settings: Settings) -> Node:
    """Return the input that says false where the pod has a user namespace that the standard counts."""
    relaxes = pod_security.relaxes_user_namespaces(settings.pod_security_version)
    return pod.spec["hostUsers"] if relaxes else Node(None, "spec")


def as_node_agent(pod: Pod, settings: Settings) -> tuple[NodeAgent, ...]:
    """Return what the settings let a pod have of its node, which is nothing for most."""
    name = pod.object["metadata"]["name"]
    return tuple(agent for agent in settings.node_agents if agent.is_pod(pod.namespace.value, name.value))

"""POD-11 and POD-12: what a container asks of its node, and how it gets its secrets."""

import re

from pulumi_policy import Severity

from policies.config import Settings
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.rules.pods.levels import every_pod
from policies.values import Node, describe
from policies.workloads import WORKLOADS, Pod, entries, is_custom

GPU = "nvidia.com/gpu"
_QUANTITY = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")
"""Kubernetes API, resource.Quantity; nobody may ask for less than nothing."""
RESOURCE_CONTAINERS = ("containers", "initContainers")
"""An ephemeral container uses what its pod has: the API takes no resources for it."""


def _says_what_it_needs(pod: Pod, settings: Settings) -> Findings:
    del settings
    for name in RESOURCE_CONTAINERS:
        for container in entries(pod.spec[name]):
            requests, limits = container["resources"]["requests"], container["resources"]["limits"]
            for node, what in (
                (requests["cpu"], "the scheduler does not know how much CPU it needs"),
                (requests["memory"], "the scheduler does not know how much memory it needs"),
                (limits["memory"], "it may take all memory of its node"),
            ):
                yield from require(node, _is_quantity, what, "a quantity")
            yield from _gets_the_gpus_it_asks_for(requests[GPU], limits[GPU])


def _is_quantity(value: object) -> bool:
    if isinstance(value, str):
        return _QUANTITY.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _gets_the_gpus_it_asks_for(request: Node, limit: Node) -> Findings:
    if request.value is None:
        return
    for node in (request, limit):
        if node.unknown:
            yield Undecided(node.path)
            return
    if not _is_quantity(limit.value) or str(request.value) != str(limit.value):
        yield Violation(limit.path, "it differs from the request", "the same number of GPUs", describe(limit.value))


def _reads_secrets_from_files(pod: Pod, settings: Settings) -> Findings:
    del settings
    expected = "a volume of the secret, mounted read-only"
    for container in pod.containers:
        nodes = [variable["valueFrom"]["secretKeyRef"] for variable in entries(container["env"])]
        nodes += [source["secretRef"] for source in entries(container["envFrom"])]
        for node in nodes:
            yield from require(node, lambda v: v is None, "a secret is in the environment of its processes", expected)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="POD-11",
        requirement="A container says what it needs, and how much memory it takes at most.",
        why="One pod that takes all memory stops its neighbours, and without requests nothing is placed sensibly.",
        fix="resources={'requests': {'cpu': '100m', 'memory': '128Mi'}, 'limits': {'memory': '128Mi'}}",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.MEDIUM,
        controls=(),
        check=every_pod(_says_what_it_needs),
    ),
    ResourceRule(
        id="POD-12",
        requirement="Secrets reach a container as files, not in its environment.",
        why="Environments are printed in crash reports and logs, and inherited by every child.",
        fix="volumes=[{'name': 'login', 'secret': {'secret_name': ...}}] instead of secret_key_ref and secret_ref",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.MEDIUM,
        controls=("EKS-4.4.1", "EKS-4.4.2"),
        check=every_pod(_reads_secrets_from_files),
    ),
)

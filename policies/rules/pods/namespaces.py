"""POD-13 and POD-14: namespaces, and what is put where."""

import re

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.kinds import CUSTOM_WITHOUT_NAMESPACE, NAMESPACED, is_kind, is_own_group
from policies.pod_security import BASELINE, NAMESPACE_LABEL, RESTRICTED
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.rules.pods import fixes
from policies.tokens import kubernetes, with_forms
from policies.values import describe
from policies.workloads import objects

NAMESPACE = with_forms(kubernetes("core/v1:Namespace"))
_UNSTABLE = re.compile(r"v\d+(alpha|beta)\d+")


def _enforces_a_level(resource: Resource, settings: Settings) -> Findings:
    for item in objects(resource):
        name, label = item["metadata"]["name"], item["metadata"]["labels"][NAMESPACE_LABEL]
        if resource.type.endswith("Patch") and label.value is None:
            continue  # what a patch does not say stays as it is
        expected = RESTRICTED
        if settings.gpu_namespaces:
            expected += f", or {BASELINE} for a namespace of gpuNamespaces"
        if label.unknown:
            yield Undecided(label.path)
        elif label.value == BASELINE and settings.gpu_namespaces and name.unknown:
            yield Undecided(name.path)
        elif label.value != RESTRICTED and not (label.value == BASELINE and name.value in settings.gpu_namespaces):
            yield Violation(label.path, "its pods are not held to a standard", expected, describe(label.value))


def _is_in_a_namespace_and_of_a_stable_version(resource: Resource, settings: Settings) -> Findings:
    del settings
    group, _, version = resource.type.removeprefix("kubernetes:").rpartition(":")[0].rpartition("/")
    if not is_own_group(group):
        pass  # what is stable of a custom resource, and what there is of it, is for its vendor to say
    elif _UNSTABLE.fullmatch(version):
        yield Violation(
            "apiVersion", "the version is no stable one, or the API server has it no more", "a version as v1"
        )
    else:
        yield from require(resource["apiVersion"], _is_stable, "the version is no stable one", "a version as v1")
    for item in objects(resource):
        namespace = item["metadata"]["namespace"]
        if resource.type in NAMESPACED:
            yield from require(namespace, _is_own_namespace, "it is in the default namespace", "a namespace of its own")
        elif namespace.value == "default" and resource.type not in CUSTOM_WITHOUT_NAMESPACE:
            yield Violation(namespace.path, "it is in the default namespace", "a namespace of its own")


def _is_stable(value: object) -> bool:
    return value is None or (isinstance(value, str) and not _UNSTABLE.fullmatch(value.rpartition("/")[2]))


def _is_own_namespace(value: object) -> bool:
    return isinstance(value, str) and value not in ("", "default")


def _also_custom(token: str, settings: Settings) -> bool:
    del settings
    return is_kind(token)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="POD-13",
        requirement="A namespace holds its pods to the Pod Security Standards.",
        why="Pods that no program declares are then held to the same standard by the API server itself.",
        fix=f"metadata={{'labels': {{'{NAMESPACE_LABEL}': '{RESTRICTED}'}}}}",
        types=NAMESPACE,
        severity=Severity.HIGH,
        controls=("EKS-4.5.1",),
        check=_enforces_a_level,
        remediate=fixes.restrict_namespaces,
    ),
    ResourceRule(
        id="POD-14",
        requirement="What has a namespace is in one of its own, and every API version is a stable one.",
        why="What is in the default namespace has no guard rails, and unstable versions disappear with an upgrade.",
        fix="metadata={'namespace': ...} of a namespace of its own; a kind of a stable version, as apps/v1",
        types=NAMESPACED,
        also=_also_custom,
        severity=Severity.LOW,
        controls=("EKS-4.5.2",),
        check=_is_in_a_namespace_and_of_a_stable_version,
    ),
)

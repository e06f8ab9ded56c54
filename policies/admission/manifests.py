"""All checks as data from which policies are made: shapes of objects, variables, validations."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from policies import pod_security
from policies.admission.cel import text
from policies.admission.checks import CHECKS
from policies.config import DEFAULTS, Settings


@dataclass(frozen=True)
class Shape:
    """Objects that hold a pod template in the same place."""

    name: str
    groups: tuple[str, ...]
    versions: tuple[str, ...]
    resources: tuple[str, ...]
    template: str
    """The expression that finds the template, which has `metadata` and `spec`."""
    subject: str
    """What the checks are about: an update that leaves it alone is none of theirs."""


SHAPES: Final = (
    Shape("pods", ("",), ("v1",), ("pods", "pods/ephemeralcontainers"), "object", "spec"),
    Shape(
        "pod-templates",
        ("", "apps", "batch"),
        ("v1",),
        ("daemonsets", "deployments", "jobs", "replicasets", "replicationcontrollers", "statefulsets"),
        "object.spec.template",
        "spec",
    ),
    Shape("bare-pod-templates", ("",), ("v1",), ("podtemplates",), "object.template", "template"),
    Shape("cron-jobs", ("batch",), ("v1",), ("cronjobs",), "object.spec.jobTemplate.spec.template", "spec"),
)
_LEVEL: Final = f"namespaceObject.metadata.?labels[?{text(pod_security.NAMESPACE_LABEL)}]"


def _variables() -> dict[str, str]:
    """Return what the checks are made of; `template` differs by shape, `registries` by who installs them."""
    return {
        "pod": "variables.template.spec",
        "annotations": "variables.template.?metadata.?annotations.orValue({})",
        "windows": "variables.pod.?os.?name.orValue('') == 'windows'",
        # The namespace's own label says at which level its pods are judged; nothing is less strict than baseline.
        "restricted": f"{_LEVEL}.orValue('') != {text(pod_security.BASELINE)}",
        "restricted_linux": "variables.restricted && !variables.windows",
    }


def _validation(rule: str, what: str, allowed: str) -> dict[str, str]:
    variable = _variable(rule)
    message = f"{text(f'{rule}: {what} ')} + variables.{variable}.join(', ') + ': allowed is ' + {allowed}"
    return {"rule": rule, "variable": variable, "message": message}


def _variable(rule: str) -> str:
    return rule.lower().replace("-", "_")


def namespaces() -> dict[str, Any]:
    """Return POD-13, about namespaces themselves; those that the API server makes are left to it."""
    name, level = pod_security.NAMESPACE_LABEL, pod_security.RESTRICTED
    label = f"metadata.?labels[?{text(name)}]"
    return {
        "rule": "POD-13",
        "exempt": ["default", "kube-node-lease", "kube-public", "kube-system"],
        "changed": f"object.{label} != oldObject.{label}",
        "expression": f"object.{label}.orValue('') == {text(level)}",
        "message": f"POD-13: label {name} of the namespace: allowed is {level}",
    }


def data(settings: Settings = DEFAULTS) -> Mapping[str, Any]:
    """Return everything, as JSON can hold it."""
    checks = [check(settings) for check in CHECKS]
    return {
        "shapes": [asdict(shape) for shape in SHAPES],
        "variables": _variables() | {_variable(check.rule): check.faults for check in checks},
        "validations": [_validation(check.rule, check.what, check.allowed) for check in checks],
        "namespaces": namespaces(),
    }

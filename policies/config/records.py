"""What a config may declare: an accepted violation, a companion that another stack holds, a kind that runs pods."""

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Waiver:
    """An accepted violation: who answers for it, why, and until when."""

    rule: str
    urn: str
    """Glob over the resource's URN: `*`, `?`, `[...]`."""
    reason: str
    owner: str
    expires: date
    """The last day on which it holds (UTC)."""

    def covers(self, rule: str, urn: str) -> bool:
        """Whether it is about this rule and this resource, expired or not."""
        return rule == self.rule and fnmatchcase(urn, self.urn)


@dataclass(frozen=True)
class Companion:
    """A companion resource that another stack holds, such as the bucket policy of a bucket of this stack."""

    rule: str
    urn: str
    """Glob over the URN of the resource of this stack."""
    stack: str
    """Where the companion is: organisation/project/stack."""


@dataclass(frozen=True)
class CustomWorkload:
    """A custom resource that carries a pod specification."""

    token: str
    """Its type, such as kubernetes:kubeflow.org/v1:Notebook."""
    pod: str
    """Where the specification is, such as spec.template.spec; `*` is every entry of a list or a map."""


@dataclass(frozen=True)
class NodeAgent:
    """A workload of the platform that serves its node: it has one folder of it, and may be root."""

    workload: str
    """Glob over namespace and name, such as kube-system/nvidia-device-plugin-*."""
    host_path: str
    """The folder, and nothing below or above."""

    def is_pod(self, namespace: object, name: object) -> bool:
        """Whether it is about the workload of this namespace and name."""
        known = isinstance(namespace, str) and isinstance(name, str)
        return known and fnmatchcase(f"{namespace}/{name}", self.workload)

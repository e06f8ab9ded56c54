"""What a Kubernetes group may do: rules as data, and the role that they become with its binding.

Source: Kubernetes documentation, "Using RBAC Authorization".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.rbac import v1 as rbac

from components.labels import labels

SEE = ("get", "list", "watch")
API_GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Rule:
    """Verbs on resources of one API group; a subresource is written `pods/log`."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()
    """The objects that it is about; all of them where none is named."""


@dataclass(frozen=True, kw_only=True)
class GroupRights:
    """A group and what it may do, under the name of the role that says so."""

    group: str
    role: str
    rules: tuple[Rule, ...]
    component: str
    """What the role is to the platform, as its label says."""


def give(
    name: str,
    rights: GroupRights,
    parent: pulumi.Resource,
    namespace: str | None = None,
    after: Sequence[pulumi.Resource] = (),
) -> None:
    """Make `<name>-rules` and `<name>-binding`: in the namespace, or in the whole cluster where there is none.

    The namespace is named and not wired, so that policies can decide at a first preview; `after` waits for it.
    """
    metadata: Any = {"name": rights.role, "labels": labels(rights.role, rights.component)}
    subjects: Any = [{"kind": "Group", "api_group": API_GROUP, "name": rights.group}]
    rules: Any = as_api_writes(rights.rules)
    child = pulumi.ResourceOptions(parent=parent, depends_on=list(after))
    if namespace is None:
        made: pulumi.Resource = rbac.ClusterRole(f"{name}-rules", metadata=metadata, rules=rules, opts=child)
        rbac.ClusterRoleBinding(
            f"{name}-binding",
            metadata=metadata,
            role_ref={"api_group": API_GROUP, "kind": "ClusterRole", "name": rights.role},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[made]),
        )
    else:
        metadata = metadata | {"namespace": namespace}
        made = rbac.Role(f"{name}-rules", metadata=metadata, rules=rules, opts=child)
        rbac.RoleBinding(
            f"{name}-binding",
            metadata=metadata,
            role_ref={"api_group": API_GROUP, "kind": "Role", "name": rights.role},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[made]),
        )


def as_api_writes(rules: Iterable[Rule]) -> list[dict[str, list[str]]]:
    """Return the rules as the API writes them."""
    return [
        {"api_groups": [rule.group], "resources": list(rule.resources), "verbs": list(rule.verbs)}
        | ({"resource_names": list(rule.names)} if rule.names else {})
        for rule in rules
    ]

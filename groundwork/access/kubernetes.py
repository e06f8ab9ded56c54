"""What Kubernetes' RBAC gives: the rules of a role, to the subjects of its bindings, where the binding is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from groundwork.access.rights import Right, Rights, Unread
from groundwork.policy.sources import Saved
from policies.values import Node, plain

_GROUP: Final = "kubernetes:rbac.authorization.k8s.io/"
_KIND: Final = "Kubernetes"
EVERYWHERE: Final = "*"


@dataclass(frozen=True)
class Permission:
    """One verb on one resource, or all that a role says which the program does not make."""

    subject: str
    verb: str
    group: str
    resource: str
    name: str
    """Of the object; `*`: of any."""
    namespace: str
    """`*`: in all of them, and outside of any."""
    prohibits: bool = False
    is_limit: bool = False

    def covers(self, other: Right) -> bool:
        """Whether it gives the other as well."""
        return isinstance(other, Permission) and all(
            mine in (EVERYWHERE, theirs)
            for mine, theirs in (
                (self.verb, other.verb),
                (self.group, other.group),
                (self.resource, other.resource),
                (self.name, other.name),
                (self.namespace, other.namespace),
            )
        )

    def grouped(self) -> tuple[str, ...]:
        """Return what it is told together with."""
        return _KIND, self.subject, self.namespace

    def said(self, together: list[Right]) -> Iterator[str]:
        """Yield a text for each set of verbs."""
        verbs: dict[str, set[str]] = {}
        for one in together:
            if isinstance(one, Permission):
                verbs.setdefault(one.what, set()).add(one.verb)
        resources: dict[str, list[str]] = {}
        for what, those in sorted(verbs.items()):
            resources.setdefault(", ".join(sorted("do anything with" if v == "*" else v for v in those)), []).append(
                what
            )
        where = "in the whole cluster" if self.namespace == EVERYWHERE else f"in namespace {self.namespace}"
        for text, whats in resources.items():
            yield f"{text} {', '.join(whats)} {where}"

    @property
    def what(self) -> str:
        """The resource in words."""
        if self.resource == "*":
            text = "everything" if self.group == "*" else f"everything of {self.group or 'the core group'}"
        else:
            text = self.resource if self.group in ("", "*") else f"{self.resource}.{self.group}"
        return text if self.name == EVERYWHERE else f"{text}/{self.name}"


def collect(resources: Iterable[Saved], rights: Rights) -> None:
    """Add what RBAC among resources gives."""
    ours = [
        (one, Node(plain(dict(one.inputs)), ""), one.type.rpartition(":")[2])
        for one in resources
        if one.type.startswith(_GROUP)
    ]
    roles = {
        (kind, _text(inputs["metadata"]["namespace"]), _text(inputs["metadata"]["name"])): (one, inputs["rules"])
        for one, inputs, kind in ours
        if kind in ("Role", "ClusterRole")
    }
    for one, inputs, kind in ours:
        if kind not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        namespace = _text(inputs["metadata"]["namespace"]) if kind == "RoleBinding" else EVERYWHERE
        reference = inputs["roleRef"]
        role = (
            _text(reference["kind"]),
            namespace if reference["kind"].value == "Role" else "",
            _text(reference["name"]),
        )
        for subject in inputs["subjects"].each():
            who = _who(subject, namespace)
            if who is None:
                rights.unread.append(Unread(one.urn, "whom it binds is not known before the update"))
                continue
            rights.subjects.add(who)
            _bound(one, who, namespace, role, roles, rights)


def _bound(
    one: Saved,
    who: str,
    namespace: str,
    role: tuple[str, str, str],
    roles: Mapping[tuple[str, str, str], tuple[Saved, Node]],
    rights: Rights,
) -> None:
    if role not in roles:
        # One of Kubernetes' own, or somebody else's: what it says is not at hand. cluster-admin is known to all.
        everything = role[2] == "cluster-admin"
        what = "*" if everything else f"what {role[0]} {role[2]} says"
        rights.add(
            Permission(who, "*" if everything else "do", "*" if everything else "", what, EVERYWHERE, namespace),
            one.urn,
        )
        return
    of, rules = roles[role]
    for rule in rules.each():
        for right in _permissions(who, rule, namespace):
            if right is None:
                rights.unread.append(Unread(of.urn, f"its {rule.path} is not known before the update"))
            else:
                rights.add(right, of.urn)


def _permissions(who: str, rule: Node, namespace: str) -> Iterator[Permission | None]:
    parts = {key: _texts(rule[key]) for key in ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")}
    if rule.unknown or any(values is None for values in parts.values()):
        yield None
        return
    known = {key: values or [] for key, values in parts.items()}
    for verb, url in product(known["verbs"], known["nonResourceURLs"]):
        yield Permission(who, verb, "", f"the path {url}", EVERYWHERE, namespace)
    names = known["resourceNames"] or [EVERYWHERE]
    for verb, group, resource, name in product(known["verbs"], known["apiGroups"], known["resources"], names):
        yield Permission(who, verb, group, resource, name, namespace)


def _who(subject: Node, namespace: str) -> str | None:
    kind, name = subject["kind"].value, subject["name"].value
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    if kind == "ServiceAccount":
        return f"service account {_text(subject['namespace']) or namespace}/{name}"
    return f"{kind.lower()} {name}"


def _text(node: Node) -> str:
    return node.value if isinstance(node.value, str) else ""


def _texts(node: Node) -> list[str] | None:
    values: list[Any] = [entry.value for entry in node.each()]
    return values if all(isinstance(value, str) for value in values) else None

"""ACC-24 to ACC-27: what roles in a cluster allow, and whom they are given to."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.tokens import kubernetes, with_forms
from policies.values import Node
from policies.workloads import entries, objects

_GROUP = "rbac.authorization.k8s.io"
_VERSIONS = ("v1", "v1beta1", "v1alpha1")


def _kinds(*names: str) -> frozenset[str]:
    return with_forms(kubernetes(*(f"{_GROUP}/{version}:{name}" for version in _VERSIONS for name in names)))


ROLES = _kinds("Role", "ClusterRole")
_OF_A_NAMESPACE = _kinds("Role")
BINDINGS = _kinds("RoleBinding", "ClusterRoleBinding")
_EVERY = "*"
_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True)
class Grant:
    """Verbs on resources that together give more than they say."""

    what: str
    verbs: tuple[str, ...]
    """Empty: any."""
    group: str
    resources: tuple[str, ...]


_NEVER = (
    Grant("it may give rights that it has not", ("bind", "escalate"), _GROUP, ("roles", "clusterroles")),
    Grant("it may act as others", ("impersonate",), "", ("users", "groups", "serviceaccounts")),
    Grant("it may act as others", ("impersonate",), "authentication.k8s.io", ("uids", "userextras")),
    Grant(
        "it may change what the API server asks about every request",
        _WRITE,
        "admissionregistration.k8s.io",
        ("validatingwebhookconfigurations", "mutatingwebhookconfigurations"),
    ),
    Grant(
        "it may approve certificates",
        ("update", "patch"),
        "certificates.k8s.io",
        ("certificatesigningrequests/approval",),
    ),
    Grant("it may approve certificates", ("approve",), "certificates.k8s.io", ("signers",)),
    Grant("it may make tokens of service accounts", ("create",), "", ("serviceaccounts/token",)),
)
_VERBS = ("bind", "escalate", "impersonate")
"""Refused on whatever they are about; of the last one also its constrained forms, `impersonate:...`."""
_SECRETS = Grant("it may read every secret", _READ, "", ("secrets",))
_PLATFORM_ONLY = (
    Grant("it may run commands in pods", (), "", ("pods/exec",)),
    Grant("it may reach everything on a node", (), "", ("nodes/proxy",)),
    Grant("it may run pods of its own making", ("create",), "", ("pods",)),
    Grant("it may make volumes of any place", ("create",), "", ("persistentvolumes",)),
)


def _rules(resource: Resource) -> Iterator[tuple[Node, Node]]:
    """Yield each rule with the role that it belongs to."""
    for item in objects(resource):
        for rule in entries(item["rules"]):
            yield item, rule


def _is_among(node: Node, names: tuple[str, ...]) -> bool | None:
    """Whether an entry covers one of `names`; None while it is not known. What cannot be read covers everything."""
    if node.unknown:
        return None
    value = node.value
    if not isinstance(value, str):
        return True
    # `*/exec` is that part of every resource.
    return value == _EVERY or value in names or (value.startswith("*/") and any(n.endswith(value[1:]) for n in names))


def _gives(rule: Node, grant: Grant) -> Findings:
    """Yield a finding where a rule covers a grant."""
    unknown: Node | None = None
    found = rule
    for key, names in (("apiGroups", (grant.group,)), ("resources", grant.resources), ("verbs", grant.verbs)):
        answers = [(_is_among(node, names) if names else _is_said(node), node) for node in entries(rule[key])]
        sure = [node for answer, node in answers if answer]
        if not sure and not any(answer is None for answer, _ in answers):
            return
        if sure:
            found = sure[0]
        else:
            unknown = unknown or next(node for answer, node in answers if answer is None)
    yield Undecided(unknown.path) if unknown else Violation(found.path, grant.what, "only what the work needs")


def _is_said(node: Node) -> bool | None:
    return None if node.unknown else True


# ACC-24: nothing by a wildcard


def _names_what_it_allows(resource: Resource, settings: Settings) -> Findings:
    del settings
    for _, rule in _rules(resource):
        for key, what in (("verbs", "every verb"), ("resources", "every resource"), ("apiGroups", "every API group")):
            for node in entries(rule[key]):
                yield from require(node, _is_name, f"{what} is allowed", "the names of those that are needed")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != _EVERY and not value.startswith("*/")


# ACC-25: who is bound


_NOBODY = ("system:anonymous", "system:unauthenticated", "system:masters")


def _binds_nobody_unnamed(resource: Resource, settings: Settings) -> Findings:
    for item in objects(resource):
        role, kind = item["roleRef"]["name"], item["roleRef"]["kind"]
        for subject in entries(item["subjects"]):
            name = subject["name"]
            yield from require(
                name,
                lambda v: isinstance(v, str) and v not in _NOBODY,
                "everybody, nobody or the cluster's own masters are bound",
                "a user, a group or a service account of its own",
            )
            if kind.value == "Role" or _is_listed(subject, settings):
                continue
            findings = require(
                role,
                lambda v: isinstance(v, str) and v != "cluster-admin",
                "cluster-admin is given to a subject that is not listed",
                "a role with what the work needs",
            )
            unknown = next((node for node in _identity(subject) if node.unknown), None)
            for finding in findings:
                yield Undecided(unknown.path) if unknown and settings.cluster_admin_subjects else finding


def _identity(subject: Node) -> list[Node]:
    return [subject[key] for key in ("kind", "namespace", "name")]


def _is_listed(subject: Node, settings: Settings) -> bool:
    return _joined(_identity(subject)) in settings.cluster_admin_subjects


def _joined(nodes: list[Node]) -> str:
    return "/".join(node.value for node in nodes if isinstance(node.value, str) and node.value)


# ACC-26: no way to more rights


def _gives_no_way_to_more_rights(resource: Resource, settings: Settings) -> Findings:
    del settings
    for _, rule in _rules(resource):
        for verb in entries(rule["verbs"]):
            if isinstance(verb.value, str) and (verb.value in _VERBS or verb.value.startswith("impersonate")):
                yield Violation(verb.path, "it is a way to the rights of others", "verbs that its work needs")
            elif verb.unknown:
                yield Undecided(verb.path)
        for grant in _NEVER:
            yield from _gives(rule, grant)


# ACC-27: secrets, commands in pods, nodes


def _reaches_no_secrets_pods_and_nodes(resource: Resource, settings: Settings) -> Findings:
    for item, rule in _rules(resource):
        names = rule["resourceNames"]
        if _may_read_its_namespace(resource, item, settings):
            pass
        elif names.unknown or not names.is_set:
            for finding in _gives(rule, _SECRETS):
                yield Undecided(names.path) if names.unknown and isinstance(finding, Violation) else finding
        elif not isinstance(names.value, list):
            yield from _gives(rule, _SECRETS)
        if not _is_of_the_platform(item, settings):
            for grant in _PLATFORM_ONLY:
                yield from _gives(rule, grant)


def _is_of_the_platform(role: Node, settings: Settings) -> bool:
    return _is_called(role, settings.platform_roles)


def _may_read_its_namespace(resource: Resource, role: Node, settings: Settings) -> bool:
    """Whether a role is a listed one of one namespace: the whole cluster's secrets are nobody's to read."""
    return resource.type in _OF_A_NAMESPACE and _is_called(role, settings.secret_roles)


def _is_called(role: Node, patterns: tuple[str, ...]) -> bool:
    said = _joined([role["metadata"][key] for key in ("namespace", "name")])
    return any(fnmatchcase(said, pattern) for pattern in patterns)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-24",
        requirement="A role in the cluster names its verbs, resources and API groups.",
        why="A wildcard grants what later versions and new definitions add.",
        fix="rules=[{'api_groups': ['apps'], 'resources': ['deployments'], 'verbs': ['get', 'list', 'watch']}]",
        types=ROLES,
        severity=Severity.HIGH,
        controls=("EKS-4.1.3",),
        check=_names_what_it_allows,
    ),
    ResourceRule(
        id="ACC-25",
        requirement="Only listed subjects are cluster-admin; nothing is bound to everybody or the cluster's masters.",
        why="It is root of every workload, and for the cluster's masters no rule of access is even asked.",
        fix="role_ref of a role with what the work needs; subjects of its own, not system:...",
        types=BINDINGS,
        severity=Severity.CRITICAL,
        controls=("EKS-4.1.1",),
        check=_binds_nobody_unnamed,
    ),
    ResourceRule(
        id="ACC-26",
        requirement="No role in the cluster is a way to the rights of others.",
        why="Whoever may grant, impersonate or sign has the rights of whom they choose.",
        fix="no bind, escalate, impersonate; no rules for webhook configurations, certificate approval, account tokens",
        types=ROLES,
        severity=Severity.CRITICAL,
        controls=("EKS-4.1.8", "EKS-4.1.11", "EKS-4.1.12"),
        check=_gives_no_way_to_more_rights,
    ),
    ResourceRule(
        id="ACC-27",
        requirement="No role reads all secrets, runs commands in pods, makes pods or volumes, or reaches nodes.",
        why="Each of these is a way from one namespace to the secrets or machines of all others.",
        fix="resource_names of the secrets that are needed; jobs and deployments instead of pods",
        types=ROLES,
        severity=Severity.HIGH,
        controls=("EKS-4.1.2", "EKS-4.1.4", "EKS-4.1.10"),
        check=_reaches_no_secrets_pods_and_nodes,
    ),
)

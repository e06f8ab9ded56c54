"""As `encryption`, for ACC-24 to ACC-28: roles, bindings and service accounts of a cluster."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending
from tests.policies.specs.pods.making import deployment, of, pod

RBAC = "rbac.authorization.k8s.io"
VERBS, RESOURCES, GROUPS = ("rules[0].verbs[0]", "rules[0].resources[0]", "rules[0].apiGroups[0]")


def rule(groups: Any = "apps", resources: Any = "deployments", verbs: Any = "get", **more: Any) -> dict[str, Any]:
    lists = {"apiGroups": groups, "resources": resources, "verbs": verbs}
    return {key: value if isinstance(value, list) else [value] for key, value in lists.items()} | more


def role(*rules: Any, kind: str = "ClusterRole", **metadata: Any) -> R:
    return R(
        f"kubernetes:{RBAC}/v1:{kind}",
        {"metadata": metadata, "rules": list(rules)} if metadata else {"rules": list(rules)},
    )


IN_NAMESPACE = role(rule("", "secrets", "get"), kind="Role", namespace="system", name="operator-a")


def binding(name: Any = "view", *subjects: Any, kind: str = "ClusterRole", made: str = "ClusterRoleBinding") -> R:
    return R(f"kubernetes:{RBAC}/v1:{made}", {"roleRef": {"kind": kind, "name": name}, "subjects": list(subjects)})


def group(name: Any) -> dict[str, Any]:
    return {"kind": "Group", "name": name}


def account(**fields: Any) -> R:
    return R("kubernetes:core/v1:ServiceAccount", fields)


ADMINS = {"clusterAdminSubjects": ["Group/admins", "ServiceAccount/system/installer"]}
INSTALLER = {"kind": "ServiceAccount", "namespace": "system", "name": "installer"}
PLATFORM = {"platformRoles": ["system/operator-*", "groundwork-*"]}
SECRET_ROLES = {"secretRoles": ["system/operator-*"]}
HARMLESS = "about other resources, the same verb gives nothing of this kind"
OWN = {"serviceAccountName": "trainer", "automountServiceAccountToken": False}
MOUNTED = {"serviceAccountName": "trainer", "automountServiceAccountToken": True}
DECLARED = {"annotations": {"groundwork.io/api-use": "watches its jobs"}}


def everywhere(bad: dict[str, Any]) -> tuple[Case, ...]:
    """Cases of the kinds that hold rules."""
    good = rule()
    return (
        Case("a role", (role(bad, kind="Role"),), "deny"),
        Case("an older version", (R(f"kubernetes:{RBAC}/v1beta1:Role", {"rules": [bad]}),), "deny"),
        Case(
            "a list", (R(f"kubernetes:{RBAC}/v1:RoleList", {"items": [{"rules": [good]}, {"rules": [bad]}]}),), "deny"
        ),
        Case("a patch", (R(f"kubernetes:{RBAC}/v1:ClusterRolePatch", {"rules": [bad]}),), "deny"),
        Case("the second rule", (role(good, bad),), "deny"),
        Case("a rule unknown", (role(UNKNOWN),), "unknown"),
        Case("a rule of the wrong type", (role("text"),), "deny"),
        Case("one bad, one unknown", (role(UNKNOWN, bad),), "deny"),
        Case("no rules, an aggregate", (R(f"kubernetes:{RBAC}/v1:ClusterRole", {"aggregationRule": {}}),), "pass"),
    )


def described(item: R, metadata: Any) -> R:
    return item.with_props({**item.props, "metadata": metadata})


SPECS: dict[str, Spec] = {
    "ACC-24": Spec(
        good=(role(rule()),),
        leaf=VERBS,
        bad="*",
        absent="pass",
        flips={VERBS: "*", RESOURCES: "*", GROUPS: "*"},
        equivalent={f"delete {path}": "an empty list allows nothing" for path in (VERBS, RESOURCES, GROUPS)},
        extra=(
            *everywhere(rule(verbs="*")),
            Case("every resource", (role(rule(resources="*")),), "deny"),
            Case("a part of every resource", (role(rule(resources="*/scale")),), "deny"),
            Case("every group", (role(rule(groups="*")),), "deny"),
            Case("the core group", (role(rule(groups="")),), "pass"),
            Case("text for a list", (role({**rule(), "verbs": "get"}),), "deny"),
        ),
    ),
    "ACC-25": Spec(
        good=(binding("view", group("viewers")),),
        leaf="subjects[0].name",
        bad="system:masters",
        flips={"subjects[0].name": "system:anonymous", "roleRef.name": "cluster-admin"},
        equivalent={
            f"{mutation} {path}": "neither the role nor the subject is a refused one, whatever their kind"
            for mutation in ("delete", "flip", "unknown")
            for path in ("roleRef.kind", "subjects[0].kind")
        },
        extra=(
            Case("everybody who has no name", (binding("view", group("system:unauthenticated")),), "deny"),
            Case("nobody's name", (binding("view", {"kind": "User", "name": "system:anonymous"}),), "deny"),
            Case("everybody with a name", (binding("view", group("system:authenticated")),), "pass"),
            Case("cluster-admin", (binding("cluster-admin", group("admins")),), "deny"),
            Case("cluster-admin of a listed group", (binding("cluster-admin", group("admins")),), "pass", ADMINS),
            Case("cluster-admin of a listed account", (binding("cluster-admin", INSTALLER),), "pass", ADMINS),
            Case(
                "cluster-admin of an account of that name elsewhere",
                (binding("cluster-admin", {**INSTALLER, "namespace": "team"}),),
                "deny",
                ADMINS,
            ),
            Case(
                "a user of a listed group's name",
                (binding("cluster-admin", {"kind": "User", "name": "admins"}),),
                "deny",
                ADMINS,
            ),
            Case("masters, though listed admins", (binding("cluster-admin", group("system:masters")),), "deny", ADMINS),
            Case("one listed, one not", (binding("cluster-admin", group("admins"), group("team")),), "deny", ADMINS),
            Case(
                "cluster-admin, perhaps of a listed one", (binding("cluster-admin", group(UNKNOWN)),), "unknown", ADMINS
            ),
            Case(
                "cluster-admin of an account, namespace unknown",
                (binding("cluster-admin", {**INSTALLER, "namespace": UNKNOWN}),),
                "unknown",
                ADMINS,
            ),
            Case(
                "cluster-admin in one namespace",
                (binding("cluster-admin", group("team"), made="RoleBinding"),),
                "deny",
            ),
            Case(
                "a role of that name",
                (binding("cluster-admin", group("team"), kind="Role", made="RoleBinding"),),
                "pass",
            ),
            Case("a role of a kind that is unknown", (binding("cluster-admin", group("team"), kind=UNKNOWN),), "deny"),
            Case("role unknown", (binding(UNKNOWN, group("team")),), "unknown"),
            Case("nobody", (binding("cluster-admin"),), "pass"),
            Case("subjects unknown", (binding("view", UNKNOWN),), "unknown"),
            Case("a subject of the wrong type", (binding("view", "team"),), "deny"),
        ),
    ),
    "ACC-26": Spec(
        good=(role(rule(RBAC, "roles", "get")),),
        leaf=VERBS,
        bad="escalate",
        absent="pass",
        flips={VERBS: "bind"},
        equivalent={f"delete {VERBS}": "an empty list allows nothing"}
        | {
            f"{mutation} {path}": HARMLESS for mutation in ("delete", "flip", "unknown") for path in (GROUPS, RESOURCES)
        },
        extra=(
            *everywhere(rule("", "users", "impersonate")),
            Case("a verb that is refused on whatever it is", (role(rule("apps", "deployments", "bind")),), "deny"),
            Case("a constrained impersonation", (role(rule("", "users", "impersonate:user-info")),), "deny"),
            Case("every verb on roles", (role(rule(RBAC, "clusterroles", "*")),), "deny"),
            Case("every verb on accounts", (role(rule("", "serviceaccounts", "*")),), "deny"),
            Case("every verb on pods", (role(rule("", "pods", "*")),), "pass"),
            Case("every verb on everything", (role(rule("*", "*", "*")),), "deny"),
            Case("every verb, group unknown", (role(rule(UNKNOWN, "clusterroles", "*")),), "unknown"),
            Case(
                "reading webhooks",
                (role(rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", ["get", "list"])),),
                "pass",
            ),
            Case(
                "changing webhooks",
                (role(rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", ["get", "patch"])),),
                "deny",
            ),
            Case(
                "webhooks of another group",
                (role(rule("example.com", "mutatingwebhookconfigurations", "patch")),),
                "pass",
            ),
            Case(
                "approving certificates",
                (role(rule("certificates.k8s.io", "certificatesigningrequests/approval", "update")),),
                "deny",
            ),
            Case("approving for a signer", (role(rule("certificates.k8s.io", "signers", "approve")),), "deny"),
            Case(
                "asking for certificates",
                (role(rule("certificates.k8s.io", "certificatesigningrequests", "create")),),
                "pass",
            ),
            Case("making tokens", (role(rule("", "serviceaccounts/token", "create")),), "deny"),
            Case("making tokens of everything", (role(rule("", "*/token", "create")),), "deny"),
            Case("making accounts", (role(rule("", "serviceaccounts", "create")),), "pass"),
        ),
    ),
    "ACC-27": Spec(
        good=(role(rule("", "secrets", "create")),),
        leaf=VERBS,
        bad="list",
        absent="pass",
        flips={VERBS: "get"},
        equivalent={f"delete {VERBS}": "an empty list allows nothing", f"unknown {GROUPS}": HARMLESS},
        survives={f"{m} {path}": HARMLESS for m in ("delete", "flip") for path in (GROUPS, RESOURCES)},
        extra=(
            *everywhere(rule("", "secrets", "watch")),
            Case("named secrets", (role(rule("", "secrets", "get", resourceNames=["login"])),), "pass"),
            Case("an empty list of names", (role(rule("", "secrets", "get", resourceNames=[])),), "deny"),
            Case("names unknown", (role(rule("", "secrets", "get", resourceNames=UNKNOWN)),), "unknown"),
            Case("names of the wrong type", (role(rule("", "secrets", "get", resourceNames="login")),), "deny"),
            Case("secrets of another group", (role(rule("example.com", "secrets", "get")),), "pass"),
            Case("commands in pods", (role(rule("", "pods/exec", "get")),), "deny"),
            Case("commands in pods, verb unknown", (role(rule("", "pods/exec", UNKNOWN)),), "unknown"),
            Case("commands everywhere", (role(rule("", "*/exec", "create")),), "deny"),
            Case("the node's own API", (role(rule("", "nodes/proxy", "get")),), "deny"),
            Case("pods", (role(rule("", "pods", ["get", "create"])),), "deny"),
            Case("reading pods", (role(rule("", "pods", "get")),), "pass"),
            Case("jobs", (role(rule("batch", "jobs", "create")),), "pass"),
            Case("volumes", (role(rule("", "persistentvolumes", "create")),), "deny"),
            Case("every verb on pods", (role(rule("", "pods", "*")),), "deny"),
            Case("the platform", (role(rule("", "pods", "create"), name="groundwork-runner"),), "pass", PLATFORM),
            Case(
                "the platform in a namespace",
                (role(rule("", "pods", "create"), kind="Role", namespace="system", name="operator-a"),),
                "pass",
                PLATFORM,
            ),
            Case("another one", (role(rule("", "pods", "create"), name="team"),), "deny", PLATFORM),
            Case("name unknown", (role(rule("", "pods", "create"), name=UNKNOWN),), "deny", PLATFORM),
            Case(
                "the platform, all secrets",
                (role(rule("", "secrets", "get"), name="groundwork-runner"),),
                "deny",
                PLATFORM,
            ),
            Case("secrets of its own namespace", (IN_NAMESPACE,), "pass", SECRET_ROLES),
            Case("that, not listed", (IN_NAMESPACE,), "deny"),
            Case("that, listed for other things", (IN_NAMESPACE,), "deny", PLATFORM),
            Case(
                "another namespace",
                (role(rule("", "secrets", "get"), kind="Role", namespace="team", name="operator-a"),),
                "deny",
                SECRET_ROLES,
            ),
            Case(
                "everywhere, under a listed name",
                (role(rule("", "secrets", "get"), namespace="system", name="operator-a"),),
                "deny",
                SECRET_ROLES,
            ),
            Case(
                "secrets of its own namespace, and pods",
                (role(rule("", ["pods", "secrets"], "create"), kind="Role", namespace="system", name="operator-a"),),
                "deny",
                SECRET_ROLES,
            ),
        ),
    ),
    "ACC-28": Spec(
        good=(deployment(**OWN),),
        leaf="spec.template.spec.automountServiceAccountToken",
        bad=True,
        flips={"spec.template.spec.serviceAccountName": "default"},
        extra=(
            Case("default", (deployment(serviceAccountName="default", automountServiceAccountToken=False),), "deny"),
            Case("none", (deployment(automountServiceAccountToken=False),), "deny"),
            Case(
                "by its older name", (deployment(serviceAccount="trainer", automountServiceAccountToken=False),), "pass"
            ),
            Case(
                "default by its older name",
                (deployment(serviceAccount="default", automountServiceAccountToken=False),),
                "deny",
            ),
            Case("a pod", (pod(**MOUNTED),), "deny"),
            Case("a number for false", (deployment(**{**OWN, "automountServiceAccountToken": 0}),), "deny"),
            Case("declared", (described(deployment(**MOUNTED), DECLARED),), "pass"),
            Case(
                "declared for the pods",
                (R("kubernetes:batch/v1:Job", {"spec": {"template": {"metadata": DECLARED, "spec": MOUNTED}}}),),
                "pass",
            ),
            Case(
                "declared not to",
                (described(deployment(**MOUNTED), {"annotations": {"groundwork.io/api-use": "false"}}),),
                "deny",
            ),
            Case(
                "declared with another annotation",
                (described(deployment(**MOUNTED), {"annotations": {"api": "yes"}}),),
                "deny",
            ),
            Case(
                "declared by the configured annotation",
                (described(deployment(**MOUNTED), {"annotations": {"api": "yes"}}),),
                "pass",
                {"apiUseAnnotation": "api"},
            ),
            Case("perhaps declared", (described(deployment(**MOUNTED), {"annotations": UNKNOWN}),), "unknown"),
            Case("declared, without an account", (described(of({}), DECLARED),), "deny"),
            Case(
                "an account of this stack",
                (depending(spec=account())(deployment(**{**OWN, "serviceAccountName": UNKNOWN})),),
                "pass",
            ),
            Case("a service account", (account(automountServiceAccountToken=False),), "pass"),
            Case("a service account that says nothing", (account(),), "deny"),
            Case("a service account that mounts", (account(automountServiceAccountToken=True),), "deny"),
            Case("a service account that says why", (account(metadata=DECLARED),), "pass"),
            Case("a service account, unknown", (account(automountServiceAccountToken=UNKNOWN),), "unknown"),
            Case("a list", (R("kubernetes:core/v1:ServiceAccountList", {"items": [{}]}),), "deny"),
            Case(
                "a patch of the default one",
                (R("kubernetes:core/v1:ServiceAccountPatch", {"automountServiceAccountToken": False}),),
                "pass",
            ),
        ),
    ),
}

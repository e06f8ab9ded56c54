"""What the controller of a scale set and the Job of its credentials may do in their namespace, as data.

The controller watches one namespace, so that nothing of it is the whole cluster's. It gives its listener a role, and
for that holds what is in it. It reads every secret of its namespace: the registration of each runner is one, under a
random name. There is nothing else in that namespace.

Source: Actions Runner Controller 0.14.2, charts gha-runner-scale-set-controller (`watchSingleNamespace`) and
gha-runner-scale-set (manager role), less what only container hooks, proxies, leader election and its own TLS need;
Kubernetes documentation, "Using RBAC Authorization" (`create` knows no names).
"""

from components.cluster.group_rights import SEE, Rule
from components.runners.scale_set_definitions import DEFINITIONS, GROUP

CUSTOM = tuple(sorted(definition.plural for definition in DEFINITIONS))
_CHANGE = ("create", "delete", "patch", "update")
_RBAC = "rbac.authorization.k8s.io"

CONTROLLER_RULES: tuple[Rule, ...] = (
    Rule(GROUP, CUSTOM, (*SEE, *_CHANGE)),
    Rule(GROUP, tuple(f"{resource}/status" for resource in CUSTOM), ("get", "patch", "update")),
    Rule(GROUP, tuple(f"{resource}/finalizers" for resource in CUSTOM), ("patch", "update")),
    Rule("", ("pods",), (*SEE, "create", "delete")),
    Rule("", ("pods/status",), ("get",)),
    Rule("", ("secrets",), ("get", *_CHANGE)),
    Rule("", ("serviceaccounts",), (*SEE, *_CHANGE)),
    Rule(_RBAC, ("rolebindings", "roles"), (*SEE, *_CHANGE)),
)


def credentials_rules(secret: str) -> tuple[Rule, ...]:
    """Return what the Job does that keeps the secret of that name: it makes secrets, and reads and changes this one."""
    return (
        Rule("", ("secrets",), ("create",)),
        Rule("", ("secrets",), ("get", "update"), names=(secret,)),
    )

"""What the commands of a runbook ask of whoever runs them, and who has that right: read off `personas.py`.

A platform-engineer is on call. What is beyond them in the cluster is for `cluster.administrators`, in a team's own
namespace also for its ml-engineer; what is beyond them in AWS is for an administrator of the account.

Source: Kubernetes documentation, "kubectl reference", "Using RBAC Authorization" (`system:public-info-viewer`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from components.cluster.group_rights import Rule
from components.scraping import MONITORING_NAMESPACE
from components.teams.personas import PLATFORM_PERSONAS, TEAM_PERSONAS

ON_CALL = PLATFORM_PERSONAS["platform-engineer"]
OF_A_TEAM = TEAM_PERSONAS["ml-engineer"]
LINE = "**Beyond `platform-engineer`:** "
A_TEAMS = "NAMESPACE"
"""What a page writes where the namespace may be a team's."""
PUBLIC = ("/healthz", "/livez", "/readyz", "/version")
WITH_VALUE = ("-n", "-c", "-l", "-o", "-p", "--field-selector")
SHORT = {
    "deploy": "deployments", "hpa": "horizontalpodautoscalers", "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims", "quota": "resourcequotas",
}  # fmt: skip
Right = tuple[str, str]
"""A verb and a resource, as RBAC has them."""


def commands(text: str) -> list[str]:
    """Return the commands of a page, of its blocks and of its sentences, each without what it is piped into."""
    return [found.strip() for found in re.findall(r"(?:^|`|\$\()((?:kubectl|aws) [^`\n|)]*)", text, re.M)]


def needed(command: str) -> list[Right]:
    """Return what a `kubectl` command asks for. An unknown verb is an error: somebody has to say it here."""
    words = list(_positional(command.split()[1:]))
    verb, rest = words[0], words[1:]
    match verb:
        case "get" if "--raw" in command:
            path = command.split("--raw ")[1].split()[0].split("?")[0]
            return [] if path in PUBLIC else [("get", path)]
        case "get" | "describe" | "delete" | "patch":
            return [("get" if verb == "describe" else verb, kind) for kind in _kinds(rest)]
        case "logs":
            return [("get", "pods/log")]
        case "top":
            return [("list", kind) for kind in _kinds(rest)]
        case "rollout":
            return [("get" if rest[0] == "status" else "patch", kind) for kind in _kinds(rest[1:])]
        case "scale":
            return [("patch", f"{kind}/scale") for kind in _kinds(rest)]
        case "exec":
            return [("create", "pods/exec")]
        case "debug":
            return [("create", "pods")]
        case "port-forward":
            return [("create", "pods/portforward")]
        case "create":
            return [("create", kind) for kind in _kinds(rest)]
        case "cordon" | "uncordon":
            return [("patch", "nodes")]
        case "drain":
            return [("patch", "nodes"), ("create", "pods/eviction")]
        case "auth":
            return [("impersonate", "serviceaccounts")] if "--as" in command else []
    raise AssertionError(f"say what kubectl {verb} asks for: {command}")


def beyond(text: str) -> str:
    """Return the line that a page must have of its commands that are beyond who is on call; empty where none is."""
    of_cluster, of_team, of_account = set[str](), set[str](), set[str]()
    for command in commands(re.sub(f"^{re.escape(LINE)}.*$", "", text, flags=re.M)):
        if command.startswith("aws "):
            if _action(command) not in _actions():
                of_account.add(" ".join(command.split()[:3]))
        elif not _allowed(command, _rules_on_call(command)):
            theirs = _namespace(command) == A_TEAMS and _allowed(command, OF_A_TEAM.rules)
            (of_team if theirs else of_cluster).add(_label(command))
    parts = [
        _says(of_cluster, "`cluster.administrators`"),
        _says(of_team, "the team's `ml-engineer`, or `cluster.administrators` outside of teams"),
        _says(of_account, "an administrator of the account"),
    ]
    said = "; ".join(part for part in parts if part)
    return f"{LINE}{said}." if said else ""


def _says(labels: Iterable[str], who: str) -> str:
    named = ", ".join(f"`{label}`" for label in sorted(labels))
    return f"{named} for {who}" if named else ""


def _positional(words: Sequence[str]) -> Iterator[str]:
    skip = False
    for word in words:
        if not skip and not word.startswith("-"):
            yield word
        skip = word in WITH_VALUE


def _kinds(words: Sequence[str]) -> list[str]:
    if not words:
        return ["deployments"]  # `kubectl scale` as a sentence mentions it
    return [_plural(part.split("/")[0]) for part in words[0].split(",")]


def _plural(kind: str) -> str:
    return SHORT.get(kind) or (kind if kind.endswith("s") else f"{kind}s")


def _namespace(command: str) -> str | None:
    found = re.search(r"-n (\S+)", command)
    return found[1] if found else None


def _label(command: str) -> str:
    words = list(_positional(command.split()[1:]))
    return " ".join(["kubectl", *words[: 2 if words[0] in ("create", "delete", "get", "patch", "rollout") else 1]])


def _rules_on_call(command: str) -> tuple[Rule, ...]:
    return ON_CALL.rules + (ON_CALL.watching if _namespace(command) == MONITORING_NAMESPACE else ())


def _allowed(command: str, rules: Iterable[Rule]) -> bool:
    rights = {(verb, resource) for rule in rules for resource in rule.resources for verb in rule.verbs}
    return rights.issuperset(needed(command))


def _action(command: str) -> str:
    _, service, operation = command.split()[:3]
    return f"{service}:{operation.replace('-', '')}".lower()


def _actions() -> set[str]:
    return {action.lower() for permission in ON_CALL.permissions for action in permission.actions}

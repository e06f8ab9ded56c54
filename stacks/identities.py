"""Everybody whom the settings give a right, and docs/identities.md, which says what each may do.

`python -m stacks.identities` writes the file from the settings of dev.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from components.cluster.preview_access import RULES
from components.registry.tensorboard import APPLICATION, IDENTITY
from components.registry.tracking_network import ACCESS, BOOTSTRAP, NAMESPACE, SERVER
from components.registry.tracking_rights import EVERY_SECRET, SERVER_SECRET, WORKLOADS
from components.scraping import MONITORING_NAMESPACE
from components.security.permissions import Permission, Scope
from components.security.permissions_boundary import boundary_arn
from components.security.preview_permissions import READ
from components.security.workload_identity import PodIdentityTrust, workload_role_name
from components.teams.matrix import (
    AwsAction,
    Identity,
    KubernetesAction,
    aws_expectations,
    kubernetes_expectations,
)
from components.teams.persona_access import role_name
from components.teams.personas import (
    EVENT_FILES,
    PLATFORM_PERSONAS,
    TEAM_PERSONAS,
    TRAINING,
    TRAINING_SECRET,
    Grant,
    group,
)
from components.teams.team_workspace import SERVICE_ACCOUNT, namespace_name
from stacks.cluster import PREVIEW_GROUP
from stacks.settings import StackSettings
from stacks.tensorboard import component_name
from stacks.tracking import ARTIFACTS

FILE = Path(__file__).parent.parent / "docs" / "identities.md"
MARK = "<!-- identities -->\n"
PREVIEWS = "pipeline preview"
"""The identity of the pipeline in a pull request."""
MASTER_SECRET = Permission(
    sid="ReadMasterSecret",
    why="the Job of the database signs in as its master user",
    actions=("secretsmanager:GetSecretValue",),
    resources=("arn:aws:secretsmanager:{region}:{account}:secret:rds!db-*",),
)
ELSEWHERE = "kube-system"
"""A namespace that is nobody's."""


def identities(settings: StackSettings) -> tuple[Identity, ...]:
    """Return every persona that has people, what each team runs, the pipeline's previews, and every workload."""
    return (
        *_of_teams(settings),
        *_of_the_platform(settings),
        _of_previews(settings),
        *_of_workloads(settings),
        *_of_tracking(settings),
    )


def scope(settings: StackSettings) -> Scope:
    """Return what fills the templates of permissions."""
    return Scope(
        account=settings.account_id,
        region=settings.region,
        environment=settings.environment,
        boundary=boundary_arn(settings.account_id, settings.environment),
    )


def namespaces(settings: StackSettings) -> tuple[str, ...]:
    """Return the namespaces that are asked about: each team's, monitoring's, and one that is nobody's."""
    watched = (MONITORING_NAMESPACE,) if settings.monitoring.metrics else ()
    return (*(namespace_name(team) for team in settings.teams), *watched, ELSEWHERE)


def tables(settings: StackSettings) -> str:
    """Return two Markdown tables: a row for each action and place, a column for each identity."""
    everybody = identities(settings)
    heads = " | ".join(identity.name for identity in everybody)
    lines = ["## In the cluster", "", f"| request | where | {heads} |", f"|---|---|{'---|' * len(everybody)}"]
    rows: dict[tuple[KubernetesAction, str | None], list[bool]] = {}
    for found in kubernetes_expectations(everybody, namespaces(settings)):
        rows.setdefault((found.action, found.namespace), []).append(found.allowed)
    for (action, namespace), answers in rows.items():
        request = f"{action.verb} {action.resource}" + (f".{action.group}" if action.group else "")
        lines.append(f"| {request} | {namespace or 'cluster'} | {_marks(answers)} |")
    lines += ["", "## In AWS", "", f"| call | on | {heads} |", f"|---|---|{'---|' * len(everybody)}"]
    calls: dict[tuple[AwsAction, str], list[bool]] = {}
    for expected in aws_expectations(everybody, settings.teams, scope(settings)):
        calls.setdefault((expected.action, expected.team), []).append(expected.allowed)
    lines += [
        f"| {call.action} | {_on(call, team, settings)} | {_marks(answers)} |"
        for (call, team), answers in calls.items()
    ]
    return "\n".join(lines) + "\n"


def rendered(document: str, settings: StackSettings) -> str:
    """Return the document with the tables in place of what followed the mark."""
    return document.split(MARK)[0] + MARK + tables(settings)


def _of_teams(settings: StackSettings) -> Iterator[Identity]:
    for team, what in settings.teams.items():
        for persona in what.people:
            found = TEAM_PERSONAS[persona]
            yield Identity(
                name=f"{team} {persona}",
                role_name=role_name(settings.environment, persona, team),
                subject=group(persona, team),
                namespace=namespace_name(team),
                team=team,
                rules=found.rules,
                grants=found.grants,
                permissions=found.permissions,
                secrets=found.secrets,
            )
        yield Identity(
            name=f"{team} {SERVICE_ACCOUNT}",
            role_name=_role(settings, f"team-{team}-{SERVICE_ACCOUNT}"),
            subject=f"system:serviceaccount:{namespace_name(team)}:{SERVICE_ACCOUNT}",
            namespace=namespace_name(team),
            team=team,
            grants=TRAINING,
            secrets=(TRAINING_SECRET,),
        )
        if settings.tensorboard is not None:
            yield Identity(
                name=f"{team} {APPLICATION}",
                role_name=_role(settings, f"{component_name(team)}-{IDENTITY}"),
                subject=f"system:serviceaccount:{namespace_name(team)}:{APPLICATION}",
                namespace=namespace_name(team),
                team=team,
                grants=(EVENT_FILES,),
            )


def _of_the_platform(settings: StackSettings) -> Iterator[Identity]:
    for persona in settings.people:
        found = PLATFORM_PERSONAS[persona]
        yield Identity(
            name=persona,
            role_name=role_name(settings.environment, persona),
            subject=group(persona),
            rules=found.rules,
            rules_in={MONITORING_NAMESPACE: found.watching} if settings.monitoring.metrics else {},
            grants=found.grants,
            permissions=found.permissions,
            secrets=found.secrets,
        )


def _of_previews(settings: StackSettings) -> Identity:
    return Identity(
        name=PREVIEWS,
        role_name=_role(settings, "github-preview"),
        subject=PREVIEW_GROUP,
        rules=RULES,
        permissions=READ,
    )


def _of_workloads(settings: StackSettings) -> Iterator[Identity]:
    for name, workload in settings.workloads.items():
        pods = workload.trust if isinstance(workload.trust, PodIdentityTrust) else None
        yield Identity(
            name=f"workload {name}",
            role_name=_role(settings, f"workload-{name}"),
            subject=f"system:serviceaccount:{pods.namespace}:{pods.service_account}" if pods else None,
            namespace=pods.namespace if pods else None,
            grants=tuple(Grant(grant.store, grant.prefix, grant.access) for grant in workload.grants),
        )


def _of_tracking(settings: StackSettings) -> Iterator[Identity]:
    if settings.tracking_server is None:
        return
    read = {SERVER: (SERVER_SECRET,), BOOTSTRAP: (SERVER_SECRET,), ACCESS: (EVERY_SECRET,)}
    written = {BOOTSTRAP: (SERVER_SECRET,), ACCESS: (EVERY_SECRET,)}
    for account, name in WORKLOADS.items():
        yield Identity(
            name=f"workload {name}",
            role_name=_role(settings, f"workload-{name}"),
            subject=f"system:serviceaccount:{NAMESPACE}:{account}",
            namespace=NAMESPACE,
            grants=(ARTIFACTS,) if account == SERVER else (),
            permissions=(MASTER_SECRET,) if account == BOOTSTRAP else (),
            secrets=read.get(account, ()),
            written_secrets=written.get(account, ()),
        )


def _role(settings: StackSettings, name: str) -> str:
    return workload_role_name(settings.environment, name)


def _on(action: AwsAction, team: str, settings: StackSettings) -> str:
    if action.store is not None:
        return f"{action.store}/{action.key.format(team=team)}"
    if action.secret is not None:
        return f"secret {action.secret.format(team=team)}"
    resource = scope(settings).fill(action.resource).split(":")[-1]
    return f"{resource}, tagged as ours" if action.tags else resource


def _marks(answers: Iterable[bool]) -> str:
    return " | ".join("yes" if allowed else "no" for allowed in answers)


if __name__ == "__main__":
    import yaml

    written = yaml.safe_load((FILE.parent.parent / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    dev = StackSettings.model_validate_json(json.dumps(written["config"]["groundwork:settings"]), strict=True)
    FILE.write_text(rendered(FILE.read_text(encoding="utf-8"), dev), encoding="utf-8")

"""What whoever opens a server has to know of it, read from the cluster: who may sign in, what it shows. No secret."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from groundwork.errors import GroundworkError
from twin.kubernetes.client import Client

ACCESS = ("mlflow", "access", "access.json")
"""Namespace, name and key of the ConfigMap from which the Job `access` makes MLflow's users."""


@dataclass(frozen=True)
class Opened:
    """What was opened."""

    api: Client
    """Of the cluster."""
    environment: str
    workload: dict[str, Any]
    team: str | None
    """Whose it is, or for whom alone it is to be told."""
    url: str


def accounts(opened: Opened) -> list[str]:
    """Tell who may sign in to MLflow, and how to come by a password."""
    namespace, name, key = ACCESS
    found = opened.api.get("v1", "ConfigMap", name, namespace)
    if found is None:
        raise GroundworkError(f"The cluster has no ConfigMap {namespace}/{name}. Build it: groundwork up")
    access = json.loads(found["data"][key])
    rows = list(_users(access["users"], opened.team))
    _, role, workspaces, secret = rows[0]
    workspace = workspaces.split(", ")[0]
    return [
        *table((("who may sign in", "as", "in workspace", "password in the secret"), *rows)),
        "",
        f"A password, here of the {role}:",
        f'  eval "$(.venv/bin/groundwork twin env --env {opened.environment})"',
        f"  aws secretsmanager get-secret-value --secret-id {secret} --query SecretString --output text",
        "A client of MLflow takes it from ~/.mlflow/credentials (the entry `credentials`) and needs to know:",
        f"  export MLFLOW_TRACKING_URI={opened.url} MLFLOW_WORKSPACE={workspace}",
    ]


def event_files(opened: Opened) -> list[str]:
    """Tell what TensorBoard shows."""
    (container,) = opened.workload["spec"]["template"]["spec"]["containers"]
    options = dict(argument.partition("=")[::2] for argument in container["args"])
    return [
        f"It shows the event files under {options['--logdir']} and looks for new ones every "
        f"{options['--reload_interval']} s.",
        "It has no sign-in: whoever works on this machine can open it.",
    ]


def targets(opened: Opened) -> list[str]:
    """Tell how to look at what Prometheus scrapes."""
    return [
        "It scrapes what runs on this machine: the API server, itself, and what else is open (mlflow, alertmanager); "
        "other targets are down.",
        f"  {opened.url}/api/v1/targets   {opened.url}/api/v1/rules   {opened.url}/api/v1/alerts",
        f"  curl --get {opened.url}/api/v1/query --data-urlencode query=up",
        "Built from its Go module it has no web pages; a release on PATH has.",
        "It has no sign-in: whoever works on this machine can open it.",
    ]


def receivers(opened: Opened) -> list[str]:
    """Tell whom Alertmanager tells, and how to look."""
    return [
        f"  {opened.url}/api/v2/alerts   {opened.url}/api/v2/status   {opened.url}/api/v2/silences",
        "Prometheus finds it once it is open too: groundwork open prometheus. Its receivers are those of the settings.",
        "It has no sign-in: whoever works on this machine can open it.",
    ]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines with columns, indented."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [f"  {line.rstrip()}" for line in lines]


def _users(users: dict[str, Any], team: str | None) -> Iterator[tuple[str, str, str, str]]:
    """Yield for each user the name, the role, the workspaces, the secret; those of one workspace before the others."""
    for name, user in sorted(users.items(), key=lambda entry: (len(entry[1]["roles"]), entry[0])):
        if team is None or team in user["roles"]:
            roles = sorted(set(user["roles"].values()))
            yield name, ", ".join(roles), ", ".join(sorted(user["roles"])), user["secret"]

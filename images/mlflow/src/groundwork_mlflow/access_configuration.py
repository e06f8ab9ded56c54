"""What the Job `access` makes true, as the program wrote it into a ConfigMap: who there is and who may do what.

    {"workspaces": {"vision": "Team vision"},
     "roles": {"data-scientist": {"workspace": "USE", "experiment": "EDIT", "registered_model": "EDIT"}},
     "users": {"vision-data-scientist": {"secret": "groundwork-dev/mlflow/vision/data-scientist",
                                         "roles": {"vision": "data-scientist"}}},
     "webhook": {"name": "groundwork-events", "events": ["model_version.created"]}}

A role's permissions are by MLflow's type of resource, each for all resources of that type in a workspace.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork_mlflow.errors import PodError


@dataclass(frozen=True)
class User:
    """Somebody who signs in."""

    secret: str
    """Where the password is kept."""
    roles: Mapping[str, str]
    """By workspace, the role there."""


@dataclass(frozen=True)
class Webhook:
    """What every workspace tells the sidecar of its registry."""

    name: str
    events: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """All of it."""

    workspaces: Mapping[str, str]
    roles: Mapping[str, Mapping[str, str]]
    users: Mapping[str, User]
    webhook: Webhook


def read(path: Path) -> Configuration:
    """Read the file; what is wrong with it is said by what it names and does not define."""
    try:
        written: Any = json.loads(path.read_text(encoding="utf-8"))
        found = Configuration(
            workspaces=written["workspaces"],
            roles=written["roles"],
            users={name: User(user["secret"], user["roles"]) for name, user in written["users"].items()},
            webhook=Webhook(written["webhook"]["name"], tuple(sorted(written["webhook"]["events"]))),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PodError(f"{path} is not a configuration of access: {type(error).__name__}: {error}") from None
    for name, user in found.users.items():
        for workspace, role in user.roles.items():
            if workspace not in found.workspaces or role not in found.roles:
                raise PodError(f"{path}: user {name} is {role} in {workspace}, and one of the two is not defined")
    return found

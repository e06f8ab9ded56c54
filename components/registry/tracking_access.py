"""Who is there in MLflow and what each may do, as data; the Job `access` makes it so.

A team has a workspace of its own, and a user for each persona that has people and for its jobs. MLflow knows no right
to move an alias alone: who approves a release may edit a registered model, and with it name a version of it or add one
from a run that is there; versions and their tags, runs and experiments they only read.

Source: MLflow documentation, "Role-Based Access Control" (permissions by type of resource), "Webhooks" (events).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.security.secret import secret_name
from components.teams.personas import PLATFORM_PERSONAS, TEAM_PERSONAS, TRAINING_SECRET, PlatformPersona, TeamPersona

CREATE = {"workspace": "USE"}
"""To make experiments and registered models in a workspace; whoever made one may delete it."""
ROLES: Mapping[str, Mapping[str, str]] = {
    "data-scientist": CREATE | {"experiment": "EDIT", "registered_model": "EDIT", "prompt": "EDIT"},
    "training": CREATE | {"experiment": "EDIT", "registered_model": "EDIT", "prompt": "EDIT"},
    "ml-engineer": CREATE | {"experiment": "MANAGE", "registered_model": "MANAGE", "prompt": "MANAGE"},
    "release-approver": {
        "experiment": "READ",
        "registered_model": "EDIT",
        "registered_model_version": "READ",
        "prompt": "READ",
    },
    "auditor": {"experiment": "READ", "registered_model": "READ", "prompt": "READ"},
}
"""By persona the permission for all of a workspace's resources of a type."""
EVENTS = (
    "model_version.created",
    "model_version_alias.created",
    "model_version_alias.deleted",
    "model_version_tag.deleted",
    "model_version_tag.set",
    "registered_model.created",
)
WEBHOOK = "groundwork-events"
RESERVED_WORKSPACES = ("ajax-api", "api", "default", "static-files", "workspaces")
"""Names that MLflow keeps for itself."""
SHORTEST_WORKSPACE = 2
"""Characters of a workspace's name at least."""


def access_configuration(
    environment: str, teams: Mapping[str, Sequence[TeamPersona]], people: Sequence[PlatformPersona]
) -> str:
    """Return the configuration, for teams with their personas and for the platform's own."""
    users = dict(_users(environment, teams, people))
    used = {role for user in users.values() for role in user["roles"].values()}
    return json.dumps(
        {
            "workspaces": {team: f"Team {team}" for team in teams},
            "roles": {role: ROLES[role] for role in ROLES if role in used},
            "users": users,
            "webhook": {"name": WEBHOOK, "events": EVENTS},
        },
        indent=1,
        sort_keys=True,
    )


def _users(
    environment: str, teams: Mapping[str, Sequence[TeamPersona]], people: Sequence[PlatformPersona]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for persona in people:
        for path in PLATFORM_PERSONAS[persona].secrets:
            yield persona, {"secret": secret_name(environment, path), "roles": dict.fromkeys(teams, persona)}
    for team, personas in teams.items():
        for role, paths in (
            *((persona, TEAM_PERSONAS[persona].secrets) for persona in personas),
            ("training", (TRAINING_SECRET,)),
        ):
            for path in paths:
                secret = secret_name(environment, path.format(team=team))
                yield f"{team}-{role}", {"secret": secret, "roles": {team: role}}

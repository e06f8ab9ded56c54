"""Makes workspaces, roles, users and webhooks of MLflow what the configuration says, and changes nothing else.

What is as it should be is left alone, so that a further team changes nothing of another's, and a second run nothing at
all. Roles that it makes are called `groundwork-<role>`; by them it knows its own users, and people's own users and
roles are none of its business. A user who is no longer in the configuration is deleted, and so cannot sign in; the
workspace, with all that is in it, stays.

The password of a user is the one in the user's secret. A secret without a value gets one; where a new value was put
there, MLflow is given the new password.

Source: MLflow documentation, "Basic HTTP Authentication", "Role-Based Access Control", "Workspaces", "Webhooks".
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from groundwork_mlflow import access_configuration, events, secret_values
from groundwork_mlflow.access_configuration import Configuration, User, Webhook
from groundwork_mlflow.errors import PodError, required
from groundwork_mlflow.mlflow_api import Mlflow, MlflowError

OURS = "groundwork-"
USERS = "/api/2.0/mlflow/users"
UPDATE_PASSWORD = f"{USERS}/update-password"
WEBHOOKS = "/api/2.0/mlflow/webhooks"
WORKSPACES = "/api/3.0/mlflow/workspaces"
ROLES = "/api/3.0/mlflow/roles"
USER_ROLES = "/api/3.0/mlflow/users/roles/list"
ALL = "*"
NEXT_PASSWORD = "next_admin_password"  # noqa: S105 - the name of an entry


def run() -> None:
    """Bring MLflow to the configuration."""
    configuration = access_configuration.read(Path(required("ACCESS_CONFIGURATION")))
    server = secret_values.stored(required("MLFLOW_SERVER_SECRET_ID"))
    try:
        mlflow = administrator(required("MLFLOW_TRACKING_URI"), server)
        changes = apply(mlflow, configuration, server["webhook_secret"])
    except MlflowError as error:
        raise PodError(f"MLflow refused: {error}") from None
    print(*(changes or ["everything is as it should be"]), sep="\n")


def administrator(uri: str, server: Mapping[str, str]) -> Mlflow:
    """Sign in as the administrator; with the password that a rotation was about to make the current one, if need be."""
    username, current, following = server["admin_username"], server["admin_password"], server.get(NEXT_PASSWORD)
    signed_in = Mlflow(uri, username, current)
    if following and not signed_in.knows(username, current):
        return Mlflow(uri, username, following)
    return signed_in


def apply(mlflow: Mlflow, configuration: Configuration, webhook_secret: str) -> list[str]:
    """Make it so; return what was changed."""
    changes = _workspaces(mlflow, configuration)
    roles, found = _roles(mlflow, configuration)
    changes += found
    for name, user in configuration.users.items():
        changes += _user(mlflow, name, user)
        changes += _assignments(mlflow, name, {roles[workspace, role] for workspace, role in user.roles.items()})
    changes += _removals(mlflow, configuration)
    for workspace in configuration.workspaces:
        changes += _webhook(mlflow, workspace, configuration.webhook, webhook_secret)
    return changes


def _workspaces(mlflow: Mlflow, configuration: Configuration) -> list[str]:
    there = {workspace["name"]: workspace for workspace in mlflow.get(WORKSPACES).get("workspaces", [])}
    changes = []
    for name, description in configuration.workspaces.items():
        if name not in there:
            mlflow.send("POST", WORKSPACES, name=name, description=description)
            changes.append(f"workspace {name} made")
    return changes


def _roles(mlflow: Mlflow, configuration: Configuration) -> tuple[dict[tuple[str, str], int], list[str]]:
    """Make the roles that users have; return their ids by workspace and role, and what was changed."""
    there = {(role["workspace"], role["name"]): role for role in mlflow.get(f"{ROLES}/list")["roles"] if _is_ours(role)}
    ids, changes = {}, []
    for workspace, role in sorted({pair for user in configuration.users.values() for pair in user.roles.items()}):
        found = there.get((workspace, OURS + role))
        if found is None:
            described = f"{role}, kept by Groundwork"
            made = mlflow.send("POST", f"{ROLES}/create", name=OURS + role, workspace=workspace, description=described)
            found = made["role"]
            changes.append(f"role {role} in {workspace} made")
        ids[workspace, role] = int(found["id"])
        changes += _permissions(mlflow, f"{role} in {workspace}", int(found["id"]), configuration.roles[role])
    return ids, changes


def _permissions(mlflow: Mlflow, what: str, role_id: int, permissions: Mapping[str, str]) -> list[str]:
    wanted = dict(permissions)
    changes = []
    for there in mlflow.get(f"{ROLES}/permissions/list", role_id=role_id)["role_permissions"]:
        kind, permission = there["resource_type"], there["permission"]
        if there["resource_pattern"] == ALL and wanted.get(kind) == permission:
            del wanted[kind]
            continue
        mlflow.send("DELETE", f"{ROLES}/permissions/remove", role_permission_id=there["id"])
        changes.append(f"role {what}: {permission} of {kind} {there['resource_pattern']} taken away")
    for kind, permission in wanted.items():
        mlflow.send(
            "POST", f"{ROLES}/permissions/add",
            role_id=role_id, resource_type=kind, resource_pattern=ALL, permission=permission,
        )  # fmt: skip
        changes.append(f"role {what}: {permission} of every {kind} given")
    return changes


def _user(mlflow: Mlflow, name: str, user: User) -> list[str]:
    kept = secret_values.kept_or_made(user.secret, lambda: credentials(name))
    if kept.get("username") != name or not kept.get("password"):
        raise PodError(
            f"the secret {user.secret} has no password of user {name}: put a value as docs/registry.md has it"
        )
    if mlflow.knows(name, kept["password"]):
        return []
    try:
        mlflow.send("POST", f"{USERS}/create", username=name, password=kept["password"])
    except MlflowError as error:
        if error.code != "RESOURCE_ALREADY_EXISTS":
            raise
        mlflow.send("PATCH", UPDATE_PASSWORD, username=name, password=kept["password"])
        return [f"user {name} has the password of the secret now"]
    return [f"user {name} made"]


def credentials(name: str) -> dict[str, str]:
    """Return the value of a user's secret, with a new password."""
    password = secret_values.password()
    # What MLflow's clients read from ~/.mlflow/credentials.
    lines = ["[mlflow]", f"mlflow_tracking_username = {name}", f"mlflow_tracking_password = {password}", ""]
    return {"username": name, "password": password, "credentials": "\n".join(lines)}


def _assignments(mlflow: Mlflow, name: str, wanted: set[int]) -> list[str]:
    there = {int(role["id"]): role for role in mlflow.get(USER_ROLES, username=name)["roles"]}
    changes = []
    for role_id in sorted(wanted - there.keys()):
        mlflow.send("POST", f"{ROLES}/assign", username=name, role_id=role_id)
        changes.append(f"user {name}: role {role_id} given")
    for role_id, role in there.items():
        if _is_ours(role) and role_id not in wanted:
            mlflow.send("DELETE", f"{ROLES}/unassign", username=name, role_id=role_id)
            changes.append(f"user {name}: {role['name']} in {role['workspace']} taken away")
    return changes


def _removals(mlflow: Mlflow, configuration: Configuration) -> list[str]:
    """Delete the users that had a role of ours and are not wanted any more, and then the roles that nobody has."""
    used = {(workspace, OURS + role) for user in configuration.users.values() for workspace, role in user.roles.items()}
    changes = []
    for user in mlflow.get(f"{USERS}/list")["users"]:
        if user["username"] not in configuration.users and any(_is_ours(role) for role in user["roles"]):
            mlflow.send("DELETE", f"{USERS}/delete", username=user["username"])
            changes.append(f"user {user['username']} deleted")
    for role in mlflow.get(f"{ROLES}/list")["roles"]:
        if _is_ours(role) and (role["workspace"], role["name"]) not in used:
            mlflow.send("DELETE", f"{ROLES}/delete", role_id=role["id"])
            changes.append(f"{role['name']} in {role['workspace']} deleted")
    return changes


def _webhook(mlflow: Mlflow, workspace: str, webhook: Webhook, secret: str) -> list[str]:
    """Make or mend the webhook of a workspace. MLflow shows no secret, so the description has its fingerprint."""
    fingerprint = hashlib.sha256(secret.encode()).hexdigest()[:16]
    wanted = {
        "name": webhook.name,
        "url": events.URL,
        "events": [dict(zip(("entity", "action"), event.upper().split("."), strict=True)) for event in webhook.events],
        "description": f"Registry events to the platform's queue; secret {fingerprint}",
        "status": "ACTIVE",
    }
    there = [found for found in mlflow.pages(WEBHOOKS, "webhooks", within=workspace) if found["name"] == webhook.name]
    if not there:
        mlflow.send("POST", WEBHOOKS, within=workspace, secret=secret, **wanted)
        return [f"webhook in {workspace} made"]
    first, *others = there
    changes = []
    if any(_seen(first)[key] != value for key, value in _seen(wanted).items()):
        mlflow.send("PATCH", f"{WEBHOOKS}/{first['webhook_id']}", within=workspace, secret=secret, **wanted)
        changes.append(f"webhook in {workspace} mended")
    for other in others:  # two Jobs at once
        mlflow.send("DELETE", f"{WEBHOOKS}/{other['webhook_id']}", within=workspace)
        changes.append(f"second webhook in {workspace} deleted")
    return changes


def _seen(webhook: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: webhook.get(key) for key in ("name", "url", "description", "status")},
        "events": sorted((event["entity"], event["action"]) for event in webhook["events"]),
    }


def _is_ours(role: Mapping[str, Any]) -> bool:
    return str(role["name"]).startswith(OURS)

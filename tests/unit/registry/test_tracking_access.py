"""Decides who there is in MLflow and what each may do; that MLflow holds them to it is tried with MLflow."""

import json
from typing import Any

import pytest

from components.registry.tracking_access import EVENTS, ROLES, access_configuration
from components.teams.personas import TEAM_PERSONAS

PERMISSIONS = ("READ", "USE", "EDIT", "MANAGE")
"""MLflow's, from the least to the most; each has what those before it have."""
LOGGED = ("experiment", "registered_model", "prompt")


def configuration(**teams: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(access_configuration("dev", teams, ["auditor", "platform-engineer"]))  # type: ignore[arg-type]
    return found


def test_a_team_has_a_user_for_each_persona_with_people_and_one_for_its_jobs() -> None:
    users = configuration(vision=["data-scientist", "release-approver"], language=[])["users"]
    assert {name: (user["secret"], user["roles"]) for name, user in users.items()} == {
        "auditor": ("groundwork-dev/mlflow/auditor", {"vision": "auditor", "language": "auditor"}),
        "vision-data-scientist": ("groundwork-dev/mlflow/vision/data-scientist", {"vision": "data-scientist"}),
        "vision-release-approver": ("groundwork-dev/mlflow/vision/release-approver", {"vision": "release-approver"}),
        "vision-training": ("groundwork-dev/mlflow/vision/training", {"vision": "training"}),
        "language-training": ("groundwork-dev/mlflow/language/training", {"language": "training"}),
    }


def test_nobody_of_a_team_has_a_role_in_another_teams_workspace() -> None:
    found = configuration(vision=list(TEAM_PERSONAS), language=list(TEAM_PERSONAS))
    for name, user in found["users"].items():
        if name != "auditor":
            (workspace,) = user["roles"]
            assert name == f"{workspace}-{user['roles'][workspace]}"
    assert set(found["workspaces"]) == {"vision", "language"}


def test_another_team_changes_no_user_and_no_role_of_those_that_are_there() -> None:
    one, two = configuration(vision=list(TEAM_PERSONAS)), configuration(vision=list(TEAM_PERSONAS), language=[])
    assert two["roles"] == one["roles"]
    assert {name: user for name, user in two["users"].items() if name in one["users"] and name != "auditor"} == {
        name: user for name, user in one["users"].items() if name != "auditor"
    }


def test_roles_that_nobody_has_are_not_made() -> None:
    assert set(configuration(vision=[])["roles"]) == {"training", "auditor"}


@pytest.mark.parametrize(
    ("persona", "most"),
    [("data-scientist", "EDIT"), ("training", "EDIT"), ("ml-engineer", "MANAGE"), ("auditor", "READ")],
)
def test_the_most_that_a_persona_may_do_with_what_is_logged(persona: str, most: str) -> None:
    assert {ROLES[persona][kind] for kind in LOGGED} == {most}


def test_auditors_and_approvers_make_nothing() -> None:
    for persona in ("auditor", "release-approver"):
        assert "workspace" not in ROLES[persona], "USE of the workspace is the right to make experiments and models"


def test_an_approver_edits_models_for_their_aliases_and_reads_all_else() -> None:
    assert ROLES["release-approver"] == {
        "experiment": "READ",
        "registered_model": "EDIT",
        "registered_model_version": "READ",
        "prompt": "READ",
    }


def test_no_role_has_a_permission_that_mlflow_does_not_know_or_manages_a_workspace() -> None:
    for role in ROLES.values():
        assert set(role.values()) <= set(PERMISSIONS)
        assert role.get("workspace", "USE") == "USE"


def test_every_change_of_a_release_is_told() -> None:
    assert {"model_version.created", "model_version_alias.created", "model_version_alias.deleted"} <= set(EVENTS)
    assert configuration(vision=[])["webhook"] == {"name": "groundwork-events", "events": list(EVENTS)}

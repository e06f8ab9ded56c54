"""Decides what a team has, and that it shares nothing of it with another."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.teams.team_workspace import TeamSettings, TeamWorkspace, TeamWorkspaceArgs
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision
from tests.unit.teams.test_persona_access import STORES

PEOPLE = {
    "data-scientist": [f"arn:aws:iam::{ACCOUNT_ID}:role/Scientist"],
    "release-approver": [f"arn:aws:iam::{ACCOUNT_ID}:role/Approver"],
}
QUOTA = {"cpu": 32, "memory_gib": 128, "gpus": 2, "pods": 50, "storage_gib": 500}


def workspace(team: str, people: dict[str, list[str]]) -> TeamWorkspace:
    return TeamWorkspace(
        f"team-{team}",
        TeamWorkspaceArgs(
            settings=TeamSettings.model_validate({"quota": QUOTA, "people": people}),
            team=team,
            account_id=ACCOUNT_ID,
            region=REGION,
            environment="dev",
            boundary_arn=f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary",
            cluster="groundwork-dev",
            cluster_name="groundwork-dev",
            vpc_cidr="10.20.0.0/16",
            stores=STORES,
        ),
    )


def asked(recorder: Recorder) -> dict[str, Any]:
    return {made.name: made.inputs for made in recorder.children()}


def test_a_team_has_a_namespace_with_its_quota(recorder: Recorder) -> None:
    run_program(lambda: workspace("vision", PEOPLE))
    assert recorder.one("team-vision-guarded-namespace").inputs["metadata"]["name"] == "team-vision"
    hard = recorder.one("team-vision-guarded-quota").inputs["spec"]["hard"]
    assert (hard["requests.cpu"], hard["requests.nvidia.com/gpu"], hard["pods"]) == ("32", "2", "50")


def test_its_jobs_have_an_identity_that_ends_at_the_teams_prefixes(recorder: Recorder) -> None:
    run_program(lambda: workspace("vision", PEOPLE))
    association = recorder.one("team-vision-training-association").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("team-vision", "training")
    policy = recorder.one("team-vision-training-objects").inputs["policy"]
    artifacts = "arn:aws:s3:::groundwork-dev-artifacts"
    assert decision(policy, "s3:PutObject", f"{artifacts}/teams/vision/model", {}) == "Allow"
    assert decision(policy, "s3:PutObject", f"{artifacts}/teams/language/model", {}) == "none"
    assert decision(policy, "s3:PutObject", f"{artifacts}/approvals/vision/release", {}) == "none"


def test_only_personas_with_people_have_a_role(recorder: Recorder) -> None:
    made = run_program(lambda: workspace("vision", PEOPLE))
    assert set(made.role_arns) == set(PEOPLE)
    entries = recorder.of_type("aws:eks/accessEntry:AccessEntry")
    assert len(entries) == len(PEOPLE)


def test_a_team_without_people_is_a_workspace_all_the_same(recorder: Recorder) -> None:
    made = run_program(lambda: workspace("vision", {}))
    assert made.role_arns == {}
    assert recorder.one("team-vision-guarded-namespace")


def test_another_team_changes_nothing_of_the_first(recorder: Recorder) -> None:
    run_program(lambda: workspace("vision", PEOPLE))
    alone = asked(recorder)
    recorder.made.clear()
    run_program(lambda: (workspace("vision", PEOPLE), workspace("language", PEOPLE)))
    together = asked(recorder)
    assert alone == {name: inputs for name, inputs in together.items() if name.startswith("team-vision-")}
    physical = [
        (made.typ, named.get("namespace"), named["name"])
        for made in recorder.children()
        if "name" in (named := made.inputs.get("metadata", made.inputs))
    ]
    assert len(physical) == len(set(physical)), "two teams would overwrite each other"


@pytest.mark.parametrize("team", ["Vision", "vision-", "1vision", "a" * 21, ""])
def test_a_name_that_makes_no_namespace_is_refused(team: str) -> None:
    with pytest.raises(ValidationError, match="team"):
        workspace(team, PEOPLE)


@pytest.mark.parametrize(
    ("people", "message"),
    [({"scientist": PEOPLE["data-scientist"]}, "'data-scientist'"), ({"data-scientist": []}, "nobody is named")],
)
def test_people_without_a_persona_and_a_persona_without_people_are_refused(
    people: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        workspace("vision", people)

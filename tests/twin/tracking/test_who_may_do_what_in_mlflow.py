"""Two teams in one MLflow: each sees and writes its own; a persona does what it is for; nobody is let in unknown."""

from typing import Any

import pytest
import requests

from tests.support.project import Project
from tests.twin.tracking.clients import WORK, Client, RefusedError
from tests.twin.tracking.opened import Opened

TEAMS = ("vision", "language")
SEEN = """
result = {
    "experiments": [one.name for one in client.search_experiments()],
    "models": [one.name for one in client.search_registered_models()],
}
"""
DENIED = "PERMISSION_DENIED"


@pytest.fixture(scope="module")
def work(opened: Opened, dev: Project) -> dict[str, dict[str, Any]]:
    """What a data scientist of each team has made: experiment, run, artifact, model, version, alias."""
    del dev
    return {
        team: opened.user(team).run(WORK, name=f"{team}-wine", file=str(opened.folder / f"{team}-weights"))
        for team in TEAMS
    }


def other(team: str) -> str:
    return TEAMS[1 - TEAMS.index(team)]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metrics",
        "/version",
        "/graphql",
        "/api/2.0/mlflow/experiments/search?max_results=1",
        "/api/2.0/mlflow/registered-models/search",
        "/api/3.0/mlflow/workspaces",
        "/ajax-api/2.0/mlflow/experiments/search?max_results=1",
        "/api/2.0/mlflow-artifacts/artifacts?path=1",
        "/api/2.0/mlflow/users/list",
    ],
)
def test_nobody_is_let_in_without_a_name_or_with_a_wrong_password(opened: Opened, path: str) -> None:
    for known in (None, ("vision-data-scientist", "a-guess"), ("admin", "password1234")):
        answer = requests.get(opened.url + path, auth=known, timeout=60)
        assert answer.status_code == 401, known


def test_a_team_sees_what_it_has_made_and_nothing_of_another(opened: Opened, work: dict[str, Any]) -> None:
    for team in TEAMS:
        seen = opened.user(team).run(SEEN)
        assert f"{team}-wine" in seen["experiments"]
        assert f"{team}-wine" in seen["models"]
        assert not [name for names in seen.values() for name in names if name.startswith(other(team))]
        workspaces = opened.user(team).asks("GET", "/api/3.0/mlflow/workspaces").json()["workspaces"]
        assert [one["name"] for one in workspaces] == [team]


@pytest.mark.parametrize("team", TEAMS)
def test_another_teams_workspace_refuses_to_be_read_and_written(
    opened: Opened, work: dict[str, dict[str, Any]], team: str
) -> None:
    theirs, name, own = work[other(team)], f"{other(team)}-wine", opened.user(team)
    artifacts = theirs["artifacts"].partition("/workspaces/")[2].partition("/")[2]
    api = "/api/2.0/mlflow"
    asked = {
        "search experiments": ("GET", f"{api}/experiments/search?max_results=5"),
        "an experiment": ("GET", f"{api}/experiments/get?experiment_id={theirs['experiment']}"),
        "a run": ("GET", f"{api}/runs/get?run_id={theirs['run']}"),
        "a model": ("GET", f"{api}/registered-models/get?name={name}"),
        "an alias": ("GET", f"{api}/registered-models/alias?name={name}&alias=candidate"),
        "a version": ("GET", f"{api}/model-versions/get?name={name}&version=1"),
        "an artifact": ("GET", f"/api/2.0/mlflow-artifacts/artifacts/{artifacts}/model/{other(team)}-weights"),
        "artifacts": ("GET", f"{api}/artifacts/list?run_id={theirs['run']}"),
    }
    answers = {what: own.asks(*call, workspace=other(team)) for what, call in asked.items()}
    writes: dict[str, tuple[str, dict[str, Any]]] = {
        "make an experiment": (f"{api}/experiments/create", {"name": "intruder"}),
        "log": (f"{api}/runs/log-metric", {"run_id": theirs["run"], "key": "loss", "value": 9.0, "timestamp": 1}),
        "make a model": (f"{api}/registered-models/create", {"name": "intruder"}),
        "move an alias": (f"{api}/registered-models/alias", {"name": name, "alias": "candidate", "version": "1"}),
    }
    answers |= {what: own.asks("POST", *call[:1], workspace=other(team), **call[1]) for what, call in writes.items()}
    # Where a list is empty for who may read nothing, it is empty.
    let_through = {what: answer.text for what, answer in answers.items() if answer.status_code != 403}
    assert let_through.keys() <= {"search experiments"}, let_through
    assert other(team) not in let_through.get("search experiments", "")


@pytest.mark.parametrize("team", TEAMS)
def test_what_another_team_has_made_is_not_there_in_ones_own_workspace(
    opened: Opened, work: dict[str, dict[str, Any]], team: str
) -> None:
    theirs, own, name = work[other(team)], opened.user(team), f"{other(team)}-wine"
    assert own.refusal("client.get_run(run)", run=theirs["run"]) == DENIED
    assert own.refusal("client.log_metric(run, 'loss', 9)", run=theirs["run"]) == DENIED
    assert own.refusal("client.get_registered_model(name)", name=name) == DENIED
    read = "mlflow.artifacts.load_text(f'{uri}/model/{name}')"
    with pytest.raises(RefusedError):
        own.run(read, uri=theirs["artifacts"], name=f"{other(team)}-weights")
    assert own.run(f"result = {read}", uri=work[team]["artifacts"], name=f"{team}-weights") == f"{team}-wine"


CHANGES = {
    "make an experiment": "client.create_experiment(fresh)",
    "log": "client.log_metric(run, 'loss', 0.5)",
    "make a model": "client.create_registered_model(fresh)",
    "tag a version": "client.set_model_version_tag(name, '1', 'checked', 'yes')",
    "move an alias": "client.set_registered_model_alias(name, 'champion', '1')",
}
"""What may be tried of a team's work, by name."""
MAY = {
    "data-scientist": set(CHANGES),
    "training": set(CHANGES),
    "ml-engineer": set(CHANGES),
    "release-approver": {"move an alias"},
    "auditor": set(),
}


@pytest.mark.parametrize("persona", MAY)
def test_a_persona_changes_what_it_is_for_and_reads_all(
    opened: Opened, work: dict[str, dict[str, Any]], persona: str
) -> None:
    user = opened.user("vision", persona)
    seen = user.run("result = client.get_run(run).data.metrics['loss']", run=work["vision"]["run"])
    assert isinstance(seen, float)
    text = "result = mlflow.artifacts.load_text(f'{uri}/model/vision-weights')"
    assert user.run(text, uri=work["vision"]["artifacts"]) == "vision-wine"
    given = {"run": work["vision"]["run"], "name": "vision-wine", "fresh": f"fresh-{persona}"}
    done = {what for what, code in CHANGES.items() if _does(user, code, given)}
    assert done == MAY[persona]


def _does(user: Client, code: str, given: dict[str, str]) -> bool:
    try:
        user.run(code, **given)
    except RefusedError as error:
        if error.code != DENIED:
            raise
        return False
    return True


def test_who_deletes_what(opened: Opened, work: dict[str, dict[str, Any]]) -> None:
    """An ml-engineer what anybody has made, a data-scientist their own, an approver not even an alias."""
    scientist, engineer, jobs = (opened.user("vision", role) for role in ("data-scientist", "ml-engineer", "training"))
    approver, delete = opened.user("vision", "release-approver"), "client.delete_registered_model(name)"
    for user, name in ((jobs, "of-a-job"), (scientist, "of-a-scientist")):
        user.run("client.create_registered_model(name)", name=name)
    assert scientist.refusal(delete, name="of-a-job") == DENIED
    assert approver.refusal(delete, name="of-a-job") == DENIED
    assert approver.refusal("client.delete_registered_model_alias(name, 'candidate')", name="vision-wine") == DENIED
    scientist.run(delete, name="of-a-scientist")
    engineer.run(delete, name="of-a-job")
    names = engineer.run(SEEN)["models"]
    assert not {"of-a-job", "of-a-scientist"} & set(names)


def test_an_auditor_reads_every_team(opened: Opened, work: dict[str, dict[str, Any]]) -> None:
    for team in TEAMS:
        assert f"{team}-wine" in opened.user(team, "auditor").run(SEEN)["models"]


def test_only_administrators_make_users_workspaces_and_webhooks(opened: Opened) -> None:
    engineer = opened.user("vision", "ml-engineer")
    for path, body in (
        ("/api/2.0/mlflow/users/create", {"username": "friend", "password": "a-long-password"}),
        ("/api/3.0/mlflow/workspaces", {"name": "another"}),
        ("/api/2.0/mlflow/webhooks", {"name": "spy", "url": "http://localhost:8081/", "events": []}),
    ):
        assert engineer.asks("POST", path, **body).status_code == 403, path

"""What is told of a server that was opened."""

from typing import Any

from components.registry.tracking_access import access_configuration
from groundwork.open import told
from groundwork.open.told import Opened
from tests.unit.groundwork.open.cluster import Held, api, thing

URL = "http://127.1.2.3:5000"
CONFIGURATION = access_configuration("dev", {"vision": ["data-scientist"], "language": ["ml-engineer"]}, ["auditor"])


def opened(team: str | None = None, deployment: dict[str, Any] | None = None) -> Opened:
    held = Held(thing("ConfigMap", "access", data={"access.json": CONFIGURATION}))
    return Opened(api(held), "dev", deployment or {}, team, URL)


def test_every_user_is_told_with_role_workspace_and_the_secrets_name() -> None:
    rows = [line.split() for line in told.accounts(opened())[1:6]]
    assert sorted(rows) == [
        ["auditor", "auditor", "language,", "vision", "groundwork-dev/mlflow/auditor"],
        ["language-ml-engineer", "ml-engineer", "language", "groundwork-dev/mlflow/language/ml-engineer"],
        ["language-training", "training", "language", "groundwork-dev/mlflow/language/training"],
        ["vision-data-scientist", "data-scientist", "vision", "groundwork-dev/mlflow/vision/data-scientist"],
        ["vision-training", "training", "vision", "groundwork-dev/mlflow/vision/training"],
    ]


def test_the_users_of_one_team_are_told_with_a_command_of_theirs() -> None:
    said = told.accounts(opened("vision"))
    assert {line.split()[0] for line in said[1:4]} == {"vision-data-scientist", "vision-training", "auditor"}
    assert not [line for line in said if "language-" in line]
    assert f"  export MLFLOW_TRACKING_URI={URL} MLFLOW_WORKSPACE=vision" in said
    assert [line for line in said if "--secret-id groundwork-dev/mlflow/vision/data-scientist " in line]


def test_columns_are_as_wide_as_their_longest() -> None:
    assert told.table((("a", "bb"), ("ccc", "d"))) == ["  a    bb", "  ccc  d"]


def test_what_tensorboard_shows_is_what_its_manifest_says() -> None:
    arguments = ["--logdir=s3://bucket/teams/vision/tensorboard/", "--reload_interval=30", "--load_fast=false"]
    deployment = {"spec": {"template": {"spec": {"containers": [{"args": arguments}]}}}}
    said = told.event_files(opened("vision", deployment))[0]
    assert said == (
        "It shows the event files under s3://bucket/teams/vision/tensorboard/ and looks for new ones every 30 s."
    )

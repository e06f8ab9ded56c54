"""What the Job `access` takes for a configuration, and how it says what is wrong with another one."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from groundwork_mlflow import access_configuration
from groundwork_mlflow.errors import PodError

GOOD: dict[str, Any] = {
    "workspaces": {"vision": "Team vision"},
    "roles": {"data-scientist": {"workspace": "USE"}},
    "users": {"vision-data-scientist": {"secret": "groundwork-dev/x", "roles": {"vision": "data-scientist"}}},
    "webhook": {"name": "events", "events": ["b.set", "a.set"]},
}


def written(path: Path, change: tuple[str, ...] = (), value: object = None) -> Path:
    configuration = copy.deepcopy(GOOD)
    place = configuration
    for key in change[:-1]:
        place = place[key]
    if change:
        place[change[-1]] = value
    file = path / "access.json"
    file.write_text(json.dumps(configuration))
    return file


def test_all_of_it_is_read(tmp_path: Path) -> None:
    found = access_configuration.read(written(tmp_path))
    assert found.users["vision-data-scientist"].roles == {"vision": "data-scientist"}
    assert found.webhook.events == ("a.set", "b.set")


@pytest.mark.parametrize(
    ("change", "value"),
    [
        pytest.param(("users", "vision-data-scientist", "roles"), {"language": "data-scientist"}, id="no workspace"),
        pytest.param(("users", "vision-data-scientist", "roles"), {"vision": "owner"}, id="no role"),
        pytest.param(("users", "vision-data-scientist"), {}, id="no secret"),
        pytest.param(("webhook",), None, id="no webhook"),
        pytest.param(("users",), ["vision"], id="a list"),
    ],
)
def test_what_is_wrong_stops_it_with_the_files_name(tmp_path: Path, change: tuple[str, ...], value: object) -> None:
    with pytest.raises(PodError, match=r"access\.json"):
        access_configuration.read(written(tmp_path, change, value))


def test_a_missing_file_is_said_too(tmp_path: Path) -> None:
    with pytest.raises(PodError, match=r"none\.json"):
        access_configuration.read(tmp_path / "none.json")

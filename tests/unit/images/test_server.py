"""How the server gets what it keeps secret."""

from pathlib import Path

import pytest
from groundwork_mlflow import server
from groundwork_mlflow.errors import PodError


def secret_in(directory: Path, **changes: str) -> Path:
    for name in server.VARIABLES:
        (directory / name).write_text(changes.get(name, f"of {name}\n"))
    return directory


def test_every_entry_of_the_secret_is_where_mlflow_looks_for_it(tmp_path: Path) -> None:
    assert server.read(secret_in(tmp_path)) == {variable: f"of {name}" for name, variable in server.VARIABLES.items()}


def test_an_entry_that_is_not_mounted_stops_it(tmp_path: Path) -> None:
    (secret_in(tmp_path) / "flask_secret_key").unlink()
    with pytest.raises(PodError, match="flask_secret_key cannot be read"):
        server.read(tmp_path)


def test_an_empty_entry_stops_it(tmp_path: Path) -> None:
    with pytest.raises(PodError, match="admin_password is empty"):
        server.read(secret_in(tmp_path, admin_password=""))

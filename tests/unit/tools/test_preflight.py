import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.tools.support import program, says
from tools import postgres, preflight
from tools.engine import download, modules
from tools.errors import ToolchainError
from tools.toolchain import CLONE

LOCK_FILE = CLONE / "requirements.lock"

pytestmark = pytest.mark.usefixtures("cache", "on_path", "bare_machine")


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, no PostgreSQL, nothing on PATH, an ordinary user."""
    monkeypatch.setattr(download, "is_reachable", lambda: False)
    monkeypatch.setattr(postgres, "_candidates", list)
    monkeypatch.setattr(postgres, "_may_use_apt", lambda: False)


def free(mib: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=mib << 20))


def test_all_that_is_missing_is_said_at_once_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    free(100, monkeypatch)
    with pytest.raises(ToolchainError) as error:
        preflight.check(LOCK_FILE)
    said = str(error.value)
    assert "Go is not on PATH. Install Go 1.26.0 or newer" in said
    assert "PostgreSQL is missing. Install PostgreSQL 14 or newer with TLS, or npm" in said
    assert "has 100 MiB free, 7800 MiB are needed" in said
    assert "XDG_CACHE_HOME" in said


def test_a_machine_that_has_it_all_passes(on_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(8000, monkeypatch)
    program(on_path, "npm", "")
    program(on_path, "go", says("go version go1.26.0 linux/amd64"))
    preflight.check(LOCK_FILE)


def test_a_compiler_older_than_go_mod_asks_for_is_refused(on_path: Path) -> None:
    program(on_path, "go", says("go version go1.25.4 linux/amd64"))
    problem = modules.go_problem()
    assert problem
    assert f"{on_path / 'go'} is Go 1.25.4, too old" in problem


def test_no_compiler_is_asked_for_where_the_download_can_be_reached(
    on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(8000, monkeypatch)
    program(on_path, "npm", "")
    monkeypatch.setattr(download, "is_reachable", lambda: True)
    preflight.check(LOCK_FILE)

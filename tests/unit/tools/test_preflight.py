import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.tools.support import program, says
from tools import postgres, preflight
from tools.engine import download
from tools.errors import ToolchainError
from tools.kubernetes import download as kubernetes_download
from tools.kubernetes.pieces import KWOK
from tools.toolchain import CLONE

LOCK_FILE = CLONE / "requirements.lock"

pytestmark = pytest.mark.usefixtures("cache", "on_path", "bare_machine")


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, no PostgreSQL, nothing on PATH, an ordinary user."""
    monkeypatch.setattr(download, "is_reachable", lambda: False)
    monkeypatch.setattr(kubernetes_download, "is_reachable", lambda piece: False)
    monkeypatch.setattr(postgres, "_candidates", list)
    monkeypatch.setattr(postgres, "_may_use_apt", lambda: False)


def free(mib: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=mib << 20))


def test_all_that_is_missing_is_said_at_once_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    free(100, monkeypatch)
    with pytest.raises(ToolchainError) as error:
        preflight.check(LOCK_FILE)
    said = str(error.value)
    needed = "Pulumi engine, etcd, kwok, Kubernetes control plane"
    assert f"{needed}. Go is not on PATH. Install Go 1.26.0 or newer" in said
    assert "PostgreSQL is missing. Install PostgreSQL 14 or newer with TLS, or npm" in said
    assert "has 100 MiB free, 13700 MiB are needed" in said
    assert "XDG_CACHE_HOME" in said


def test_a_machine_that_has_it_all_passes(on_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(20000, monkeypatch)
    program(on_path, "npm", "")
    program(on_path, "go", says("go version go1.26.0 linux/amd64"))
    preflight.check(LOCK_FILE)


def test_no_compiler_is_asked_for_where_the_download_can_be_reached(
    on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(20000, monkeypatch)
    program(on_path, "npm", "")
    monkeypatch.setattr(download, "is_reachable", lambda: True)
    monkeypatch.setattr(kubernetes_download, "is_reachable", lambda piece: True)
    preflight.check(LOCK_FILE)


def test_a_compiler_is_asked_for_by_name_of_what_it_has_to_build(
    on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(20000, monkeypatch)
    program(on_path, "npm", "")
    monkeypatch.setattr(download, "is_reachable", lambda: True)
    monkeypatch.setattr(kubernetes_download, "is_reachable", lambda piece: piece is not KWOK)
    with pytest.raises(ToolchainError, match=r"To be built here, .*: kwok\. Go is not on PATH"):
        preflight.check(LOCK_FILE)

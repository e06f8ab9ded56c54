"""Every test has an empty cache and a PATH of its own; nothing of this machine is seen or changed."""

from pathlib import Path

import pytest

from tests.unit.tools.support import Said


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache with space"))
    monkeypatch.delenv("GROUNDWORK_ENGINE", raising=False)
    return tmp_path / "cache with space" / "groundwork"


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of PATH, empty at first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def said() -> Said:
    return Said()

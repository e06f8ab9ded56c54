import subprocess
from pathlib import Path

import pytest

from tests.support.processes import spent
from tools import toolchain
from tools.toolchain import CLONE, Record, Toolchain, ToolchainError, locate, read_record, write_record


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """An installation of a clone in `tmp_path`, written down."""
    for name in ("pulumi", "postgres", "python", "kube-apiserver"):
        (tmp_path / name).touch()
    (tmp_path / ".venv").mkdir()
    found = Toolchain(
        engine_bin=tmp_path,
        pulumi=tmp_path / "pulumi",
        engine_version="3.255.0",
        python=tmp_path / "python",
        postgres_bin=tmp_path,
        postgres_version="17.9",
        kubernetes_bin=tmp_path,
        kubernetes_version="1.36.3",
    )
    written = Record({"clone": str(tmp_path)}, found)
    write_record(written, tmp_path)
    return written


def test_what_was_written_down_is_read_back(record: Record, tmp_path: Path) -> None:
    assert read_record(tmp_path) == record


@pytest.mark.parametrize("gone", ["pulumi", "postgres", "python", "kube-apiserver", ".venv/toolchain.json"])
@pytest.mark.usefixtures("record")
def test_a_part_that_is_gone_makes_the_installation_void(tmp_path: Path, gone: str) -> None:
    (tmp_path / gone).unlink()
    assert read_record(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"inputs": {}, "toolchain": {}}'])
@pytest.mark.usefixtures("record")
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    toolchain.record_file(tmp_path).write_text(content)
    assert read_record(tmp_path) is None


def test_without_an_installation_the_error_says_which_command_makes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "read_record", lambda: None)
    with pytest.raises(ToolchainError, match="Run: make install"):
        locate()


def test_the_installed_toolchain_answers_with_the_versions_it_claims() -> None:
    found = locate()
    engine = subprocess.run([found.pulumi, "version"], capture_output=True, text=True, check=True).stdout
    assert engine.strip().removeprefix("v") == found.engine_version
    assert (
        found.postgres_version
        in subprocess.run(
            [found.postgres_bin / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    )
    kubernetes = subprocess.run(
        [found.kubernetes_bin / "kube-apiserver", "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert kubernetes == f"Kubernetes v{found.kubernetes_version}\n"
    where = "import tools; print(tools.__file__)"
    imported = subprocess.run([found.python, "-c", where], capture_output=True, text=True, check=True, cwd="/").stdout
    assert Path(imported.strip()).parent == CLONE / "tools"


def test_a_second_installation_is_quick_and_silent() -> None:
    python = str(locate().python)
    bare, _ = spent(python, "-c", "import json, hashlib, subprocess")
    second, said = spent(python, "-m", "tools.install", "--quiet")
    assert said == b""
    assert second < 20 * bare, "0.15 s, Python's own start 0.03 s"

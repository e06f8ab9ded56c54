"""Decides what of a change is told without bringing anything up, and that nothing of it runs meanwhile."""

import json
import shutil
from pathlib import Path

import pytest

from groundwork.preview.early import refused
from groundwork.preview.report import FAILED
from tests.support.project import CLONE
from tests.support.repository import Repository
from tests.twin.pull_requests import PULL_REQUESTS

BOTH = ("dev", "prod")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    for name in BOTH:
        shutil.copy(CLONE / f"Pulumi.{name}.yaml", tmp_path)
    return tmp_path


def test_a_file_that_is_no_python_is_told_with_its_line_and_is_not_run(clone: Path) -> None:
    ran = clone / "ran"
    (clone / "stacks" / "wiring.py").write_text(f"open({str(ran)!r}, 'w')\ndef (:\n")
    found = refused(clone, BOTH, ("README.md", "stacks/wiring.py"))
    assert set(found) == set(BOTH)
    (told,) = found["dev"]
    assert told.startswith('  File "stacks/wiring.py", line 2\n    def (:')
    assert "SyntaxError: " in told
    assert not ran.exists()


@pytest.mark.parametrize("content", ["print(1)\n", None])
def test_a_file_that_is_python_or_that_is_gone_is_left_to_the_engine(clone: Path, content: str | None) -> None:
    if content:
        (clone / "stacks" / "wiring.py").write_text(content)
    assert refused(clone, BOTH, ("stacks/wiring.py", "tests/broken.py")) == {}


def test_settings_out_of_range_are_told_of_the_environment_that_has_them(clone: Path) -> None:
    file = clone / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("backup_retention_days: 7", "backup_retention_days: 99"))
    found = refused(clone, BOTH, ("Pulumi.dev.yaml", "Pulumi.prod.yaml"))
    assert set(found) == {"dev"}
    assert "  groundwork:settings.database.backup_retention_days" in found["dev"]
    assert any("35" in line for line in found["dev"])
    assert refused(clone, BOTH, ("README.md",)) == {}, "what the change does not touch is the base's"


def test_settings_are_not_held_against_a_program_that_changes(clone: Path) -> None:
    """It would have to be imported, which only the engine's own process may do."""
    file = clone / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("backup_retention_days: 7", "backup_retention_days: 99"))
    (clone / "stacks" / "settings.py").write_text("raise RuntimeError\n")
    assert refused(clone, BOTH, ("Pulumi.dev.yaml", "stacks/settings.py")) == {}


def test_a_file_that_is_no_yaml_is_told(clone: Path) -> None:
    (clone / "Pulumi.prod.yaml").write_text("config: [")
    (why,) = refused(clone, BOTH, ("Pulumi.prod.yaml",)).values()
    assert "is no valid YAML" in why[0]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository.make(tmp_path_factory.mktemp("early"))


@pytest.mark.parametrize("name", ["a-syntax-error", "settings-out-of-range"])
def test_no_twin_is_made_for_a_change_that_cannot_be_planned(repository: Repository, name: str, tmp_path: Path) -> None:
    wanted = PULL_REQUESTS[name]
    repository.branch(name, wanted.edits)
    done = repository.groundwork("preview", "--base", "main", "--output", str(tmp_path), *wanted.environments)
    assert done.returncode == FAILED, done.stderr
    comment = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert [part for part in wanted.told if part not in comment] == []
    (environment,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["environments"]
    assert environment["failed"]
    assert not (repository.cache / "groundwork" / "previews").exists()

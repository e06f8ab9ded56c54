"""Whatever is typed, written or missing: one clear message, a non-zero exit code, no traceback, nothing made."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import CLONE, Project
from tests.support.world import held
from twin import state

AS_NOBODY = ("unshare", "--user", "--map-user=65534", "--map-group=65534") if os.geteuid() == 0 else ()
"""Root may write anywhere: a command that is to meet a file's mode runs as somebody else."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose twin runs, with nothing built. A test that changes its files or its twin uses `project`."""
    made = Project.make(tmp_path_factory.mktemp("wrong") / "project")
    made.groundwork("twin", "start")
    yield made
    made.stop()


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """What a person reads, in one line, without the frame around a usage error."""
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    return re.sub(r"[\s│]+", " ", said)


@pytest.fixture
def settings_as_they_were(started: Project) -> Iterator[Path]:
    file = started.root / "Pulumi.dev.yaml"
    text = file.read_text()
    yield file
    file.write_text(text)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param(("upp",), "No such command 'upp'. Did you mean 'up'?", id="command"),
        pytest.param(("twin", "fly"), "No such command 'fly'.", id="command of the twin"),
        pytest.param(("up", "dev", "--fast"), "No such option: --fast", id="option"),
        pytest.param(("up", "dev", "prod"), "unexpected extra argument(s) (prod)", id="two environments"),
        pytest.param(("up", "staging"), "no environment 'staging'", id="environment"),
        pytest.param(("up", "../dev"), "no environment '../dev'", id="no environment's name"),
        pytest.param(("twin", "restart", "rds"), "no service 'rds'; there is aws", id="service"),
    ],
)
def test_what_was_mistyped_is_named(started: Project, typed: tuple[str, ...], said: str) -> None:
    assert said in refused(started.groundwork(*typed, check=False))


@pytest.mark.parametrize("command", ["up", "preview"])
def test_everything_that_is_wrong_in_the_settings_is_said_at_once(
    started: Project, settings_as_they_were: Path, command: str
) -> None:
    def edit(settings: dict[str, Any]) -> None:
        settings["netwrk"] = {}
        settings["owner"] = 7
        settings["stores"]["datasets"]["lifecycle"]["noncurrent_days"] = -1
        settings["database"]["backup_retention_days"] = "many"

    started.change(edit)
    said = refused(started.groundwork(command, "dev", check=False))
    assert "Pulumi.dev.yaml: 4 settings are wrong, so nothing was started." in said
    assert "groundwork:settings.netwrk problem: there is no such setting" in said
    assert "did you mean network?" in said
    assert "groundwork:settings.owner value: 7 problem: it must be text" in said
    assert "groundwork:settings.stores.datasets.lifecycle.noncurrent_days value: -1" in said
    assert 'groundwork:settings.database.backup_retention_days value: "many"' in said
    assert held(started) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("config:\n  groundwork:settings: [\n", r"is no valid YAML: .*line 3", id="syntax"),
        pytest.param("", "must hold config, in it groundwork:settings", id="empty"),
        pytest.param("config:\n  aws:region: eu-west-1\n", "must hold config, in it groundwork:settings", id="other"),
    ],
)
def test_a_settings_file_that_cannot_be_read_is_named(
    started: Project, settings_as_they_were: Path, text: str, said: str
) -> None:
    settings_as_they_were.write_text(text)
    message = refused(started.groundwork("up", "dev", check=False))
    assert re.search(said, message), message
    assert str(settings_as_they_were) in message


def test_placeholders_are_refused_where_the_twin_does_not_allow_them(started: Project) -> None:
    started.groundwork("preview", "dev")
    variables = started.twin_variables()
    del variables["GROUNDWORK_ALLOW_PLACEHOLDERS"]
    said = refused(_engine("preview", started, variables))
    assert 'groundwork:settings.account_id value: "000000000000"' in said
    assert "is a placeholder: put your own in its place" in said
    assert "groundwork:settings.owner" in said
    assert held(started) == {}


def test_without_its_twin_the_engine_says_where_nobody_answers_and_a_command_starts_it(project: Project) -> None:
    for command in (("twin", "env"), ("twin", "status"), ("twin", "restart", "aws")):
        assert "Start it with: groundwork twin start" in refused(project.groundwork(*command, check=False))
    project.groundwork("preview", "dev")
    variables = project.twin_variables()
    project.groundwork("twin", "stop", "--keep-state")
    said = refused(_engine("preview", project, variables))
    assert f'Could not connect to the endpoint URL: "{variables["AWS_ENDPOINT_URL"]}/"' in said
    assert "Is the twin running? groundwork twin status" in said
    project.groundwork("preview", "dev")
    assert held(project) == {}


def test_a_port_that_another_program_has_taken_is_left_to_it(project: Project) -> None:
    project.groundwork("twin", "start")
    project.groundwork("twin", "stop", "--keep-state")
    before = state.load(project.root / ".twin" / "twin.json")
    assert before is not None
    with socket.create_server(("127.0.0.1", before.https_port)):
        said = project.groundwork("twin", "start").stderr
        assert f"Another program has taken port {before.https_port}; the endpoint is now https://127.0.0.1:" in said
        assert "Open shells need it too" in said
        assert held(project) == {}, "the twin answers at its new port"


def test_a_folder_that_cannot_be_written_is_named(project: Project) -> None:
    project.root.chmod(0o555)
    try:
        said = refused(_groundwork(project, "up", "dev", before=AS_NOBODY))
    finally:
        project.root.chmod(0o755)
    assert f"The twin cannot be kept in {project.root / '.twin'}: Permission denied." in said
    assert "GROUNDWORK_TWIN chooses another" in said
    assert not (project.root / ".twin").exists()


def test_a_folder_that_is_not_a_twins_is_left_alone(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "mine" / "thesis.txt"
    file.parent.mkdir()
    file.write_text("three years of work")
    for command in (("twin", "start"), ("twin", "stop"), ("up", "dev")):
        said = refused(_groundwork(project, *command, GROUNDWORK_TWIN=str(file.parent)))
        assert f"{file.parent} has files and is no twin's folder" in said
    said = refused(_groundwork(project, "up", "dev", GROUNDWORK_TWIN=str(file)))
    assert f"{file} cannot be a twin's folder" in said
    assert file.read_text() == "three years of work"


def _groundwork(
    project: Project, *typed: str, before: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, str(CLONE / ".venv/bin/groundwork"), *typed],
        cwd=project.root, env=project.environment() | variables, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip


def _engine(command: str, project: Project, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Plain `pulumi` in a shell that has these variables."""
    engine = shutil.which("pulumi", path=variables["PATH"])
    assert engine is not None
    return subprocess.run(
        [engine, command, "--non-interactive", "-s", "dev"],
        cwd=project.root, env=variables, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip

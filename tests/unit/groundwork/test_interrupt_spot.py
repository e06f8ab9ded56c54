"""Decides what `groundwork twin interrupt-spot` hands on and says; that a node then goes is tried on the twin."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner, Result

from groundwork.__main__ import app
from tests.support.stack_files import CLONE, written
from twin import lifecycle, places
from twin.environment import Target
from twin.errors import TwinError
from twin.kubernetes import interruption
from twin.places import Places

NODE = "ip-10-0-0-10.eu-west-1.compute.internal"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """This clone, with a twin elsewhere that does not run."""
    found = Places(CLONE, tmp_path)
    monkeypatch.setattr(places, "find", lambda: found)
    return found


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin is said to run."""
    monkeypatch.setattr(lifecycle, "required", lambda _: None)


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """In the place of what gives the notice."""
    stood_in = Mock(return_value=NODE)
    monkeypatch.setattr(interruption, "interrupt", stood_in)
    return stood_in


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["twin", "interrupt-spot", *arguments])


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("arguments", "environment", "node"),
    [((), "dev", None), ((NODE,), "dev", NODE), (("--env", "prod", "i-0a1b"), "prod", "i-0a1b")],
)
def test_the_node_of_the_environments_cluster_gets_its_notice(
    here: Places, interrupt: Mock, arguments: tuple[str, ...], environment: str, node: str | None
) -> None:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    settings = written(environment)
    interrupt.assert_called_once_with(here, Target(settings["account_id"], settings["region"]), node)
    assert done.stderr == f"{NODE} has its notice: it is drained and ends in 10 s at the latest.\n"


@pytest.mark.usefixtures("here", "running")
def test_an_environment_that_is_not_there_is_named_and_nothing_is_interrupted(interrupt: Mock) -> None:
    done = run("--env", "staging")
    assert isinstance(done.exception, TwinError)
    assert "There is no environment 'staging'" in str(done.exception)
    assert "dev, prod" in str(done.exception)
    interrupt.assert_not_called()


@pytest.mark.usefixtures("here", "running")
def test_a_second_node_is_refused(interrupt: Mock) -> None:
    assert run(NODE, "ip-10-0-0-11").exit_code == 2
    interrupt.assert_not_called()


@pytest.mark.usefixtures("here")
def test_without_a_twin_it_says_how_to_start_one(interrupt: Mock) -> None:
    done = run()
    assert isinstance(done.exception, TwinError)
    assert "groundwork twin start" in str(done.exception)
    interrupt.assert_not_called()

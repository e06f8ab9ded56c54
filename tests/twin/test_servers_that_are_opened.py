"""`groundwork open` as a person runs it, with the server that starts soonest: what it says, and how it ends.

MLflow is opened in tests/twin/tracking.
"""

import re
import signal
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.project import Project
from tests.twin.opened_servers import STOP_SECONDS, opened


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_serves_until_a_signal_comes_and_then_nothing_of_it_is_left(
    dev: Project, tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log"
    with opened(dev, log, "tensorboard", "--team", "language") as process:
        found = re.search(r"TensorBoard of language is open in dev: (\S+)", log.read_text())
        assert found, log.read_text()
        shown = requests.get(f"{found[1]}/data/environment", timeout=30).json()
        assert shown["window_title"] == "TensorBoard of language"
        assert re.search(r"event files under s3://groundwork-dev-artifacts-\S+/teams/language/", log.read_text())
        second = dev.groundwork("open", "tensorboard", "--team", "language", check=False)
        assert second.stderr.startswith(f"error: TensorBoard of language is open already, at {found[1]}")
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.send_signal(number)
        assert process.wait(STOP_SECONDS) == 0
        assert f"TensorBoard of language is stopped ({number.name}); no process of it is left." in log.read_text()
        assert not [one for one in family if one.is_running()]
        assert not list((dev.root / ".twin" / "pods").glob("*/team-language/*/volumes"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tensorboard",), "Each team has its own TensorBoard: give --team, one of language, vision"),
        (("mlflow", "--env", "prod"), "prod is not up: it has no cluster yet. Build it: groundwork up prod"),
    ],
)
def test_what_cannot_be_opened_is_one_line_that_says_what_can(
    dev: Project, arguments: tuple[str, ...], said: str
) -> None:
    done = dev.groundwork("open", *arguments, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {said}")
    assert len(done.stderr.splitlines()) == 1

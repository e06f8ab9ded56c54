"""`groundwork twin …` as a person and as a shell run it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.unit.twin.conftest import ACCOUNT_ID, Clone
from twin.places import CODE
from twin.state import TwinState


def groundwork(clone: Clone, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "groundwork", *arguments),
        cwd=clone.places.clone,
        env={name: value for name, value in os.environ.items() if name != "GROUNDWORK_TWIN"}
        | {"PYTHONPATH": str(CODE)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_start_status_restart_and_stop(clone: Clone) -> None:
    assert "The twin runs at https://127.0.0.1:" in groundwork(clone, "twin", "start").stderr
    shown = groundwork(clone, "twin", "status")
    assert shown.returncode == 0
    assert [word in shown.stdout for word in ("aws", "running", "https://127.0.0.1:", "ok")] == [True] * 4
    assert groundwork(clone, "twin", "restart", "aws").stderr == "aws was restarted.\n"
    assert "services available on port" in groundwork(clone, "twin", "logs", "aws").stdout
    assert groundwork(clone, "twin", "stop").stderr == f"The twin is stopped. {clone.places.root} is removed.\n"
    assert groundwork(clone, "twin", "stop").stderr == "There is no twin to stop.\n"


def test_what_env_prints_makes_a_shell_talk_to_the_twin(running: tuple[Clone, TwinState]) -> None:
    clone, _ = running
    aws = [sys.executable, "-m", "awscli", "sts", "get-caller-identity"]
    script = f'eval "$1"; test -z "$AWS_PROFILE" && which pulumi && pulumi stack ls --json && {" ".join(aws)}'
    done = groundwork(clone, "twin", "env")
    assert "--policy-pack policies --policy-pack-config policies/environments/dev.json" in done.stderr
    printed = done.stdout
    shell = subprocess.run(
        ["/bin/sh", "-ec", script, "sh", printed],
        cwd=clone.places.clone,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "AWS_PROFILE": "mine"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, shell.stderr
    which, _, rest = shell.stdout.partition("\n")
    stacks, at = json.JSONDecoder().raw_decode(rest)
    assert which == str(clone.places.bin / "pulumi")
    assert [stack["name"] for stack in stacks] == ["dev"]
    assert json.loads(rest[at:])["Account"] == ACCOUNT_ID


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("twin", "env"), "error: The twin does not run. Start it with: groundwork twin start\n"),
        (("twin", "env", "--env", "staging"), "error: There is no environment 'staging': "),
        (("twin", "restart", "gcp"), "error: There is no service 'gcp'; there is aws.\n"),
        (("twin", "logs"), "error: There is no log of 'aws': the twin has none; it does not run.\n"),
        (("twin", "status"), "There is no twin. Start it with: groundwork twin start\n"),
    ],
)
def test_an_error_is_one_message_and_exit_code_1(clone: Clone, arguments: tuple[str, ...], said: str) -> None:
    ended = groundwork(clone, *arguments)
    assert ended.returncode == 1
    assert ended.stderr.startswith(said)
    assert ended.stderr.count("\n") == 1


def test_outside_of_a_clone_it_falls_back_to_the_clone_of_its_code_or_says_so(
    make_clone: Callable[[], Clone], monkeypatch: pytest.MonkeyPatch
) -> None:
    from twin import places
    from twin.errors import TwinError

    folder = make_clone().places.clone
    monkeypatch.setattr(places, "CODE", folder)
    assert places.find(folder.parent).clone == folder
    monkeypatch.setattr(places, "CODE", folder.parent)
    with pytest.raises(TwinError, match="No Groundwork project here"):
        places.find(folder.parent)

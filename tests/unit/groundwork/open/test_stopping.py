"""A command that is told to end: by each signal, once, and not by one that its caller had ignored."""

import subprocess
import sys

import pytest

from tests.support.project import CLONE

# Says when it is told; then again, while it ends.
PROGRAM = """
import signal, sys
from groundwork.open.stopping import Stop, stoppable
number = signal.Signals[sys.argv[1]]
if sys.argv[2] == "ignored":
    signal.signal(number, signal.SIG_IGN)
with stoppable() as request:
    try:
        signal.raise_signal(number)
        print("went on")
    except Stop:
        signal.raise_signal(number)
        print("ends by", request.by.name)
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""


def said(name: str, before: str = "default") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, before], cwd=CLONE, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_each_signal_ends_it_once(name: str) -> None:
    assert said(name) == [f"ends by {name}", "True"]


def test_the_end_of_the_terminal_is_ignored_under_nohup() -> None:
    assert said("SIGHUP", "ignored") == ["went on", "True"]


def test_a_command_that_a_shell_put_into_the_background_can_be_interrupted_all_the_same() -> None:
    assert said("SIGINT", "ignored") == ["ends by SIGINT", "True"]

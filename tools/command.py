"""Runs a program and follows what it prints."""

import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.errors import ToolchainError

LINES_TO_SHOW = 15


def run(
    arguments: Sequence[object],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> list[str]:
    """The last lines that the program printed (stdout and stderr together, in order).

    Raises ToolchainError with those lines when the program cannot be started or ends with another code than 0.
    """
    shown = " ".join(str(argument) for argument in arguments[:4])
    last: deque[str] = deque(maxlen=LINES_TO_SHOW)
    try:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise ToolchainError(f"Cannot run {arguments[0]}: {error.strerror}") from error
    with process:
        assert process.stdout is not None  # noqa: S101 - asked for above; narrows the type
        try:
            for line in process.stdout:
                last.append(line.rstrip())
                if on_line:
                    on_line(line.rstrip())
        except BaseException:  # Ctrl-C above all: no build goes on behind the user's back
            process.terminate()
            raise
    if process.returncode:
        said = "\n  ".join(last)
        raise ToolchainError(f"`{shown} …` failed with exit code {process.returncode}:\n  {said}")
    return list(last)

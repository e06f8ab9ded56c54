"""The phases of a build: one shell for each, in the folder and with the variables that the one before left.

Source: AWS CodeBuild user guide, "Build phase transitions"; "Build specification reference", version 0.2 (all commands
run in one instance of the shell); "Environment variables in build environments".
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from twin.codebuild.specification import PHASES, Specification

SUCCEEDED, FAILED, TIMED_OUT = "SUCCEEDED", "FAILED", "TIMED_OUT"
_GRACE_SECONDS = 5


@dataclass(frozen=True)
class Phase:
    """One phase that was run."""

    name: str
    status: str
    exit_code: int | None
    """Of the command that failed, or 0; none where the time was over."""


@dataclass(frozen=True)
class Work:
    """Where a build runs and with what."""

    folder: Path
    """For it alone."""
    variables: Mapping[str, str]
    """All that its processes have in their environment."""
    seconds: float
    """How long the whole of it may take."""
    emit: Callable[[str], None]
    """Takes each line that it writes."""


def run(specification: Specification, work: Work) -> list[Phase]:
    """Run the phases: none after one that failed, but for post_build, which follows build whatever became of it."""
    deadline = time.monotonic() + work.seconds
    done: list[Phase] = []
    for name in PHASES:
        broken = [phase.name for phase in done if phase.status != SUCCEEDED]
        timed_out = any(phase.status == TIMED_OUT for phase in done)
        if timed_out or (broken and (name != "post_build" or broken != ["build"])):
            continue
        commands = specification.commands.get(name, ())
        if not commands:
            continue
        work.emit(f"Entering phase {name.upper()}")
        phase = _phase(name, specification.shell, commands, work, deadline, succeeding=not broken)
        work.emit(f"Phase complete: {name.upper()} State: {phase.status}")
        done.append(phase)
    return done


def _phase(name: str, shell: str, commands: Sequence[str], work: Work, deadline: float, *, succeeding: bool) -> Phase:
    script = work.folder / f"{name}.sh"
    script.write_text(_script(commands, work.folder))
    variables = {**work.variables, "CODEBUILD_BUILD_SUCCEEDING": "1" if succeeding else "0"}
    process = subprocess.Popen(
        [shell, str(script)],
        cwd=work.folder / "src",
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    over = _Alarm(process, deadline - time.monotonic())
    try:
        with over:
            for line in process.stdout or ():
                work.emit(line.rstrip("\n"))
            exit_code = process.wait()
    except BaseException:
        _end(process)
        raise
    if over.rang:
        work.emit("The build's time is over; it was stopped.")
        return Phase(name, TIMED_OUT, None)
    return Phase(name, SUCCEEDED if exit_code == 0 else FAILED, exit_code)


def _script(commands: Sequence[str], folder: Path) -> str:
    """Each command decides by its exit code whether the next one is run. What was exported stays for later phases."""
    state, place = folder / "exported", folder / "directory"
    lines = [f'if [ -f "{state}" ]; then . "{state}"; cd "$(cat "{place}")" || exit 1; fi']
    for command in commands:
        # In a group of its own: a here-document or a comment at its end takes nothing of ours along.
        lines += ["{", command, '}; status=$?; if [ "$status" -ne 0 ]; then exit "$status"; fi']
    keep = f"export -p | grep -v CODEBUILD_BUILD_SUCCEEDING > '{state}'; pwd > '{place}'"
    return "\n".join([*lines, keep]) + "\n"


class _Alarm:
    """Ends a process when its time is over."""

    def __init__(self, process: "subprocess.Popen[str]", seconds: float) -> None:
        self.rang = False
        self._process = process
        self._timer = threading.Timer(max(seconds, 0), self._ring)

    def __enter__(self) -> None:
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        _end(self._process)


def _end(process: "subprocess.Popen[str]") -> None:
    """End a process of ours and what it started, gently first; by the group that it leads."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=_GRACE_SECONDS)
        for survivor in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                survivor.kill()

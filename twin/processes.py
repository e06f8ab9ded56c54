"""Start and stop the twin's processes. Only a process that we started is ever signalled."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from twin.errors import TwinError
from twin.state import ProcessId

SAME_START_SECONDS = 2.0
"""The clock may be set between the two readings that a start time is made of. No pid comes again so soon."""
STOP_SECONDS = 30.0
"""For the AWS API to write its state and shut its databases down."""
LOG_LINES_SHOWN = 15


def start(arguments: Sequence[str], log: Path, folder: Path, variables: Mapping[str, str]) -> ProcessId:
    """Start a process in a session of its own, so that it outlives the terminal; its output is added to `log`.

    `variables` is its whole environment. Raises TwinError when the program cannot be run.
    """
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log.touch(mode=0o600)
    try:
        with log.open("ab") as output:
            child = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(variables),
                start_new_session=True,
            )
    except OSError as error:
        raise TwinError(f"{arguments[0]} cannot be started: {error}.") from error
    return ProcessId.of(psutil.Process(child.pid))


def find(known: ProcessId | None) -> psutil.Process | None:
    """The running process that `known` stands for; None when it ended, also when its pid is another's by now."""
    if known is None:
        return None
    try:
        process = psutil.Process(known.pid)
        same = abs(ProcessId.of(process).started - known.started) < SAME_START_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def wait_until(
    healthy: Callable[[], str | None], process: ProcessId, service: str, log: Path, timeout_seconds: float
) -> None:
    """Return as soon as `healthy` finds nothing wrong.

    Raises TwinError with what was wrong last and the end of the log, when the process ends or the time is over.
    """
    end = time.monotonic() + timeout_seconds
    while (wrong := healthy()) is not None:
        if find(process) is None:
            raise TwinError(f"{service} ended while it started. {_last_lines(log)}")
        if time.monotonic() > end:
            raise TwinError(f"{service} is not ready after {timeout_seconds:.0f} s: {wrong}. {_last_lines(log)}")
        time.sleep(0.03)


def stop(known: ProcessId | None, request: signal.Signals = signal.SIGTERM) -> None:
    """End the process with `request` and, when it has not gone after STOP_SECONDS, with SIGKILL, children too.

    Does nothing when it has ended, or when its pid belongs to another process by now.
    """
    process = find(known)
    if process is None:
        return
    try:
        family = [process, *process.children(recursive=True)]
        process.send_signal(request)
    except psutil.NoSuchProcess:
        return
    # psutil looks at pid and start time before each signal, so that a child's pid that was given again is safe too.
    _, left = psutil.wait_procs([process], timeout=STOP_SECONDS)
    _, left = psutil.wait_procs(family, timeout=0 if left else 2)
    for survivor in left:
        try:
            survivor.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=5)


def follow(log: Path, wanted: Callable[[], bool]) -> Iterator[str]:
    """The lines of `log`, and those that are added as long as `wanted()`; one that is being written is waited for."""
    line = ""
    with log.open(errors="replace") as file:
        while True:
            line += file.readline()
            if line.endswith("\n"):
                yield line.rstrip("\n")
                line = ""
            elif wanted():
                time.sleep(0.2)
            else:
                break
    if line:
        yield line


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in lines)])

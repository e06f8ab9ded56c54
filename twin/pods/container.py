"""One container as a process: started, probed, started again, stopped as kubelet does it; its output in a file.

Source: Kubernetes documentation, "Pod Lifecycle": restart policies, probes, termination.
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
from typing import Any

import psutil

from twin.pods import probes
from twin.pods.errors import PodError
from twin.pods.probes import Probe, Target
from twin.state import ProcessId

FIRST_BACK_OFF_SECONDS = 1.0
LONGEST_BACK_OFF_SECONDS = 10.0
"""Kubernetes waits from 10 s to 5 min: nobody but one person waits for this one."""
RESET_AFTER_SECONDS = 600.0
"""How long a container has to run for its back-off to be forgotten."""
_LOOK_SECONDS = 0.1
_GONE_SECONDS, _GROUP_LOOK_SECONDS = 5.0, 0.01
"""How long those of a group that were killed may take to end, and how often that is looked at."""
_LINES_SHOWN = 15
Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """How the process of a container is started."""

    name: str
    """Of the container."""
    arguments: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    """The working directory."""
    log: Path
    manifest: Manifest
    target: Target
    """For its probes."""


class Container:
    """A container, looked after by a thread of its own until it has ended for good or is stopped."""

    def __init__(
        self,
        command: Command,
        restart_policy: str,
        started: Callable[[str, ProcessId], None],
        is_wanted: Callable[[], bool],
    ) -> None:
        """`restart_policy`: Always, OnFailure or Never; `started` is told of every process, `is_wanted` asked before.

        Nothing is started again once it is not wanted.
        """
        self.name = command.name
        self.exit_code: int | None = None
        """Of the last process; None while the first one runs."""
        self.exits = 0
        """How many processes have ended."""
        self.over = threading.Event()
        """It has ended and is not started again."""
        self.problem: str | None = "it has not been started"
        """What keeps it from being ready."""
        self.log = command.log
        self._command, self._restart_policy = command, restart_policy
        self._started, self._is_wanted = started, is_wanted
        self._process: subprocess.Popen[bytes] | None = None
        self._has_started = False
        self._stopping = threading.Event()
        self._grace_seconds = 30.0
        self._thread = threading.Thread(target=self._live, name=f"container {self.name}", daemon=True)

    @property
    def is_ready(self) -> bool:
        """Its readiness probe is good, or it runs and has none."""
        return self.problem is None

    @property
    def has_started(self) -> bool:
        """It runs, and its startup probe has been good: what comes after a sidecar may begin."""
        return self._has_started

    def start(self) -> None:
        """Start it. Raises PodError when its program cannot be run."""
        self._spawn()
        self._thread.start()

    def stop(self, grace_seconds: float) -> None:
        """Ask it to end, without waiting: `over` says when it has. After `grace_seconds` it is killed."""
        self._grace_seconds = grace_seconds
        self._stopping.set()

    def end_of_log(self) -> str:
        """The last lines that it has printed, for an error."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LINES_SHOWN:]
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])

    def _spawn(self) -> None:
        command = self._command
        handle = os.open(command.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                command.arguments, stdin=subprocess.DEVNULL, stdout=handle, stderr=subprocess.STDOUT,
                cwd=command.folder, env=dict(command.variables), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise PodError(f"Container {self.name}: {command.arguments[0]}: {error.strerror}.") from error
        finally:
            os.close(handle)
        self.problem = "it is starting"
        with contextlib.suppress(psutil.NoSuchProcess):
            self._started(self.name, ProcessId.of(psutil.Process(self._process.pid)))

    def _live(self) -> None:
        back_off, begun = 0.0, time.monotonic()
        while True:
            self._watch()
            if self._stopping.is_set():
                break
            if self._restart_policy == "Never" or (self._restart_policy == "OnFailure" and self.exit_code == 0):
                break
            if time.monotonic() - begun > RESET_AFTER_SECONDS:
                back_off = 0.0
            if self._stopping.wait(back_off) or not self._is_wanted():
                break
            back_off = min(max(back_off * 2, FIRST_BACK_OFF_SECONDS), LONGEST_BACK_OFF_SECONDS)
            begun = time.monotonic()
            try:
                self._spawn()
            except PodError as error:
                self.problem = str(error)
                break
        self.over.set()

    def _watch(self) -> None:
        """Until the process has ended: probe it, kill it when its liveness probe fails, end it when it is stopped."""
        process = self._process
        assert process is not None  # noqa: S101 - started before the thread
        startup, liveness, readiness = (
            self._probe(name, good) for name, good in (("startup", False), ("liveness", True), ("readiness", False))
        )
        while (code := process.poll()) is None and not self._stopping.is_set():
            if startup is not None and not startup.good:
                startup.step()
                self.problem = startup.said or "its startup probe has no result"
                # Its first failures are counted from the threshold on; until a success nothing else is probed.
                if startup.failed:
                    self._terminate()
                elif startup.good:
                    self._has_started = True
            else:
                self._has_started = True
                for probe in (liveness, readiness):
                    if probe is not None:
                        probe.step()
                if liveness is not None and not liveness.good:
                    self._terminate()
                waits = readiness is not None and not readiness.good
                self.problem = (readiness.said or "its readiness probe has no result") if readiness and waits else None
            self._stopping.wait(_LOOK_SECONDS)
        if code is None:
            self._before_stop()
            self._terminate()
            code = process.wait()
        _kill_group(process.pid)
        self.exit_code = code if code >= 0 else 128 - code  # as a shell and kubelet say it
        self.exits += 1
        self._has_started = False
        self.problem = f"it has ended with exit code {self.exit_code}"
        _wait_for_group(process.pid)

    def _probe(self, name: str, good_at_first: bool) -> Probe | None:
        spec = self._command.manifest.get(f"{name}Probe")
        return Probe(spec, self._command.target, good_at_first) if spec else None

    def _before_stop(self) -> None:
        hook = (self._command.manifest.get("lifecycle") or {}).get("preStop")
        if hook:
            begun = time.monotonic()
            probes.problem(hook, self._command.target, self._grace_seconds)
            self._grace_seconds = max(2.0, self._grace_seconds - (time.monotonic() - begun))

    def _terminate(self) -> None:
        """SIGTERM to the process alone, as a container's first one gets it; SIGKILL to all when the time is over."""
        process = self._process
        assert process is not None  # noqa: S101 - it runs
        process.terminate()
        try:
            process.wait(self._grace_seconds)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            process.wait()


def _kill_group(pid: int) -> None:
    """End what a container's process has left behind: with a container its process namespace ends."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _wait_for_group(pid: int) -> None:
    """Until nobody of it is left: on a busy machine what was killed is there for a moment longer."""
    end = time.monotonic() + _GONE_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < end:
            os.killpg(pid, 0)
            time.sleep(_GROUP_LOOK_SECONDS)

"""The processes of one cluster: a real API server on a real etcd, and what works for it.

Owns nothing of EKS: names, states and versions are the fleet's. Each program is found again by its command line, which
names the cluster's folder, so that what a `kill -9` of the AWS API has left behind is known without a record of it.

Errors: ControlPlaneError with what was tried and the last lines that the program wrote.
"""

import contextlib
import http.client
import logging
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from twin.kubernetes.cluster_files import AwsEndpoint, ClusterFiles
from twin.kubernetes.cluster_record import ClusterRecord
from twin.kubernetes.programs import API, PROGRAMS, Installed, program_of

START_SECONDS = 120.0
STOP_SECONDS = 3.0
"""For etcd to close its files; the others keep nothing that could be lost."""
RESTART_SECONDS = 1.0
"""A program that has ended is started again this long after its last start, at the earliest."""
_log = logging.getLogger("twin.kubernetes")


class ControlPlaneError(Exception):
    """A control plane that could not be started."""


class ControlPlane:
    """The programs of one cluster, in its folder."""

    def __init__(
        self,
        folder: Path,
        installed: Installed,
        aws: AwsEndpoint,
        variables: Mapping[str, str],
        programs: Sequence[str] = tuple(PROGRAMS),
    ) -> None:
        """`variables`: the environment of the controllers, which call AWS. `programs`: those that it has."""
        self.files, self._programs = ClusterFiles(folder), programs
        self._installed, self._aws, self._variables = installed, aws, variables
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        self._given_up = threading.Event()

    def start(self, record: ClusterRecord) -> ClusterRecord:
        """Start every program and return the record, with the ports that it now has.

        What was left behind is ended first. When it returns, the API server answers, if the cluster has one.
        """
        self._given_up.clear()
        self.stop()
        if not self._programs:
            return record
        record = record.with_free_ports()
        record.save(self.files.folder)
        self.files.write(record, self._aws)
        for program in API:
            self._launch(program, record)
        self._wait_until_ready(record)
        for program in self._programs:
            if program not in API:
                self._launch(program, record)
        return record

    def heal(self, record: ClusterRecord) -> None:
        """Start again each program that has ended."""
        for program, child in list(self._children.items()):
            if child.poll() is not None and time.monotonic() > self._started[program] + RESTART_SECONDS:
                _log.warning("%s of %s has ended (%s); it is started again", program, record.name, child.returncode)
                self._launch(program, record)

    def give_up(self) -> None:
        """Let a `start` that is under way in another thread fail soon; `stop` may be called once it has."""
        self._given_up.set()

    def stop(self) -> None:
        """End every program of this cluster, also those that an earlier process of the AWS API has started."""
        self._end(signal.SIGTERM, signal.SIGKILL)

    def remove(self) -> None:
        """End every program and remove the folder with all data."""
        self._end(signal.SIGKILL)  # nothing is kept that could be lost
        shutil.rmtree(self.files.folder, ignore_errors=True)

    def _end(self, *requests: signal.Signals) -> None:
        end_processes([process for _, process in running(self.files.folder)], requests)
        for child in self._children.values():
            child.wait()
        self._children.clear()

    def _launch(self, program: str, record: ClusterRecord) -> None:
        arguments = PROGRAMS[program](self._installed, self.files, record)
        log = self.files.log(program)
        log.touch(mode=0o600)
        with log.open("ab") as output:
            self._children[program] = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.files.folder,
                env=self._environment(program),
                start_new_session=True,
            )
        self._started[program] = time.monotonic()

    def _environment(self, program: str) -> dict[str, str]:
        if program == "controllers":
            return dict(self._variables)
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.files.folder)}

    def _wait_until_ready(self, record: ClusterRecord) -> None:
        deadline = time.monotonic() + START_SECONDS
        while (wrong := ailment(self.files.folder, record)) is not None:
            for program in API:
                if self._children[program].poll() is not None:
                    raise ControlPlaneError(f"{program} ended while it started: {self._last_lines(program)}")
            if self._given_up.is_set():
                raise ControlPlaneError(f"{record.name} was given up while it started")
            if time.monotonic() > deadline:
                last = self._last_lines("kube-apiserver")
                raise ControlPlaneError(f"{record.name}: no API server after {START_SECONDS:.0f} s: {wrong}; {last}")
            time.sleep(0.05)

    def _last_lines(self, program: str) -> str:
        return self.files.log(program).read_text(errors="replace")[-800:].strip()


def ailment(folder: Path, record: ClusterRecord) -> str | None:
    """What keeps the API server from working; None when it is ready."""
    try:
        trusted = ssl.create_default_context(cafile=ClusterFiles(folder).authority)
        port = record.ports["kube-apiserver"]
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=trusted)) as asked:
            asked.request("GET", "/readyz")
            answer = asked.getresponse()
            said = answer.read().decode(errors="replace")
            return None if answer.status == http.HTTPStatus.OK else f"it answers with {answer.status}: {said[-300:]}"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error or type(error).__name__})"


def running(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The programs of the cluster in `folder` that run, whoever has started them."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if (program := program_of(process.cmdline(), folder)) is not None:
                yield program, process


def end_processes(
    processes: Sequence[psutil.Process], requests: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL)
) -> None:
    """End these, with the next signal when STOP_SECONDS after one of them some still run."""
    for request in requests:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(request)
        _, processes = psutil.wait_procs(processes, timeout=STOP_SECONDS)

"""The processes of a twin: how each is started, where it answers, and whether it is healthy."""

import http.client
import json
import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from tools.toolchain import Toolchain
from twin import still
from twin.kubernetes import control_plane
from twin.kubernetes.cluster_record import RECORD, ClusterRecord
from twin.places import CODE, Places
from twin.state import ProcessId, TwinState

ANSWER_SECONDS = 30.0
"""How long a healthy service takes at most to answer: on a busy machine that is not at once, and whoever took it for
ill would refuse to work with it, or start it again under everybody's hands."""
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER")
"""What a service gets of this process's environment: nothing by which AWS, Pulumi or ministack could be configured."""


class Service(Protocol):
    """One process of the twin, known by its name in `.twin/twin.json`, its log file and the command line."""

    name: str

    def arguments(self, places: Places, tools: Toolchain) -> Sequence[str]:
        """The command that starts it. No secret is among them: every user of a machine may read them."""

    def address(self, state: TwinState) -> str:
        """Where it answers, for people."""

    def ailment(self, places: Places, state: TwinState) -> str | None:
        """What keeps it from working; None when it is healthy."""


class AwsApi:
    """The emulator with what is corrected in front of it: twin/aws/server.py."""

    name = "aws"

    def arguments(self, places: Places, tools: Toolchain) -> Sequence[str]:
        """See Service."""
        module = (str(tools.python), "-P", "-m", "twin.aws.server")
        binaries = ("--postgres-bin", str(tools.postgres_bin), "--kubernetes-bin", str(tools.kubernetes_bin))
        return (*module, "--root", str(places.root), *binaries)

    def address(self, state: TwinState) -> str:
        """See Service."""
        return f"{state.endpoint}, http://127.0.0.1:{state.http_port}"

    def ailment(self, places: Places, state: TwinState) -> str | None:
        """See Service. That the certificate is of our authority shows that it is our server that answers."""
        try:
            trusted = ssl.create_default_context(cafile=places.certificates / "ca.pem")
            secure = http.client.HTTPSConnection("127.0.0.1", state.https_port, timeout=ANSWER_SECONDS, context=trusted)
            plain = http.client.HTTPConnection("127.0.0.1", state.http_port, timeout=ANSWER_SECONDS)
            for connection in (secure, plain):
                with closing(connection):
                    connection.request("GET", "/_ministack/health")
                    if (status := connection.getresponse().status) != http.HTTPStatus.OK:
                        return f"port {connection.port} answers with status {status}"
        except (OSError, http.client.HTTPException) as error:
            return f"no answer at {state.endpoint} ({error or type(error).__name__})"
        return None


SERVICES: Sequence[Service] = (AwsApi(),)
"""In the order of their start."""


def variables() -> dict[str, str]:
    """The environment of a service."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed_on, "PYTHONPATH": str(CODE), "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Database:
    """A PostgreSQL of the twin that runs. The AWS API starts it; it may outlive a crash of that."""

    name: str
    """The DB instance."""
    process: ProcessId
    port: int
    """The endpoint's, where its front listens."""


def databases(places: Places) -> Iterator[Database]:
    """Every PostgreSQL that runs on a data directory of this twin, by the `postmaster.pid` that PostgreSQL writes."""
    for file in (*places.databases.glob("*/postmaster.pid"), *places.databases.glob("*/*/postmaster.pid")):
        found = _postmaster(file)
        if found is not None:
            name = file.relative_to(places.databases).parts[0]
            process, own_port = found
            yield Database(name, process, _endpoint_port(places.databases / name) or own_port)


@dataclass(frozen=True)
class ClusterProgram:
    """A program of a cluster's control plane. The AWS API starts it, and again when it has ended."""

    cluster: str
    """The cluster's folder."""
    name: str
    process: psutil.Process | None
    """None: it does not run."""
    address: str
    """Where it answers; empty for those that only call."""
    ailment: str | None
    """What keeps it from working."""


def cluster_programs(places: Places) -> Iterator[ClusterProgram]:
    """Every program that each cluster of this twin should have, and the ones that run without."""
    for folder in sorted(path for path in places.clusters.glob("*") if path.is_dir()):
        found = dict(control_plane.running(folder))
        record = ClusterRecord.load(folder) if (folder / RECORD).exists() else None
        for name in still.programs(places.root, record) if record else found:
            port = record.ports.get(name) if record else None
            ailment = None if name in found else "it has ended, or is about to start"
            if record and name in found and name == "kube-apiserver":
                ailment = control_plane.ailment(folder, record)
            yield ClusterProgram(folder.name, name, found.get(name), f"127.0.0.1:{port}" if port else "", ailment)


def _endpoint_port(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / "instance.json").read_text())["port"])
    except (OSError, ValueError, LookupError):  # about to be made or removed
        return None


def _postmaster(file: Path) -> tuple[ProcessId, int] | None:
    try:
        # Line 1: the pid; line 4: the port (PostgreSQL, src/include/utils/pidfile.h).
        pid, _, _, port = file.read_text().splitlines()[:4]
        process = psutil.Process(int(pid))
        # After a crash and a reboot the pid may be another's. A postmaster works in its data directory.
        if Path(process.cwd()) != file.parent.resolve():
            return None
        return ProcessId.of(process), int(port)
    except (OSError, ValueError, psutil.Error):  # just ended, or just about to write the file
        return None

"""Start, stop and look at a clone's twin. Every command may be repeated, and may come after a crash or a reboot."""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from tools.toolchain import Toolchain
from twin import loopback_ports, processes, project, state
from twin.errors import TwinError
from twin.kubernetes.control_plane import end_processes
from twin.places import OVERRIDE, Places
from twin.pods import records
from twin.services import SERVICES, ClusterProgram, Service, cluster_programs, databases, variables
from twin.state import TwinState

Say = Callable[[str], None]
"""Gets a line for the person, when there is something to know."""

START_SECONDS = 120
CLUSTER_SECONDS = 150
LOCK_SECONDS = 240


@dataclass(frozen=True)
class ServiceStatus:
    """How one service is."""

    name: str
    state: Literal["running", "unhealthy", "stopped"]
    pid: int | None
    address: str
    health: str
    """What is wrong; empty when nothing is."""


def start(places: Places, tools: Toolchain, say: Say) -> TwinState:
    """Make the twin run and return it; what already runs in health is left alone.

    Raises TwinError when the folder is not a twin's or a service does not come up, with the end of its log.
    """
    with _locked(places, say):
        return _start(places, tools, say)


def restart(places: Places, tools: Toolchain, service: str, say: Say) -> TwinState:
    """End one service and start it again. It keeps what it knows. Raises TwinError for an unknown name."""
    _named(service)
    with _locked(places, say):
        held = required(places)
        processes.stop(held.processes.get(service))
        state.save(places.state_file, held.with_process(service, None))
        return _start(places, tools, say)


def stop(places: Places, say: Say, keep_state: bool = False) -> bool:
    """End every process of the twin and remove its folder; with `keep_state` only end the processes.

    Returns whether there was a twin.
    """
    if not places.root.exists():
        return False
    with _locked(places, say):
        held = state.load(places.state_file)
        _refuse_foreign_folder(places)
        records.end_all(places.pods)
        for service in reversed(SERVICES):
            processes.stop(held.processes.get(service.name) if held else None)
        _stop_clusters(places)
        _stop_databases(places)
        if not keep_state:
            shutil.rmtree(places.root)
        elif held:
            state.save(places.state_file, replace(held, processes={}))
        return held is not None


def running(places: Places) -> TwinState | None:
    """The twin when all of its services run in health, else None."""
    held = state.load(places.state_file)
    return held if held and all(one.state == "running" for one in _status(places, held)) else None


def status(places: Places) -> Sequence[ServiceStatus]:
    """How each service, database, program of a cluster and pod that runs here is; nothing when there is no twin."""
    held = state.load(places.state_file)
    if held is None:
        return ()
    found = [
        ServiceStatus(f"postgres/{database.name}", "running", database.process.pid, f"127.0.0.1:{database.port}", "")
        for database in databases(places)
    ]
    pods = [
        ServiceStatus(f"pods/{pod.namespace}/{pod.name}", "running", pod.runner.pid, pod.address, "")
        for pod in records.running(places.pods)
    ]
    return (*_status(places, held), *found, *map(_of_cluster, cluster_programs(places)), *pods)


def _of_cluster(program: ClusterProgram) -> ServiceStatus:
    name = f"kubernetes/{program.cluster}/{program.name}"
    if program.process is None:
        return ServiceStatus(name, "stopped", None, program.address, program.ailment or "")
    health: Literal["running", "unhealthy"] = "unhealthy" if program.ailment else "running"
    return ServiceStatus(name, health, program.process.pid, program.address, program.ailment or "")


def logs(places: Places, service: str, follow: bool) -> Iterator[str]:
    """The lines of a service's log; with `follow` also those that come, until the twin is stopped."""
    known = {path.stem: path for path in places.logs.glob("*.log")}
    known |= {f"postgres/{path.parent.name}": path for path in places.databases.glob("*/server.log")}
    for path in (*places.clusters.glob("*/logs/*.log"), *places.clusters.glob("*/audit/audit.log")):
        known[f"kubernetes/{path.parents[1].name}/{path.stem}"] = path
    if (log := known.get(service)) is None:
        names = ", ".join(sorted(known)) or "none; it does not run"
        raise TwinError(f"There is no log of {service!r}: the twin has {names}.")
    return processes.follow(log, lambda: follow and log.exists())


def _start(places: Places, tools: Toolchain, say: Say) -> TwinState:
    _refuse_foreign_folder(places)
    held = state.load(places.state_file)
    if held is None:
        held = TwinState.new(*loopback_ports.free(2))
        state.save(places.state_file, held)  # first of all: it marks the folder as a twin's
    project.prepare(places, tools)
    sick = [service for service in SERVICES if not _healthy(service, places, held)]
    for service in sick:
        if (process := processes.find(held.processes.get(service.name))) is not None:
            say(f"{service.name} (pid {process.pid}) runs but does not answer; it is started anew.")
            processes.stop(held.processes[service.name])
        elif service.name in held.processes:
            say(f"{service.name} has ended unexpectedly (a crash or a reboot); it is started anew with what it knew.")
    if sick:
        # A database that outlived its server would keep the new server from its data.
        _stop_databases(places)
        held = _with_free_ports(held, say)
        state.save(places.state_file, held)
    for service in sick:
        held = _launch(service, places, tools, held)
    _wait_for_clusters(places, say)
    return held


def _wait_for_clusters(places: Places, say: Say) -> None:
    """The AWS API starts them. One that does not come up is told, and keeps nobody from the rest of the twin."""
    end = time.monotonic() + CLUSTER_SECONDS
    while waiting := [program for program in cluster_programs(places) if program.ailment]:
        if time.monotonic() > end:
            names = ", ".join(f"kubernetes/{program.cluster}/{program.name}" for program in waiting)
            say(f"Not ready after {CLUSTER_SECONDS} s: {names}. `groundwork twin logs` shows what each of them says.")
            return
        time.sleep(0.2)


def _launch(service: Service, places: Places, tools: Toolchain, held: TwinState) -> TwinState:
    log = places.logs / f"{service.name}.log"
    process = processes.start(service.arguments(places, tools), log, places.clone, variables())
    held = held.with_process(service.name, process)
    state.save(places.state_file, held)  # before it is ready: an interrupted start leaves no process unknown
    try:
        processes.wait_until(lambda: service.ailment(places, held), process, service.name, log, START_SECONDS)
    except TwinError:
        processes.stop(process)
        state.save(places.state_file, held.with_process(service.name, None))
        raise
    return held


def _healthy(service: Service, places: Places, held: TwinState) -> bool:
    return processes.find(held.processes.get(service.name)) is not None and service.ailment(places, held) is None


def _status(places: Places, held: TwinState) -> Iterator[ServiceStatus]:
    for service in SERVICES:
        process = processes.find(held.processes.get(service.name))
        address = service.address(held)
        if process is None:
            ended = "it has ended unexpectedly" if service.name in held.processes else ""
            yield ServiceStatus(service.name, "stopped", None, address, ended)
        else:
            ailment = service.ailment(places, held)
            health: Literal["running", "unhealthy"] = "unhealthy" if ailment else "running"
            yield ServiceStatus(service.name, health, process.pid, address, ailment or "")


def _stop_databases(places: Places) -> None:
    for database in databases(places):
        # PostgreSQL's "fast" shutdown: SIGTERM would wait for its clients to leave.
        processes.stop(database.process, request=signal.SIGINT)


def _stop_clusters(places: Places) -> None:
    end_processes([program.process for program in cluster_programs(places) if program.process])


def _with_free_ports(held: TwinState, say: Say) -> TwinState:
    taken = [port for port in (held.https_port, held.http_port) if not loopback_ports.is_free(port)]
    if not taken:
        return held
    https_port, http_port = loopback_ports.free(2)
    say(
        f"Another program has taken port {' and '.join(map(str, taken))}; the endpoint is now "
        f'https://127.0.0.1:{https_port}. Open shells need it too: eval "$(groundwork twin env)"'
    )
    return replace(held, https_port=https_port, http_port=http_port)


def _named(service: str) -> None:
    if service not in (names := [one.name for one in SERVICES]):
        raise TwinError(f"There is no service {service!r}; there is {', '.join(names)}.")


def required(places: Places) -> TwinState:
    """The twin that was started. Raises TwinError when there is none."""
    held = state.load(places.state_file)
    if held is None:
        raise TwinError("The twin does not run. Start it with: groundwork twin start")
    return held


def _refuse_foreign_folder(places: Places) -> None:
    """`stop` removes the folder: a mistaken GROUNDWORK_TWIN must not cost anybody their files."""
    if places.state_file.exists() or {path.name for path in places.root.iterdir()} <= {places.lock_file.name}:
        return
    raise TwinError(f"{places.root} has files and is no twin's folder (no {places.state_file.name}): choose another.")


@contextmanager
def _locked(places: Places, say: Say) -> Iterator[None]:
    """Hold the twin's lock, so that one command at a time starts or stops it; waits for the other one."""
    end, told = time.monotonic() + LOCK_SECONDS, False
    while True:
        try:
            places.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(places.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # a stop has removed the folder just now
            continue
        except OSError as error:
            raise TwinError(
                f"The twin cannot be kept in {places.root}: {error.strerror}. The folder must be yours to write; "
                f"{OVERRIDE} chooses another."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # What was locked may be the file of a folder that a stop has removed meanwhile.
            if places.lock_file.exists() and os.path.samestat(os.fstat(handle), places.lock_file.stat()):
                yield
                return
        except BlockingIOError:
            if not told:
                say("Another command starts or stops this twin; waiting for it.")
            told = True
            if time.monotonic() > end:
                raise TwinError(f"Another command has held {places.lock_file} for {LOCK_SECONDS} s.") from None
            time.sleep(0.1)
        finally:
            os.close(handle)

"""What a twin remembers between two commands: ports, secrets, processes. One file, `.twin/twin.json`, mode 0600."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from twin.errors import TwinError


@dataclass(frozen=True)
class ProcessId:
    """One process for good: the operating system gives a pid again, but not with the same start time."""

    pid: int
    started: float
    """Seconds after the machine's start. Not since the epoch: psutil reckons that from a boot time which moves whenever
    the clock is set, as after a laptop's sleep, and a process that runs would be taken for one that has ended."""

    @classmethod
    def of(cls, process: psutil.Process) -> "ProcessId":
        """The process that a `psutil.Process` was made of just now. Raises psutil.NoSuchProcess."""
        return cls(process.pid, process.create_time() - psutil.boot_time())


@dataclass(frozen=True)
class TwinState:
    """A twin that was started and not yet stopped. Its processes may have died since: twin/lifecycle.py looks."""

    https_port: int
    """The endpoint."""
    http_port: int
    """The same API without TLS."""
    root_secret: str = field(repr=False)
    """Secret access key of every account's root user."""
    passphrase: str = field(repr=False)
    """Encrypts the secrets in the state of the stacks."""
    created: str
    """ISO 8601, UTC."""
    processes: Mapping[str, ProcessId] = field(default_factory=dict)
    """By service name: what was started last."""

    @property
    def endpoint(self) -> str:
        """The URL that AWS clients use."""
        return f"https://127.0.0.1:{self.https_port}"

    @classmethod
    def new(cls, https_port: int, http_port: int) -> "TwinState":
        """A twin with secrets of its own and no process yet."""
        return cls(
            https_port=https_port,
            http_port=http_port,
            root_secret=secrets.token_urlsafe(30),
            passphrase=secrets.token_urlsafe(30),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def with_process(self, service: str, process: ProcessId | None) -> "TwinState":
        """The same twin after `service` was started as `process`, or ended (None)."""
        others = {name: known for name, known in self.processes.items() if name != service}
        return replace(self, processes=others if process is None else {**others, service: process})


def load(path: Path) -> TwinState | None:
    """The twin of this state file; None when there is none. Raises TwinError for a file that cannot be read."""
    try:
        held = json.loads(path.read_text())
        processes = {name: ProcessId(**process) for name, process in held.pop("processes").items()}
        return TwinState(**held, processes=processes)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise TwinError(f"{path.parent} cannot be a twin's folder: it is a file, or below one.") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TwinError(
            f"{path} cannot be read as the state of a twin ({error}). If its processes are gone, "
            f"remove the folder {path.parent} and start again."
        ) from error


def save(path: Path, state: TwinState) -> None:
    """Write the file whole or not at all, readable by its owner only. The folder is made with mode 0700."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    # mkstemp makes the file with mode 0600; the rename keeps it.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(state), file, indent=2)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink()
        raise

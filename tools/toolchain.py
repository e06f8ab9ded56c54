"""Where the installed toolchain of this clone is. `make install` writes it down, everyone else asks here."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.errors import ToolchainError as ToolchainError

CLONE = Path(__file__).resolve().parents[1]
RECORD_NAME = "toolchain.json"


@dataclass(frozen=True)
class Toolchain:
    """What Groundwork runs on."""

    engine_bin: Path
    """The folder of `pulumi` and, unless it came from PATH, of its language host; to be put on PATH."""
    pulumi: Path
    """The engine's command line."""
    engine_version: str
    """`3.255.0`."""
    python: Path
    """The interpreter of the clone's own `.venv`."""
    postgres_bin: Path
    """The folder of `initdb` and `postgres`. Not necessarily of `psql`."""
    postgres_version: str
    """`17.9`."""
    kubernetes_bin: Path
    """The folder of etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and kubectl, and of
    `kwok-stages/`: the files that tell kwok what becomes of nodes and pods, one a stage."""
    kubernetes_version: str
    """`1.36.3`."""


@dataclass(frozen=True)
class Record:
    """What an installation has led to, and from what: it is out of date when one of `inputs` is another."""

    inputs: dict[str, str]
    toolchain: Toolchain


def record_file(clone: Path = CLONE) -> Path:
    """Inside the thin environment, so that removing that folder is all it takes to start over."""
    return clone / ".venv" / RECORD_NAME


def write_record(record: Record, clone: Path = CLONE) -> None:
    """Write it down, whole or not at all."""
    target = record_file(clone)
    unfinished = target.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(record), indent=2, default=str) + "\n")
    unfinished.replace(target)


def read_record(clone: Path = CLONE) -> Record | None:
    """The last installation; None when there was none, or one whose programs are gone."""
    try:
        content: dict[str, Any] = json.loads(record_file(clone).read_text())
        found = content["toolchain"]
        toolchain = Toolchain(
            engine_bin=Path(found["engine_bin"]),
            pulumi=Path(found["pulumi"]),
            engine_version=found["engine_version"],
            python=Path(found["python"]),
            postgres_bin=Path(found["postgres_bin"]),
            postgres_version=found["postgres_version"],
            kubernetes_bin=Path(found["kubernetes_bin"]),
            kubernetes_version=found["kubernetes_version"],
        )
    except (OSError, ValueError, KeyError, TypeError):  # missing, cut short, or written by another version of this file
        return None
    programs = (
        toolchain.pulumi,
        toolchain.python,
        toolchain.postgres_bin / "postgres",
        toolchain.kubernetes_bin / "kube-apiserver",
    )
    return Record(content["inputs"], toolchain) if all(program.exists() for program in programs) else None


def locate() -> Toolchain:
    """The toolchain of this clone. Raises ToolchainError when it was not installed, or something of it is gone."""
    record = read_record()
    if record is None:
        raise ToolchainError(f"The toolchain of {CLONE} is not installed, or a part of it is gone. Run: make install")
    return record.toolchain

"""The check before the first build: everything that is missing is said at once, each with what to install."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools import postgres, python_environment
from tools.cache import cache_root
from tools.engine import download, modules, ways
from tools.errors import ToolchainError
from tools.go_modules import go_problem
from tools.kubernetes import download as kubernetes_download
from tools.kubernetes import ways as kubernetes
from tools.kubernetes.pieces import Piece


def check(lock_file: Path) -> None:
    """Raises ToolchainError with every problem that can be known now. Asks the network for at most some seconds."""
    problems = []
    needed_mib = 0
    if not python_environment.entry(lock_file).is_complete:
        needed_mib += python_environment.NEEDED_MIB
        problems.append(python_environment.missing_parts())
    if not postgres.can_be_had():
        problems.append(f"PostgreSQL is missing. Install {postgres.WHAT_TO_INSTALL}")
    needed_mib += postgres.NEEDED_MIB
    builds_engine = ways.needs_go()
    needed_mib += modules.NEEDED_MIB if builds_engine else download.NEEDED_MIB
    pieces = kubernetes.to_build()
    needed_mib += sum(piece.build_mib for piece in pieces) or kubernetes_download.NEEDED_MIB
    problems.append(_go_problem(builds_engine, pieces))
    problems.append(disk_problem(cache_root(), needed_mib))
    report(problems)


def _go_problem(builds_engine: bool, pieces: Sequence[Piece]) -> str | None:
    """What is wrong with Go, and for what it is needed; None when nothing has to be built, or it can be."""
    needed = {piece.title: piece.go.needed_go for piece in pieces}
    if builds_engine:
        needed = {"Pulumi engine": modules.MODULE.needed_go, **needed}
    if not needed or not (problem := go_problem(max(needed.values()))):
        return None
    return f"To be built here, because no official download can be reached: {', '.join(needed)}. {problem}"


def disk_problem(folder: Path, needed_mib: int) -> str | None:
    """Too little free space where `folder` is, or will be; None when it is enough."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free_mib = shutil.disk_usage(existing).free >> 20
    if free_mib >= needed_mib:
        return None
    return (
        f"{existing} has {free_mib} MiB free, {needed_mib} MiB are needed. "
        "Make room, or set XDG_CACHE_HOME to a folder on a larger disk"
    )


def report(problems: Iterable[str | None]) -> None:
    """Raise ToolchainError with all problems, one a line; return when there are none."""
    found = [problem for problem in problems if problem]
    if found:
        raise ToolchainError("\n  - ".join(["The toolchain cannot be installed yet:", *found]))

"""The check before the first build: everything that is missing is said at once, each with what to install."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tools import postgres, python_environment
from tools.cache import cache_root
from tools.engine import download, modules, ways
from tools.errors import ToolchainError


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
    needs_go = ways.needs_go()
    if needs_go and (problem := modules.go_problem()):
        problems.append(f"The Pulumi engine must be built here (none on PATH, no official download). {problem}")
    needed_mib += modules.NEEDED_MIB if needs_go else download.NEEDED_MIB
    problems.append(disk_problem(cache_root(), needed_mib))
    report(problems)


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

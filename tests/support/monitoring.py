"""Prometheus' and Alertmanager's own command lines, had as a developer has them: no test is skipped without."""

import subprocess
from functools import cache
from pathlib import Path

from tools.monitoring.programs import ALERTMANAGER, PROMETHEUS, Piece, ensure
from tools.progress import Progress


@cache
def programs(piece: Piece) -> Path:
    """Return the folder of the programs of a piece."""
    return ensure(piece, Progress()) / "bin"


def promtool(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run promtool; what it says is in `stdout`, errors included."""
    return _run(programs(PROMETHEUS) / "promtool", *arguments)


def amtool(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run amtool likewise."""
    return _run(programs(ALERTMANAGER) / "amtool", *arguments)


def _run(program: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

"""What a command is pointed at: a file that the engine wrote, standard input, or an environment on the twin."""

import json
import sys
from pathlib import Path
from typing import Final

from groundwork.console import console
from groundwork.errors import GroundworkError
from groundwork.policy import sources
from groundwork.policy.sources import Source
from groundwork.target import on_twin
from twin import places

STANDARD_INPUT: Final = "-"


def environments() -> list[str]:
    """Return the environments that have a settings file."""
    return [file.name.split(".")[1] for file in sorted(places.find().clone.glob("Pulumi.*.yaml"))]


def is_environment(what: str) -> bool:
    """Whether an environment is meant, rather than a file. Raises GroundworkError when it is neither."""
    if what == STANDARD_INPUT or Path(what).is_file():
        return False
    known = environments()
    if what not in known:
        raise GroundworkError(f"{what}: is no file that can be read, and no environment ({', '.join(known)})")
    return True


def written(what: str, state: Path | None = None) -> Source:
    """Read a file, or standard input. `state`: the export that a saved plan needs. Raises GroundworkError."""
    old = _text(state) if state else None
    if what == STANDARD_INPUT:
        return sources.read(sys.stdin.read(), "standard input", old)
    path = Path(what)
    return sources.read(_text(path), path.name, old)


def running(environment: str) -> Source:
    """Read the state of an environment on the twin. Raises GroundworkError when it has nothing there."""
    exported = on_twin(environment, console).stack.export_stack()
    if not (exported.deployment or {}).get("resources"):
        raise GroundworkError(f"{environment} has nothing on the twin. Build it first: groundwork up {environment}")
    document = {"version": exported.version, "deployment": exported.deployment}
    return sources.read(json.dumps(document), environment)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise GroundworkError(f"{path}: is no text") from None

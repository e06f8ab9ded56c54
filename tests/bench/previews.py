"""How long the report of a pull request takes, for both environments: the base built for it, and the base kept."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.repository import Repository, appended


@dataclass(frozen=True)
class Report:
    """One report, as a pipeline makes it."""

    what: str
    target_seconds: float
    seconds: float


def measure() -> list[Report]:
    """A change that changes nothing, twice: everything that is there is planned, judged, priced and compared."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository.make(Path(folder))
        repository.branch("change", {"README.md": appended("\nMore.\n")})
        return [
            _timed(repository, "preview of both environments, the base not kept", 120),
            _timed(repository, "preview of both environments, the base kept", 40),
        ]


def _timed(repository: Repository, what: str, target_seconds: float) -> Report:
    began = time.perf_counter()
    done = repository.groundwork("preview", "--base", "main", "--output", str(repository.root.parent / "report"))
    if done.returncode:
        raise RuntimeError(f"{what} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return Report(what, target_seconds, time.perf_counter() - began)

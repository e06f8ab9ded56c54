"""How each piece is had: the official download, or built from Go modules, the first that can be.

`GROUNDWORK_KUBERNETES=download|modules` leaves one way only, for a machine that needs a certain one and for tests.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.cache import MARKER, Entry, hard_link, key_of
from tools.kubernetes import download, modules
from tools.kubernetes.pieces import CONTROL_PLANE, PIECES, Piece
from tools.progress import Progress
from tools.ways import allowed, first_of

WAYS = ("download", "modules")
_ENTRIES = {"download": download.entry, "modules": modules.entry}
_ENSURE = {"download": download.ensure, "modules": modules.ensure}


@dataclass(frozen=True)
class Kubernetes:
    """What a cluster can be started from: the folder of the programs and `kwok-stages/`, the version."""

    bin: Path
    version: str


def ensure(progress: Progress) -> Kubernetes:
    """All pieces in one folder. Raises ToolchainError with the reason of every refusal."""
    folders = [_ensure_piece(piece, progress) for piece in PIECES]

    def assemble(target: Path) -> None:
        for folder in folders:
            for file in folder.rglob("*"):
                if file.is_file() and file.name != MARKER:
                    placed = target / "bin" / file.relative_to(folder)
                    placed.parent.mkdir(parents=True, exist_ok=True)
                    hard_link(file, placed)

    assembled = Entry("kubernetes", key_of(*(folder.name for folder in folders)))
    return Kubernetes(assembled.ensure(assemble, progress.say) / "bin", CONTROL_PLANE.version)


def key() -> str:
    """Changes with a pin of any piece."""
    return key_of(*(piece.go.key for piece in PIECES))


def to_build() -> list[Piece]:
    """The pieces for which Go modules are the only way left. Asks the network for at most some seconds."""
    ways = allowed_ways()
    return [
        piece
        for piece in PIECES
        if "modules" in ways
        and not _is_there(piece, ways)
        and not ("download" in ways and download.is_reachable(piece))
    ]


def allowed_ways() -> tuple[str, ...]:
    """Both ways, or the one that GROUNDWORK_KUBERNETES names. Raises ToolchainError when that is neither."""
    return allowed("GROUNDWORK_KUBERNETES", WAYS)


def _is_there(piece: Piece, ways: Iterable[str]) -> bool:
    return any(_ENTRIES[way](piece).is_complete for way in ways)


def _ensure_piece(piece: Piece, progress: Progress) -> Path:
    ways = allowed_ways()
    # No network when one is there.
    attempts = [partial(_ENSURE[way], piece, progress) for way in ways if _is_there(piece, [way])]
    attempts = attempts or [partial(_ENSURE[way], piece, progress) for way in ways]
    return first_of(f"{piece.title} {piece.version}", attempts, progress)

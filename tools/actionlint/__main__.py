"""`python -m tools.actionlint`: check the workflow files with actionlint, at the version that go.mod pins.

It is had the first time it is wanted, not at `make install`: only who changes the project needs it. By the official
download where that can be reached, compared with the checksums that its release publishes; or built from Go modules,
which go.sum checks.
"""

import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools import official
from tools.archive import unpack, verify
from tools.cache import Entry, key_of
from tools.errors import ToolchainError, WayRefusedError
from tools.go_modules import GoModule
from tools.progress import Progress
from tools.ways import first_of

PROGRAM = "actionlint"
MODULE = "github.com/rhysd/actionlint"
RELEASES = "https://github.com/rhysd/actionlint/releases/download"
CLONE = Path(__file__).resolve().parents[2]
_GO = GoModule(Path(__file__).parent)


def ensure(progress: Progress) -> Path:
    """Return the program. Raises ToolchainError with the reason of every refusal."""
    ways = (_DOWNLOAD, _MODULES)
    there = [way for way in ways if way.entry().is_complete]  # no network when one is there
    attempts = [partial(_entered, way, progress) for way in there or ways]
    return first_of(f"{PROGRAM} {_GO.version(MODULE)}", attempts, progress) / PROGRAM


@dataclass(frozen=True)
class _Way:
    """How the program is had, and where it is kept then."""

    entry: Callable[[], Entry]
    build: Callable[[Progress, Path], None]


def _entered(way: _Way, progress: Progress) -> Path:
    return way.entry().ensure(partial(way.build, progress), progress.say)


def _file() -> str:
    """The release's file for this machine."""
    machine = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{PROGRAM}_{_GO.version(MODULE)}_{platform.system().lower()}_{machine}.tar.gz"


def _download(progress: Progress, folder: Path) -> None:
    version, name = _GO.version(MODULE), _file()
    release = f"{RELEASES}/v{version}"
    if not official.answers(f"{release}/{name}"):
        raise WayRefusedError(f"the official download of {name} cannot be reached ({RELEASES})")
    with progress.step(f"{PROGRAM} {version}, official download", 5), tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / name
        official.fetch(f"{release}/{name}", file)
        listing = official.text(f"{release}/{PROGRAM}_{version}_checksums.txt")
        try:
            verify(file, "sha256", official.listed_checksum(listing, name))
        except ToolchainError as wrong:
            raise WayRefusedError(str(wrong)) from wrong
        unpack(file, folder, under="", wanted=lambda path: str(path) == PROGRAM)


def _compile(progress: Progress, folder: Path) -> None:
    version = _GO.version(MODULE)
    _GO.build(
        {PROGRAM: f"{MODULE}/cmd/{PROGRAM}"},
        folder,
        stamp=f"-X {MODULE}.version=v{version}",
        title=f"{PROGRAM} {version}",
        usual_cpu_seconds=10,
        progress=progress,
    )


_DOWNLOAD = _Way(lambda: Entry(PROGRAM, key_of("download", _file())), _download)
_MODULES = _Way(lambda: Entry(PROGRAM, _GO.key), _compile)


def main() -> int:
    """Check the workflow files; return the exit code."""
    try:
        program = ensure(Progress())
    except ToolchainError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return subprocess.run([program, "-no-color"], cwd=CLONE, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

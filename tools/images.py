"""The container images under `images/`, as virtual environments: there is no container engine on a development machine.

An image is a folder: `requirements.lock` (every package with its hashes) and, when it has a program of its own, the
package of `pyproject.toml` and `src/`. The environment is made of the very lock that the Dockerfile installs, and of
nothing else: what the lock leaves out is missing here too. It is kept in the user's cache, see tools/cache.py.
"""

import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.cache import Entry, key_of
from tools.command import run
from tools.errors import ToolchainError
from tools.monitoring import programs
from tools.progress import Progress
from tools.python_environment import base_interpreter, install_locked, without_python_settings
from tools.toolchain import CLONE

IMAGES = CLONE / "images"
LOCK = "requirements.lock"
UPSTREAM = frozenset(programs.PIECES)
"""Images of others, whose programs are had as tools/monitoring has them."""
USUAL_SECONDS = 40
_PACKAGE = "pyproject.toml"
_SOURCES = "src"
_MADE_BY_TOOLS = frozenset({"__pycache__", "build"})


def names(images: Path = IMAGES) -> list[str]:
    """The images that there are: folders with a lock."""
    return sorted(lock.parent.name for lock in images.glob(f"*/{LOCK}"))


def entry_point(name: str) -> Sequence[str]:
    """What the image runs before a pod's arguments; empty for our own, whose pods name their command."""
    return programs.PIECES[name].entry_point if name in UPSTREAM else ()


def environment(name: str, progress: Progress, images: Path = IMAGES) -> Path:
    """The folder of the virtual environment of `images/<name>`, made when it is not in the cache.

    Of an image of others it is a folder with its programs, in `bin/` too. Raises ToolchainError for a name that is
    none, and when something cannot be had or built.
    """
    if name in UPSTREAM:
        return programs.ensure(programs.PIECES[name], progress)
    known = names(images)
    if name not in known:
        raise ToolchainError(
            f"There is no image {name!r} here: {images} has {', '.join(known) or 'none'}. "
            f"An image is a folder with a {LOCK} (python packages with hashes), as {images / 'mlflow'}."
        )
    folder = images / name
    cached = _entry(folder)
    if cached.is_complete and not _python(cached.path).exists():
        raise ToolchainError(
            f"The interpreter of {cached.path} is gone (was Python uninstalled?). Remove that folder and try again."
        )

    def build(place: Path) -> None:
        with progress.step(f"Python environment of the image {name}", USUAL_SECONDS) as step:
            step.detail = "making the environment"
            run([base_interpreter(), "-m", "venv", "--without-pip", place])
            uv = Path(sys.executable).parent / "uv"
            pip = [sys.executable, "-m", "pip", "--python", _python(place)]
            install_locked(uv, pip, _python(place), folder / LOCK, progress, step)
            if (folder / _PACKAGE).is_file():
                step.detail = "installing its own package"
                _install_package(folder, pip, place)

    return cached.ensure(build, progress.say)


def _entry(folder: Path) -> Entry:
    """The cache's entry for an image: another one when the lock, the package, Python or the machine is another."""
    parts: list[str | bytes] = [sys.version, base_interpreter().as_posix(), platform.machine()]
    for file in _inputs(folder):
        parts += [file.relative_to(folder).as_posix(), file.read_bytes()]
    return Entry(f"image-{folder.name}", key_of(*parts))


def _inputs(folder: Path) -> Iterator[Path]:
    yield folder / LOCK
    if (folder / _PACKAGE).is_file():
        yield folder / _PACKAGE
        sources = folder / _SOURCES
        yield from sorted(file for file in sources.rglob("*") if file.is_file() and _is_source(file, sources))


def _is_source(file: Path, sources: Path) -> bool:
    parts = file.relative_to(sources).parts
    return not any(part in _MADE_BY_TOOLS or part.endswith(".egg-info") for part in parts)


def _install_package(folder: Path, pip: list[object], place: Path) -> None:
    """Build the image's package and install it without what it depends on: that is the lock's business.

    Built by the setuptools of this installation from a copy: nothing is fetched, nothing is written into the clone.
    """
    with tempfile.TemporaryDirectory(dir=place) as made:
        copy = Path(made) / "package"
        for file in _inputs(folder):
            target = copy / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
        built = Path(made) / "wheel"
        asked = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", built, copy]
        run(
            [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", *asked],
            env=without_python_settings(),
        )
        wheels = list(built.glob("*.whl"))
        installed = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", *wheels]
        run([*pip, "install", *installed], env=without_python_settings())


def _python(place: Path) -> Path:
    return place / "bin" / "python"

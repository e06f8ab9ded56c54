"""Which engine is used: one on PATH, the official download or one built from Go modules, the first that can be had.

`GROUNDWORK_ENGINE=path|download|modules` leaves one way only, for a machine that needs a certain one and for tests.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.cache import cache_root
from tools.engine import download, modules
from tools.errors import WayRefusedError
from tools.progress import Progress
from tools.versions import Version, parse_version, shown
from tools.ways import allowed, first_of

WAYS = ("path", "download", "modules")
OLDEST: Version = (3, 250)


@dataclass(frozen=True)
class Engine:
    """An engine that can be started: the folder of `pulumi` and its language host, the version, the way it came."""

    bin: Path
    version: str
    way: str


def ensure(python: Path, progress: Progress) -> Engine:
    """The first engine that can be had; `python` is an interpreter with Pulumi's SDK, for the language host.

    Raises ToolchainError with the reason of every refusal.
    """
    attempts = {
        "path": on_path,
        "download": lambda: Engine(download.ensure(progress), download.VERSION, "download"),
        "modules": lambda: Engine(modules.ensure(python, progress), modules.VERSION, "modules"),
    }
    ways = allowed_ways()
    if "download" in ways and "modules" in ways and modules.is_built():
        ways = tuple(way for way in ways if way != "download" or download.is_there())  # no network when one is there
    return first_of("Pulumi engine", [attempts[way] for way in ways], progress)


def allowed_ways() -> tuple[str, ...]:
    """All ways, or the one that GROUNDWORK_ENGINE names. Raises ToolchainError when that is none of them."""
    return allowed("GROUNDWORK_ENGINE", WAYS)


def needs_go() -> bool:
    """Go modules are the only way left. Known before any build; asks the network for at most some seconds."""
    ways = allowed_ways()
    if "modules" not in ways or modules.is_built() or ("path" in ways and is_on_path()):
        return False
    return not ("download" in ways and (download.is_there() or download.is_reachable()))


def is_on_path() -> bool:
    """PATH has an engine that is new enough."""
    try:
        on_path()
    except WayRefusedError:
        return False
    return True


def on_path() -> Engine:
    """The engine on PATH with its own language host. Raises WayRefusedError when it is missing, too old or alone."""
    found = candidate_on_path()
    if not found:
        raise WayRefusedError(f"no pulumi >= {shown(OLDEST)} is on PATH")
    said = subprocess.run(
        [found, "version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )
    version = parse_version(said.stdout)
    if said.returncode or version is None:
        raise WayRefusedError(f"{found} does not say its version")
    if version < OLDEST:
        raise WayRefusedError(f"{found} is {shown(version)}, too old (at least {shown(OLDEST)} is needed)")
    # The engine looks for its language host beside itself, links resolved, and on PATH.
    beside = found.resolve().with_name("pulumi-language-python")
    if not beside.exists() and not shutil.which("pulumi-language-python", path=_foreign_path()):
        raise WayRefusedError(f"{found} comes without its language host pulumi-language-python")
    return Engine(found.parent, shown(version), "path")


def candidate_on_path() -> Path | None:
    """The `pulumi` on PATH that is not our own: neither one from the cache nor the twin's wrapper around it."""
    found = shutil.which("pulumi", path=_foreign_path())
    return Path(found) if found else None


def _foreign_path() -> str:
    ours = cache_root().resolve()
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    return os.pathsep.join(
        str(folder)
        for folder in folders
        if not folder.resolve().is_relative_to(ours) and folder.parts[-2:] != (".twin", "bin")
    )

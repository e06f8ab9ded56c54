"""The engine as Pulumi publishes it, at a pinned version."""

import platform
import tempfile
from pathlib import Path

from tools import official
from tools.archive import unpack, verify
from tools.cache import Entry, key_of
from tools.errors import ToolchainError, WayRefusedError
from tools.progress import Progress

VERSION = "3.255.0"
HOST = "https://get.pulumi.com/releases/sdk"
# sha256 of the release files. For a machine that is not listed, the release's own list of checksums is fetched over
# HTTPS from the same host: that finds a damaged file, not one that was exchanged together with the list.
PINNED = {
    "linux-x64": "cf559568e2c32f7fae56ea3de8ae5fa48973ba8c5aa9dd2b3dc0c8898fe50dba",
    "linux-arm64": "699fbc6ea848d997e9b3645487f108d27b1b55ec807c7576406131e6e080f0e3",
}
USUAL_SECONDS = 30
NEEDED_MIB = 500
_WANTED = {"pulumi", "pulumi-language-python", "pulumi-language-python-exec"}


def platform_name() -> str:
    """This machine as the release files name it: linux-x64, darwin-arm64."""
    architecture = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}-{architecture}"


def _file_name() -> str:
    return f"pulumi-v{VERSION}-{platform_name()}.tar.gz"


def _entry() -> Entry:
    return Entry("engine", key_of("download", VERSION, platform_name(), PINNED.get(platform_name(), "")))


def is_there() -> bool:
    """It was downloaded before."""
    return _entry().is_complete


def is_reachable() -> bool:
    """The official host answers and has the file."""
    return official.answers(f"{HOST}/{_file_name()}")


def ensure(progress: Progress) -> Path:
    """The folder of the downloaded programs.

    Raises WayRefusedError when they cannot be had or are not the pinned ones.
    """

    def build(folder: Path) -> None:
        if not is_reachable():
            raise WayRefusedError(f"the official download of {VERSION} cannot be reached ({HOST})")
        with (
            progress.step(f"Pulumi engine {VERSION}, official download", USUAL_SECONDS),
            tempfile.TemporaryDirectory() as temporary,
        ):
            archive = Path(temporary) / _file_name()
            official.fetch(f"{HOST}/{archive.name}", archive)
            try:
                verify(archive, "sha256", PINNED.get(platform_name()) or _published_checksum(progress))
            except ToolchainError as wrong:
                raise WayRefusedError(str(wrong)) from wrong
            unpack(archive, folder / "bin", under="pulumi", wanted=lambda path: str(path) in _WANTED)

    return _entry().ensure(build, progress.say) / "bin"


def _published_checksum(progress: Progress) -> str:
    """The checksum that the release itself publishes for this machine's file."""
    listing = official.text(f"{HOST}/pulumi-{VERSION}-checksums.txt")
    checksum = official.listed_checksum(listing, _file_name())
    progress.say(f"{_file_name()}: no checksum is pinned here, the one that the release publishes is used")
    return checksum

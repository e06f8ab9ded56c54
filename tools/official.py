"""Files from the hosts of those who publish them, over HTTPS."""

import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from tools.errors import WayRefusedError

CONNECT_SECONDS = 5


def answers(url: str) -> bool:
    """The host can be reached and has the file."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - the callers' addresses are https
    try:
        with urllib.request.urlopen(request, timeout=CONNECT_SECONDS):  # noqa: S310 - likewise
            return True
    except OSError:  # URLError, HTTPError and timeouts are all OSErrors
        return False


def fetch(url: str, target: Path) -> None:
    """Write the file to `target`. Raises WayRefusedError with the reason."""
    try:
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer, target.open("wb") as file:  # noqa: S310 - likewise
            while block := answer.read(1 << 20):
                file.write(block)
    except OSError as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise WayRefusedError(f"{url} cannot be downloaded: {reason}") from error


def text(url: str) -> str:
    """The content of a small text file. Raises WayRefusedError with the reason."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "text"
        fetch(url, file)
        return file.read_text()


def listed_checksum(listing: str, name: str) -> str:
    """The checksum of the file `name` in a list as sha256sum writes it. Raises WayRefusedError when it has none."""
    for line in listing.splitlines():
        checksum, _, listed = line.partition(" ")
        if listed.strip() == name:
            return checksum
    raise WayRefusedError(f"the release publishes no checksum of {name}")

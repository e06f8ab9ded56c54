"""Finished pieces of the toolchain, shared by all clones of a user: `$XDG_CACHE_HOME/groundwork/<kind>/<key>/`.

The key is a hash of whatever decides the content. A marker file is written last, so an entry without one is the
rest of a build that was killed and is built again. A lock file beside it lets one process build while others wait.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolchainError

MARKER = ".complete"


def cache_root() -> Path:
    """The folder of all entries. A relative XDG_CACHE_HOME is ignored, as the XDG base directory specification says."""
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".cache"
    return base / "groundwork"


def key_of(*parts: str | bytes) -> str:
    """16 hexadecimal digits that change when a part does. Lengths go in too, so that ("ab", "c") is not ("a", "bc")."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Entry:
    """One finished or unfinished piece: `kind` is what it is (engine, python, postgres), `key` which content."""

    kind: str
    key: str

    @property
    def path(self) -> Path:
        """The entry's folder, whether it exists or not."""
        return cache_root() / self.kind / self.key

    @property
    def is_complete(self) -> bool:
        """Its build ran to the end."""
        return (self.path / MARKER).is_file()

    def ensure(self, build: Callable[[Path], None], say: Callable[[str], None]) -> Path:
        """The folder with its content, built by `build(folder)` if need be. Whatever `build` raises passes through."""
        if self.is_complete:
            return self.path
        with exclusive(self.path.with_name(f"{self.key}.lock"), say):
            if self.is_complete:  # another process finished it while this one waited
                return self.path
            if self.path.exists():
                say(f"{self.kind}: an earlier build was interrupted; building again")
                shutil.rmtree(self.path)
            self.path.mkdir(parents=True)
            try:
                build(self.path)
            except BaseException:
                shutil.rmtree(self.path)
                raise
            # Renamed into place: a marker is there whole or not at all.
            unfinished = self.path / f"{MARKER}.new"
            unfinished.touch()
            unfinished.replace(self.path / MARKER)
        return self.path


def hard_link(source: Path, target: Path) -> None:
    """The same file under a second name, so that two entries share its content; a copy where there are no links."""
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


@contextmanager
def exclusive(lock: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold `lock` against other processes; the kernel lets go of it when the holder dies, however it dies."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = lock.open("w")
    except OSError as error:
        raise ToolchainError(
            f"Cannot write to {lock.parent}: {error.strerror}. "
            "Set XDG_CACHE_HOME to a folder that can be written, for example XDG_CACHE_HOME=/var/tmp/cache."
        ) from error
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another install is at work (it holds {lock}); waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield

"""Checked archives: a file is opened only after its digest is the pinned one."""

import base64
import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from tools.errors import ToolchainError


def verify(file: Path, algorithm: str, expected: str) -> None:
    """Compare the digest of `file` with `expected` (hexadecimal, or base64 as npm writes it). Raises ToolchainError."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, algorithm).digest()
    if expected not in (digest.hex(), base64.b64encode(digest).decode()):
        raise ToolchainError(
            f"{file.name} has the {algorithm} {digest.hex()}, expected was {expected}. "
            "It is not the file that was pinned, and was not opened."
        )


def unpack(archive: Path, into: Path, *, under: str, wanted: Callable[[PurePosixPath], bool] | None = None) -> None:
    """Write the regular files below the folder `under` of a .tar.gz into `into`, those that `wanted` says yes to.

    Links and special files are left out, and a path that leads out of `into` is refused: `tarfile`'s own filters are
    missing in early releases of Python 3.11.
    """
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if not (member.isfile() and path.is_relative_to(under)):
                continue
            if wanted and not wanted(path.relative_to(under)):
                continue
            if ".." in path.parts:
                raise ToolchainError(
                    f"{archive.name} holds {member.name}, which leads out of its folder; not unpacked."
                )
            target = into / path.relative_to(under)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            assert content is not None  # noqa: S101 - a regular file has content; narrows the type
            with content, target.open("wb") as file:
                while block := content.read(1 << 20):
                    file.write(block)
            target.chmod(0o755 if member.mode & 0o111 else 0o644)

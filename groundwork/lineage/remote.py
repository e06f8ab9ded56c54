"""A DVC remote, read without DVC: an object's address holds its MD5, so that nothing has to be known beside it.

Source: DVC documentation, "Internal files", cache of files and of directories (DVC 3).
"""

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from groundwork.lineage.aws import Aws, NotAnsweredError, found

_ADDRESS = re.compile(r"(?P<root>.+/files/md5)/(?P<first>[0-9a-f]{2})/(?P<rest>[0-9a-f]{30})(?P<directory>\.dir)?")
AT_ONCE: Final = 16
"""Files of a directory that are looked up at a time."""


class Store(Protocol):
    """Where a remote keeps its objects."""

    def size(self, path: str) -> int | None:
        """Bytes of an object, or None where there is none. Raises NotAnsweredError."""

    def read(self, path: str) -> bytes | None:
        """An object, or None where there is none. Raises NotAnsweredError."""


@dataclass(frozen=True)
class Bucket:
    """A remote in S3."""

    client: Any
    name: str

    def size(self, path: str) -> int | None:
        """See Store."""
        head = found(lambda: self.client.head_object(Bucket=self.name, Key=path))
        return None if head is None else int(head["ContentLength"])

    def read(self, path: str) -> bytes | None:
        """See Store."""
        answer = found(lambda: self.client.get_object(Bucket=self.name, Key=path))
        return None if answer is None else bytes(answer["Body"].read())


class Folder:
    """A remote that is a folder of this machine."""

    def size(self, path: str) -> int | None:
        """See Store."""
        file = Path(path)
        return file.stat().st_size if file.is_file() else None

    def read(self, path: str) -> bytes | None:
        """See Store."""
        file = Path(path)
        return file.read_bytes() if file.is_file() else None


@dataclass(frozen=True)
class Revision:
    """One revision of a file or a directory in a remote."""

    root: str
    """Address of the folder in which all objects are."""
    md5: str
    is_directory: bool

    @classmethod
    def of(cls, address: str) -> "Revision | None":
        """The revision that an address as of `dvc.api.get_url` names, or None when it names none."""
        parts = _ADDRESS.fullmatch(address)
        return cls(parts["root"], parts["first"] + parts["rest"], bool(parts["directory"])) if parts else None

    @property
    def name(self) -> str:
        """The hash as a `.dvc` file has it."""
        return self.md5 + (".dir" if self.is_directory else "")

    def absent(self, aws: Aws) -> tuple[list[str], int]:
        """What is not in the remote, by name, and how many bytes are. Raises NotAnsweredError."""
        store, root = _store(self.root, aws)
        if not self.is_directory:
            size = store.size(_path(root, self.name))
            return ([self.name], 0) if size is None else ([], size)
        listed = store.read(_path(root, self.name))
        if listed is None:
            return [self.name], 0
        files: list[Mapping[str, str]] = json.loads(listed)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            sizes = list(pool.map(lambda file: store.size(_path(root, file["md5"])), files))
        absent = [file["relpath"] for file, size in zip(files, sizes, strict=True) if size is None]
        return absent, sum(size or 0 for size in sizes)


def _store(root: str, aws: Aws) -> tuple[Store, str]:
    """The store of a remote, and the folder of the objects in it."""
    parts = urlsplit(root)
    if parts.scheme == "s3":
        return Bucket(aws.client("s3"), parts.netloc), parts.path.lstrip("/")
    if parts.scheme in ("", "file"):
        return Folder(), parts.path
    raise NotAnsweredError(f"a remote of the kind {parts.scheme}:// cannot be looked into here, s3:// can")


def _path(root: str, name: str) -> str:
    return f"{root}/{name[:2]}/{name[2:]}"

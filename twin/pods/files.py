"""Files and folders that nobody but their owner can read: what pods have mounted is secret."""

import os
import tempfile
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make the folder, and those above it that are missing, for the owner alone."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def write(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file whole, in the place of an earlier one; it was never readable by others. Folders are the owner's."""
    make_folder(file.parent)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as open_file:
            open_file.write(content)
        Path(draft).chmod(mode)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink()
        raise

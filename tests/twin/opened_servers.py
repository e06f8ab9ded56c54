"""`groundwork open` as a person runs it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.project import CLONE, Project

OPEN_SECONDS = 300
STOP_SECONDS = 180
"""A container has its grace period, and what it has left behind some seconds."""


@contextmanager
def opened(dev: Project, log: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The process, once it says that it serves; it is ended at the latest with the block."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [CLONE / ".venv/bin/groundwork", "open", *arguments],
            cwd=dev.root, env=dev.environment(), stdout=said, stderr=said,
        )  # fmt: skip
    try:
        end = time.monotonic() + OPEN_SECONDS
        while "Ctrl-C ends it." not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.5)
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)

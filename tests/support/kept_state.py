"""What the emulator of AWS has written of its state, from which it starts again after a kill."""

import uuid
from pathlib import Path
from typing import Any

from tests.support.waiting import eventually

SECONDS = 60.0
"""For it to be written: about a second where nothing else is to be done."""


def wait_for(root: Path, service: str, text: str) -> None:
    """Wait until the state of a service has the text. `root`: the twin's folder."""
    file = root / "aws" / "state" / f"{service}.json"
    eventually(lambda: file.exists() and text in file.read_text(), f"the state of {service} has {text}", SECONDS)


def wait_until_kept(root: Path, iam: Any) -> None:
    """Wait until all that was done is on disk, and nothing of it is still being written. `iam`: a client.

    The emulator writes service after service. The round that brings a first user has what is written after IAM; the one
    that brings a second user, who is made after that, has what is written before it, and nothing else is new in it.
    """
    for _ in range(2):
        mark = f"kept-{uuid.uuid4().hex}"
        iam.create_user(UserName=mark)
        wait_for(root, "iam", mark)

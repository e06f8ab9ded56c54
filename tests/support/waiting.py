"""Waiting for what comes by itself: a condition, and never a sleep that hopes."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], what: str, seconds: float = 180.0) -> Found:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        assert time.monotonic() < end, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.2)

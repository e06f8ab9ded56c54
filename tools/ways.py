"""Several ways to get one tool: the first that can be had is taken, and every refusal is told."""

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from tools.errors import ToolchainError, WayRefusedError
from tools.progress import Progress

Found = TypeVar("Found")


def allowed(variable: str, ways: tuple[str, ...]) -> tuple[str, ...]:
    """All `ways`, or the one that the environment's `variable` names. Raises ToolchainError when it is none of them."""
    forced = os.environ.get(variable, "")
    if forced and forced not in ways:
        raise ToolchainError(
            f"{variable} is {forced!r}; allowed are {', '.join(ways)}, for example {variable}={ways[-1]}"
        )
    return (forced,) if forced else ways


def first_of(title: str, attempts: Iterable[Callable[[], Found]], progress: Progress, advice: str = "") -> Found:
    """What the first attempt gives that is not refused. Raises ToolchainError with all reasons, then `advice`."""
    refused = []
    for attempt in attempts:
        try:
            return attempt()
        except WayRefusedError as reason:
            progress.say(f"{title}: {reason}")
            refused.append(str(reason))
    raise ToolchainError("\n  ".join([f"No {title} can be had:", *refused, *([advice] if advice else [])]))

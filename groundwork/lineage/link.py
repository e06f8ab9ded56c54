"""The links of the chain from a model version to what it was made of, and what was found out about each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """What is known of a link."""

    VERIFIED = "verified"
    BROKEN = "broken"
    """What it points at is not there, or is something else."""
    MISSING = "missing"
    """The version does not say."""
    UNCHECKED = "not checked"
    """Nobody could look: no right, no clone, no credentials."""


@dataclass(frozen=True)
class Link:
    """One link."""

    name: str
    """run, commit, data, image, artifacts."""
    state: State
    said: str
    """How it was found to be so and, where it is not verified, what to do."""
    value: str = ""
    """What it points at."""
    details: Mapping[str, str] = field(default_factory=dict)
    """What else is good to know, by name."""


@dataclass(frozen=True)
class Chain:
    """All links of one version."""

    model: str
    version: str
    workspace: str
    aliases: tuple[str, ...]
    links: tuple[Link, ...]

    @property
    def faults(self) -> list[Link]:
        """The links that are broken or missing."""
        return [link for link in self.links if link.state in (State.BROKEN, State.MISSING)]

    @property
    def unchecked(self) -> list[Link]:
        """The links that nobody could look at."""
        return [link for link in self.links if link.state is State.UNCHECKED]

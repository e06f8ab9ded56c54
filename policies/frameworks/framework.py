"""What is known of a framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Framework:
    """A set of controls."""

    key: str
    """How its control ids begin."""
    title: str
    controls: Mapping[str, str]
    """What each control is about, in our own words, in the framework's order."""
    complete: bool
    """Whether `controls` are all of its controls, so that what no rule supports can be named."""
    note: str
    """How its ids came to the rules, and what the list leaves out."""
    outside: Mapping[str, str] = field(default_factory=dict)
    """Controls that no policy pack can decide, each with the reason."""

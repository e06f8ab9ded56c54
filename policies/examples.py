"""A good and a bad example of each rule, and what its tests show: read from `examples.json`.

The file is written from the tables of the tests, which prove that the pack passes the good one and denies the bad one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from policies.snippets import python

FILE: Final = Path(__file__).with_name("examples.json")


@dataclass(frozen=True)
class Example:
    """What is known of a rule beside the rule itself."""

    good: tuple[Mapping[str, Any], ...]
    """Resources that satisfy it: type, name, props, and protect where it is set."""
    bad: tuple[Mapping[str, Any], ...]
    """The same with one change, which breaks it."""
    settings: Mapping[str, Any]
    """Settings of the pack under which both hold."""
    reads: tuple[str, ...]
    """Settings of the pack on which its answers depend."""
    cases: int
    """Cases of its table: good, bad, unknown, missing and so on."""
    mutants: int
    """Good resources broken in one place, which it must notice."""
    excused: int
    """Mutants that it may pass, each with a reason in its table."""


def code(resources: tuple[Mapping[str, Any], ...]) -> str:
    """Return resources as Python."""
    return "\n".join(
        python(one["type"], one["name"], one["props"], protect=one.get("protect", False)) for one in resources
    )


@cache
def examples() -> Mapping[str, Example]:
    """Return the examples by rule."""
    written = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        rule: Example(
            good=tuple(entry["good"]),
            bad=tuple(entry["bad"]),
            settings=entry["settings"],
            reads=tuple(entry["reads"]),
            cases=entry["cases"],
            mutants=entry["mutants"],
            excused=entry["excused"],
        )
        for rule, entry in written.items()
    }

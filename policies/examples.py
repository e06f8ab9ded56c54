"""A good and a bad example of each rule, and what its tests show: read from `examples.json`.

The file is written from the tables of the tests, which prove that the pack passes the good one and denies the bad one.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.snippets import Written, python, snake_case

FILE: Final = Path(__file__).with_name("examples.json")


@dataclass(frozen=True)
class Example:
    """What is known of a rule beside the rule itself."""

    good: tuple[Mapping[str, Any], ...]
    """Resources that satisfy it: type, name and props; where there are any, protect, outputs, and the resources that
    properties depend on."""
    bad: tuple[Mapping[str, Any], ...]
    """The same with one change, which breaks it."""
    settings: Mapping[str, Any]
    """Settings of the pack under which both hold."""
    reads: tuple[str, ...]
    """Settings of the pack on which its answers depend."""
    cases: int
    """Cases of its table: good, bad, unknown, missing and so on."""
    mutants: int
    """Good resources broken in one place, which it should notice."""
    survivors: int
    """Those of them that it does not notice, each with a reason in its table."""


def code(resources: Sequence[Mapping[str, Any]]) -> str:
    """Return resources as Python; one that another refers to comes first and has a name."""
    variables = {one["name"]: re.sub(r"\W", "_", one["name"]) for one in resources}
    first, then = [], []
    texts = {one["name"]: python(_written(one, resources, variables)) for one in resources}
    for name, text in texts.items():
        reference = re.compile(rf"[=\[ ]{variables[name]}\.\w+(?!\w*\()")
        if any(reference.search(other) for other in texts.values()):
            first.append(f"{variables[name]} = {text}")
        else:
            then.append(text)
    return "\n".join((*first, *then))


def _written(one: Mapping[str, Any], resources: Sequence[Mapping[str, Any]], variables: Mapping[str, str]) -> Written:
    """Return a resource with what its values are called where they come of another one."""
    expressions = {
        value: f"{variables[other['name']]}.{snake_case(key)}"
        for other in resources
        if other is not one
        for key, value in other.get("outputs", {}).items()
        if isinstance(value, str)
    }
    for name in one.get("depends", {}).values():
        expressions[UNKNOWN_STRING_VALUE] = f"{variables[name]}.id"
    return Written(one["type"], one["name"], one["props"], one.get("protect", False), expressions)


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
            survivors=entry["survivors"],
        )
        for rule, entry in written.items()
    }

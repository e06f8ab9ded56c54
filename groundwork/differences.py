"""What differs between two states of a resource, property by property. A secret is named and never told.

The engine says which paths differ (`metadata.labels["app.kubernetes.io/name"]`, `rules[13]`); a document that is kept
as text, such as a policy, is looked into, so that the statement that differs is told and not the whole of it.

Source: the engine's property paths, `sdk/go/common/resource/property_path.go`; its events, in which a secret already is
`[secret]`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from groundwork.policy.sources import BLINDED
from policies.credentials import form, is_named_like_one
from policies.tokens import kubernetes

SECRET: Final = kubernetes("core/v1:Secret")
LONGEST: Final = 200
"""Characters of a value that are shown."""
_STEP: Final = re.compile(r'\.?([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]', re.DOTALL)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OWN: Final = "__"
"""How the names of a provider's own notes begin, which are no properties."""
Step: TypeAlias = str | int


class Absent:
    """The value of a property that is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Difference:
    """One property."""

    path: str
    before: Any
    after: Any
    secret: bool = False
    """Its values are not to be told."""


def differences(
    type_: str, before: Mapping[str, Any], after: Mapping[str, Any], paths: Iterable[str] = ()
) -> tuple[Difference, ...]:
    """Return what differs between the properties of a resource of a type; of `paths` alone where some are given."""
    wanted = [parsed(path) for path in paths]
    if not wanted:
        wanted = [(name,) for name in sorted(before.keys() | after.keys()) if not name.startswith(_OWN)]
    found: list[Difference] = []
    for path in wanted:
        one, other = at(before, path), at(after, path)
        if one == other and BLINDED not in (one, other):
            continue
        for steps, old, new in _inside(path, one, other):
            difference = Difference(told(steps), old, new, _is_secret(type_, steps, old, new))
            if difference not in found:  # the engine may name a path and one inside of it
                found.append(difference)
    return tuple(found)


def said(value: Any, *, secret: bool = False) -> str:
    """Return a value for a reader, on one line and never long."""
    if value is ABSENT:
        return "absent"
    if secret or value == BLINDED:
        return BLINDED
    if value == UNKNOWN_STRING_VALUE:
        return "not known yet"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True).replace(UNKNOWN_STRING_VALUE, "not known yet")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def parsed(path: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    >>> parsed('metadata.labels["a.b/c"].rules[13]')
    ('metadata', 'labels', 'a.b/c', 'rules', 13)
    """
    steps: list[Step] = []
    for name, number, quoted in _STEP.findall(path):
        if name or number == "*":
            steps.append(name or number)
        elif number:
            steps.append(int(number))
        else:
            steps.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
    return tuple(steps)


def told(steps: Iterable[Step]) -> str:
    """Return a path as the engine writes it.

    >>> told(("labels", "a.b/c", 13))
    'labels["a.b/c"][13]'
    """
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[\w-]+", step):
            text += f".{step}" if text else step
        else:
            quoted = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def at(value: Any, path: Iterable[Step]) -> Any:
    """Return what is at a path, or ABSENT."""
    for step in path:
        if isinstance(step, int):
            found = value[step] if isinstance(value, list) and step < len(value) else ABSENT
        else:
            found = value.get(step, ABSENT) if isinstance(value, Mapping) else ABSENT
        value = found
    return value


def _inside(path: tuple[Step, ...], before: Any, after: Any) -> Iterator[tuple[tuple[Step, ...], Any, Any]]:
    """Yield the smallest parts that differ."""
    if before == after:
        yield path, before, after  # both are a secret
        return
    one, other = _document(before), _document(after)
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if name.startswith(_OWN):
                continue
            old, new = one.get(name, ABSENT), other.get(name, ABSENT)
            if old != new:
                yield from _inside((*path, name), old, new)
    elif isinstance(one, list) and isinstance(other, list) and one and other:
        yield from _of_lists(path, one, other)
    else:
        yield path, before, after


def _of_lists(path: tuple[Step, ...], one: list[Any], other: list[Any]) -> Iterator[tuple[tuple[Step, ...], Any, Any]]:
    """Yield what is in one of two lists only; where both have as many such entries, those are compared in pairs.

    The place of a pair is where its entry was before.
    """
    kept = [entry for entry in one if entry in other]
    gone = [(number, entry) for number, entry in enumerate(one) if entry not in kept]
    new = [(number, entry) for number, entry in enumerate(other) if entry not in kept]
    if len(gone) == len(new) and gone:
        for (number, old), (_, entry) in zip(gone, new, strict=True):
            yield from _inside((*path, number), old, entry)
    elif gone or new:
        yield from (((*path, number), entry, ABSENT) for number, entry in gone)
        yield from (((*path, number), ABSENT, entry) for number, entry in new)
    else:
        yield path, one, other  # another order, or the same entry more often


def _document(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _is_secret(type_: str, path: tuple[Step, ...], *values: Any) -> bool:
    if type_ in SECRET and path[0] in ("data", "stringData"):
        return True
    last = path[-1]
    if isinstance(last, str) and is_named_like_one(_CAMEL.sub("_", last)):
        # An ARN or a name says where a secret is, not what.
        return any(isinstance(value, str) and not value.startswith("arn:") for value in values)
    return any(isinstance(value, str) and form(value) is not None for value in values)

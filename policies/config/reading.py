"""How a setting is read: one declaration holds its name, its default, what is allowed and how it is checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

from policies.config.records import Companion, CustomWorkload, NodeAgent, Waiver

T = TypeVar("T")
_SNAKE: Final = re.compile("[A-Z]")
READER: Final = "reader"
"""Key of the metadata of a field of the settings."""


@dataclass(frozen=True)
class Reader:
    """Turns plain data into the value of a setting."""

    read: Callable[[Any], Any]
    """Raises AttributeError, KeyError, TypeError or ValueError for what is not allowed."""
    allowed: str
    """What is allowed, in words."""


def setting(default: T, reader: Reader) -> T:
    """Declare a field of the settings."""
    value: T = field(default=default, metadata={READER: reader})
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(entry) for entry in _list(value))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _within(value: Any, least: int, most: int) -> int:
    if not least <= _whole(value) <= most:
        raise ValueError
    return int(value)


def _one_of(value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError
    return str(value)


def _record(kind: type, value: Any) -> Any:
    """Return a Waiver or Companion from a map that has exactly its fields."""
    entries = {_SNAKE.sub(lambda match: f"_{match[0].lower()}", key): _text(entry) for key, entry in value.items()}
    if "expires" in entries:
        return kind(**{**entries, "expires": date.fromisoformat(entries["expires"])})
    return kind(**entries)


def text(what: str) -> Reader:
    """Read a text that is not empty."""
    return Reader(_text, f"a text, {what}")


def _matching(value: Any, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(_text(value)):
        raise ValueError
    return str(value)


def matching(pattern: str, what: str) -> Reader:
    """Read a text of a form."""
    compiled = re.compile(pattern)
    return Reader(lambda value: _matching(value, compiled), f"a text, {what}")


def texts(what: str) -> Reader:
    """Read a list of texts."""
    return Reader(_texts, f"a list of texts, {what}")


def texts_by_key(what: str) -> Reader:
    """Read a map of texts."""
    return Reader(lambda value: tuple((_text(key), _text(text)) for key, text in value.items()), f"a map of {what}")


def sets_of_texts(what: str) -> Reader:
    """Read a list of lists of texts."""
    return Reader(lambda value: tuple(_texts(entry) for entry in _list(value)), f"a list of lists of {what}")


def whole_numbers(what: str) -> Reader:
    """Read a list of whole numbers."""
    return Reader(lambda value: tuple(_whole(entry) for entry in _list(value)), f"a list of {what}")


def whole_number(least: int, most: int, what: str) -> Reader:
    """Read a whole number within bounds, both included."""
    return Reader(lambda value: _within(value, least, most), f"a whole number of {what}, {least} to {most}")


def truth(what: str) -> Reader:
    """Read true or false."""
    return Reader(_truth, f"true or false: {what}")


def one_of(*choices: str) -> Reader:
    """Read one of some texts."""
    return Reader(lambda value: _one_of(value, choices), " or ".join(choices))


WAIVERS: Final = Reader(
    lambda value: tuple(_record(Waiver, entry) for entry in _list(value)),
    "a list of {rule, urn, reason, owner, expires}, all texts, expires as 2027-01-31",
)
COMPANIONS: Final = Reader(
    lambda value: tuple(_record(Companion, entry) for entry in _list(value)),
    "a list of {rule, urn, stack}, all texts",
)
CUSTOM_WORKLOADS: Final = Reader(
    lambda value: tuple(_record(CustomWorkload, entry) for entry in _list(value)),
    "a list of {token, pod}, all texts, pod as spec.template.spec, with * for every entry of a list or a map",
)
NODE_AGENTS: Final = Reader(
    lambda value: tuple(_record(NodeAgent, entry) for entry in _list(value)),
    "a list of {workload, hostPath}, all texts, workload as kube-system/device-plugin-*",
)


def readers(fields: Mapping[str, Any]) -> dict[str, Reader]:
    """Return the readers of dataclass fields, by the name in the file (camelCase)."""
    return {camel(name): entry.metadata[READER] for name, entry in fields.items()}


def camel(name: str) -> str:
    """Return the spelling of a setting in the file."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)

"""One conversion of what the SDK hands a policy to plain data, with a marker for what is not known yet.

The SDK's proxies are no `dict` and no `list`, raise when an unknown value is read, and give every number as a float;
rules never see them. A rule reads a `Node`: a value with its path, which stays readable when a parent is absent,
unknown or of the wrong type, so that none of these can be mistaken for a good value.

Source: `pulumi_policy.proxy` 1.21 (the sentinels of unknown values, and `UnknownValueError`).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pulumi_policy import proxy

SENTINELS: Final = frozenset(
    {
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    }
)


class Marker:
    """A value that stands for the lack of one. It is neither true nor false: a rule that asks is wrong, and crashes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}>"

    def __bool__(self) -> bool:
        raise TypeError(f"{self} has no truth value: ask Node.unknown or Node.is_set")


UNKNOWN: Final = Marker("unknown")
"""Known only after the resource that yields it exists."""
MALFORMED: Final = Marker("malformed")
"""What is found inside a value that has no inside, such as a key of a string."""


def plain(value: Any) -> Any:
    """Return `value` as dicts, lists and scalars: unknown values as UNKNOWN, whole floats as int.

    Assets and archives are left as they are: no rule takes them for a string.
    """
    if isinstance(value, str):
        return UNKNOWN if value in SENTINELS else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): _read(value, key) for key in value}
    if isinstance(value, Sequence):
        return [_read(value, index) for index in range(len(value))]
    return value


def _read(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except proxy.UnknownValueError:
        return UNKNOWN


def describe(value: object) -> str:
    """Say what a value is like without saying what it is: any input may be a secret, and Analyze does not tell which.

    >>> describe("hunter2")
    'a string of 7 characters, sha256 f52fbd32…'
    """
    if value is None or isinstance(value, bool | Marker):
        return {True: "true", False: "false", None: "null"}[value] if not isinstance(value, Marker) else str(value)
    if isinstance(value, dict | list) and not value:
        return "an empty list or map"
    kind = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "a map"}.get(
        type(value), "a value"
    )
    text = value if isinstance(value, str) else json.dumps(value, default=repr, sort_keys=True)
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()  # JSON can hold half a character
    return f"{kind} of {len(text)} characters, sha256 {digest[:8]}…"


@dataclass(frozen=True, slots=True)
class Node:
    """A plain value and its path from the resource's inputs, such as `rules[0].bucketKeyEnabled`."""

    value: Any
    path: str
    inherited: bool = False
    """The value is UNKNOWN because one of its parents is; `path` is then that parent's."""

    def __getitem__(self, key: str) -> "Node":
        if self.value is UNKNOWN:
            return Node(UNKNOWN, self.path, inherited=True)
        path = f"{self.path}.{key}" if self.path else key
        if self.value is None:
            return Node(None, path)
        if not isinstance(self.value, dict):
            return Node(MALFORMED, self.path)
        return Node(self.value.get(key), path)

    def each(self) -> "tuple[Node, ...]":
        """Return the entries of a list. What is not a list counts as a list of one, null as an empty one."""
        if self.value is UNKNOWN:
            return (Node(UNKNOWN, self.path, inherited=True),)
        if isinstance(self.value, list):
            return tuple(Node(entry, f"{self.path}[{index}]") for index, entry in enumerate(self.value))
        return () if self.value is None else (self,)

    @property
    def unknown(self) -> bool:
        """Not known before the update."""
        return self.value is UNKNOWN

    @property
    def is_set(self) -> bool:
        """Present, known, not null, not empty."""
        return not isinstance(self.value, Marker) and self.value not in (None, "", [], {})

    @property
    def root(self) -> str:
        """The input property that holds this value: the key of the resource's property dependencies."""
        return self.path.split(".", 1)[0].split("[", 1)[0]

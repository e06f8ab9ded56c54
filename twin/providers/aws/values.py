"""Plain kinds of property values: what is allowed, and when two are the same."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from twin.providers.aws.documents import same_document
from twin.providers.wire import UNKNOWN

Problem = tuple[str, str]
"""Where (a property path as Pulumi writes it) and what is wrong there."""


Difference = tuple[str, str]
"""Where two values differ, and how: `ADD`, `DELETE` or `UPDATE`."""


def difference(old: Any, new: Any, path: str) -> Difference:
    """The difference between two values that have nothing in common."""
    return path, "ADD" if old is None else "DELETE" if new is None else "UPDATE"


def empty(value: Any) -> bool:
    """Nothing is said: absent, and what AWS answers instead of absent."""
    return value is not UNKNOWN and (value is None or value is False or value in ("", 0, [], {}, ()))


class Kind:
    """Base: a value that goes to the API and comes back as it is."""

    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        """What is wrong with a value; an unknown one is not judged."""
        raise NotImplementedError

    def to_api(self, value: Any, shape: Any) -> Any:  # noqa: ARG002 - for the kinds that need it
        """The value as the parameter of botocore shape `shape`."""
        return value

    def from_api(self, value: Any) -> Any:
        """The value as found in an answer."""
        return value

    def same(self, one: Any, other: Any) -> bool:
        """Whether both ask AWS for the same."""
        if one is UNKNOWN or other is UNKNOWN:
            return False
        return bool(one == other) or (empty(one) and empty(other))

    def worded(self, actual: Any, wording: Any) -> Any:
        """What AWS says, in the program's words (a policy's layout, the order of a set) wherever both are the same."""
        return wording if not empty(wording) and self.same(actual, wording) else actual

    def as_input(self, actual: Any, wanted: Any) -> Any:  # noqa: ARG002 - for the kinds that need it
        """What a program that wanted `wanted` would have to want for this to be there."""
        return actual

    def planned(self, before: Any, wanted: Any) -> Any:  # noqa: ARG002 - for the kinds that need it
        """What is there after an update to `wanted`, as far as that is known before."""
        return wanted

    def differences(self, old: Any, new: Any, path: str) -> Iterator[Difference]:
        """Where the two differ, as deep as can be told."""
        if not self.same(old, new):
            yield difference(old, new, path)

    def with_defaults(self, value: Any) -> Any:
        """The value with the defaults of nested properties filled in."""
        return value


@dataclass(frozen=True)
class Scalar(Kind):
    """A string, whole number, number or boolean."""

    name: str
    types: tuple[type, ...]

    @override
    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        if value is None or value is UNKNOWN:
            return
        if not isinstance(value, self.types) or (isinstance(value, bool) and bool not in self.types):
            yield path, f"expected a {self.name}, got {json.dumps(value, default=repr)}"

    @override
    def from_api(self, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if str in self.types and value is not None and not isinstance(value, str):
            return str(value)
        return value


STRING = Scalar("string", (str,))
INTEGER = Scalar("whole number", (int,))
NUMBER = Scalar("number", (int, float))
BOOLEAN = Scalar("boolean", (bool,))


@dataclass(frozen=True)
class Alike(Kind):
    """A string that AWS may write in another way: two are the same when they have the same canonical form."""

    canonical: Callable[[str], str]

    @override
    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        yield from STRING.problems(value, path)

    @override
    def same(self, one: Any, other: Any) -> bool:
        if isinstance(one, str) and isinstance(other, str):
            return self.canonical(one) == self.canonical(other)
        return super().same(one, other)


class Document(Kind):
    """A JSON text, as policies are; two that mean the same are no difference, whatever their layout and order.

    A program may give the object itself; it becomes its text, as with the official provider.
    """

    @override
    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        if value is None or value is UNKNOWN:
            return
        if isinstance(value, dict):
            return
        if not isinstance(value, str):
            yield path, f"expected a JSON text, got {json.dumps(value, default=repr)}"
            return
        try:
            json.loads(value)
        except ValueError as error:
            yield path, f"is not valid JSON: {error}"

    @override
    def from_api(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    @override
    def same(self, one: Any, other: Any) -> bool:
        if isinstance(one, str) and isinstance(other, str):
            return same_document(one, other)
        return super().same(one, other)

    @override
    def with_defaults(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return UNKNOWN if _holds_unknown(value) else json.dumps(value)


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_unknown(item) for item in value.values())
    return value is UNKNOWN or (isinstance(value, list) and any(_holds_unknown(item) for item in value))


JSON = Document()

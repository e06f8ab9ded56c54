"""Kinds of property values, and how they look in the AWS API: the plain ones, lists, maps and blocks.

Names in the API are found by comparing letters without case (`sseAlgorithm` is `SSEAlgorithm`); where the words
differ, the property names the API's own (`Property.api`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jmespath
from typing_extensions import override

from twin.providers.aws.values import (
    BOOLEAN,
    INTEGER,
    JSON,
    NUMBER,
    STRING,
    Alike,
    Difference,
    Kind,
    Problem,
    Scalar,
    difference,
    empty,
)
from twin.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from twin.providers.aws.schema import Property

__all__ = [
    "BOOLEAN",
    "INTEGER",
    "JSON",
    "NUMBER",
    "STRING",
    "Alike",
    "Block",
    "Difference",
    "Kind",
    "ListOf",
    "MapOf",
    "Problem",
    "Scalar",
    "empty",
    "member_of",
    "pair_names",
    "read_answer",
]


def member_of(shape: Any, name: str) -> tuple[str, Any] | None:
    """The member of a structure shape that bears this name, whatever its case."""
    if shape is None:
        return None
    members = shape.members
    if name in members:
        return name, members[name]
    folded = name.casefold()
    return next(((key, member) for key, member in members.items() if key.casefold() == folded), None)


@dataclass(frozen=True)
class ListOf(Kind):
    """A list; with `ordered=False` a set, whose order says nothing (what Terraform calls a set).

    `wrapped` names the list inside a structure, where the API has `{Quantity, Items}` or the like.
    """

    item: Kind
    ordered: bool = True
    wrapped: str = ""

    @override
    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        if value is None or value is UNKNOWN:
            return
        if not isinstance(value, list):
            yield path, f"expected a list, got {json.dumps(value, default=repr)}"
            return
        for index, item in enumerate(value):
            yield from self.item.problems(item, f"{path}[{index}]")

    @override
    def to_api(self, value: Any, shape: Any) -> Any:
        if self.wrapped:
            name, member = member_of(shape, self.wrapped) or (self.wrapped, None)
            return {name: [self.item.to_api(item, member and member.member) for item in value]}
        return [self.item.to_api(item, shape and shape.member) for item in value]

    @override
    def from_api(self, value: Any) -> Any:
        if self.wrapped:
            value = (value or {}).get(self.wrapped)
        return None if value is None else [self.item.from_api(item) for item in value]

    @override
    def same(self, one: Any, other: Any) -> bool:
        if not isinstance(one, list) or not isinstance(other, list):
            return super().same(one, other)
        if len(one) != len(other):
            return False
        if self.ordered:
            return all(self.item.same(a, b) for a, b in zip(one, other, strict=True))
        rest = list(other)
        for item in one:
            match = next((i for i, candidate in enumerate(rest) if self.item.same(item, candidate)), None)
            if match is None:
                return False
            del rest[match]
        return True

    @override
    def differences(self, old: Any, new: Any, path: str) -> Iterator[Difference]:
        if self.same(old, new):
            return
        if not isinstance(old, list) or not isinstance(new, list) or len(old) != len(new):
            yield difference(old, new, path)
            return
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from self.item.differences(a, b, f"{path}[{index}]")

    @override
    def with_defaults(self, value: Any) -> Any:
        return [self.item.with_defaults(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class MapOf(Kind):
    """Strings by name. As a parameter it becomes what the API's shape wants: a map, or a list of key and value."""

    item: Kind = STRING

    @override
    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        if value is None or value is UNKNOWN:
            return
        if not isinstance(value, dict):
            yield path, f"expected an object, got {json.dumps(value, default=repr)}"
            return
        for key, item in value.items():
            yield from self.item.problems(item, f"{path}.{key}")

    @override
    def to_api(self, value: Any, shape: Any) -> Any:
        if shape is None or shape.type_name != "list":
            return dict(value)
        key, content = pair_names(shape.member.members)
        return [{key: name, content: item} for name, item in sorted(value.items())]

    @override
    def from_api(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if not value:
            return {}
        key, content = pair_names(value[0])
        return {item[key]: item.get(content, "") for item in value}

    @override
    def differences(self, old: Any, new: Any, path: str) -> Iterator[Difference]:
        if not isinstance(old, dict) or not isinstance(new, dict):
            yield from super().differences(old, new, path)
            return
        for key in sorted(old.keys() | new.keys()):
            where = f"{path}.{key}" if key.isidentifier() else f'{path}["{key}"]'
            if key not in old or key not in new:
                yield where, "DELETE" if key in old else "ADD"
            elif not self.item.same(old[key], new[key]):
                yield where, "UPDATE"


def pair_names(members: Mapping[str, Any]) -> tuple[str, str]:
    """Which members of a tag structure hold the key and the value (`Key`/`Value`, `TagKey`/`TagValue`)."""
    key = next(name for name in members if name.casefold().endswith("key"))
    value = next((name for name in members if name.casefold().endswith("value")), "Value")
    return key, value


@dataclass(frozen=True)
class Block(Kind):
    """A nested object with properties of its own; a name it does not list is refused.

    An output in it (a cluster's `vpcConfig.vpcId`) is taken and not sent: the engine gives back what a read has told.
    With `only=True` the API has a list here that holds at most one of it (as an S3 bucket's encryption rules do).
    """

    properties: Mapping[str, Property]
    only: bool = False

    @override
    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        if value is None or value is UNKNOWN:
            return
        if not isinstance(value, dict):
            yield path, f"expected an object, got {json.dumps(value, default=repr)}"
            return
        for name, item in value.items():
            if name not in self.properties:
                allowed = ", ".join(sorted(self.properties))
                yield f"{path}.{name}", f"the twin's AWS provider does not model this property; here it knows {allowed}"
            else:
                yield from self.properties[name].kind.problems(item, f"{path}.{name}")
        for name, prop in self.properties.items():
            if prop.required and value.get(name) is None:
                yield f"{path}.{name}", "is required"

    @override
    def to_api(self, value: Any, shape: Any) -> Any:
        if self.only:
            return [self._structure(value, shape and shape.member)]
        return self._structure(value, shape)

    def _structure(self, value: Any, shape: Any) -> dict[str, Any]:
        result = {}
        for name, item in value.items():
            prop = self.properties[name]
            if item is not None and not prop.output:
                member, inner = member_of(shape, prop.api or name) or (prop.api or name, None)
                result[member] = prop.kind.to_api(item, inner)
        return result

    @override
    def from_api(self, value: Any) -> Any:
        if self.only:
            value = next(iter(value or ()), None)
        return None if value is None else read_answer(self.properties, value)

    @override
    def same(self, one: Any, other: Any) -> bool:
        return not any(True for _ in self.differences(one, other, ""))

    @override
    def worded(self, actual: Any, wording: Any) -> Any:
        """Part by part: what AWS fills in beside what the program said stays (a cluster's own security group)."""
        if not isinstance(actual, dict) or not isinstance(wording, dict):
            return super().worded(actual, wording)
        return actual | {
            name: self.properties[name].kind.worded(actual.get(name), value)
            for name, value in wording.items()
            if name in self.properties and not empty(value)
        }

    @override
    def as_input(self, actual: Any, wanted: Any) -> Any:
        """Without what AWS alone fills in: what was given, as it is now, and what somebody else has set since."""
        if not isinstance(actual, dict) or not isinstance(wanted, dict):
            return actual
        return {
            name: prop.kind.as_input(actual[name], wanted.get(name))
            for name, prop in self.properties.items()
            if actual.get(name) is not None
            and (name in wanted or not (prop.output or prop.computed or empty(actual[name])))
        }

    @override
    def planned(self, before: Any, wanted: Any) -> Any:
        """With what AWS alone filled in: the official provider's plan keeps it, whatever else changes in the block."""
        if not isinstance(before, dict) or not isinstance(wanted, dict):
            return wanted
        kept = {name: before[name] for name, prop in self.properties.items() if name in before and prop.computed}
        return kept | {
            name: self.properties[name].kind.planned(before.get(name), value) for name, value in wanted.items()
        }

    @override
    def differences(self, old: Any, new: Any, path: str) -> Iterator[Difference]:
        if old is UNKNOWN or new is UNKNOWN or (old is None) != (new is None):
            if not (empty(old) and empty(new)):
                yield difference(old, new, path)
            return
        if old is None:
            return
        for name, prop in self.properties.items():
            if prop.output or (prop.computed and new.get(name) is None):
                continue
            yield from prop.kind.differences(old.get(name), new.get(name), f"{path}.{name}")

    @override
    def with_defaults(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        filled = {
            name: self.properties[name].kind.with_defaults(item) if name in self.properties else item
            for name, item in value.items()
        }
        for name, prop in self.properties.items():
            if prop.default is not None and filled.get(name) is None:
                filled[name] = prop.default
        return filled


def read_answer(properties: Mapping[str, Property], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the properties that an answer of the API holds."""
    by_letters = {key.casefold(): value for key, value in answer.items()}
    found = {}
    for name, prop in properties.items():
        value = jmespath.search(prop.read, answer) if prop.read else by_letters.get((prop.api or name).casefold())
        if value is not None:
            found[name] = prop.kind.from_api(value)
    return found

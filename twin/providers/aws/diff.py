"""Diff: which properties differ, and which of them need a new resource."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twin.providers.aws.check import DEFAULTS
from twin.providers.aws.kinds import Block, ListOf, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twin.providers.aws.kinds import Kind
    from twin.providers.aws.schema import Property, ResourceType


@dataclass
class Difference:
    """What an update would change."""

    kinds: dict[str, str] = field(default_factory=dict)
    """By path: `ADD`, `DELETE` or `UPDATE`, with `_REPLACE` where it needs a new resource."""
    delete_before_replace: bool = False

    @property
    def replaces(self) -> list[str]:
        """Top-level properties that need a new resource."""
        return sorted({top(path) for path, kind in self.kinds.items() if kind.endswith("_REPLACE")})


def top(path: str) -> str:
    """The top-level property that a path is in."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def diff(
    resource: ResourceType,
    old_inputs: Mapping[str, Any],
    old_outputs: Mapping[str, Any],
    news: Mapping[str, Any],
    ignored: Iterable[str] = (),
) -> Difference:
    """Compare what is wanted with what was wanted; where nothing was said before, with what there is."""
    found = Difference()
    ignored = set(ignored)
    for name, prop in resource.input_properties().items():
        new = news.get(name)
        old = old_inputs.get(name)
        if old is None and new is not None:
            old = old_outputs.get(name)
        if new is None and (prop.computed or prop.autoname is not None or empty(old)):
            continue
        for path, kind in prop.kind.differences(old, new, name):
            if name in ignored or path in ignored:
                continue
            found.kinds[path] = kind + ("_REPLACE" if _replaces(prop, path) else "")
    if found.replaces:
        found.delete_before_replace = resource.delete_before_replace or _name_is_taken(resource, old_inputs, news)
    return found


def _replaces(prop: Property, path: str) -> bool:
    """Whether the property, or a nested one on the way to this path, forces a new resource."""
    if prop.replaces:
        return True
    kind: Kind = prop.kind
    for word in re.findall(r"\.(\w+)", path):
        while isinstance(kind, ListOf):
            kind = kind.item
        if not isinstance(kind, Block) or word not in kind.properties:
            return False
        if kind.properties[word].replaces:
            return True
        kind = kind.properties[word].kind
    return False


def _name_is_taken(resource: ResourceType, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """A name that the program gave and keeps is free for the new resource only once the old one is gone."""
    return any(
        prop.autoname is not None and name not in (news.get(DEFAULTS) or ()) and olds.get(name) == news.get(name)
        for name, prop in resource.properties.items()
        if news.get(name) is not None
    )


def inputs_from(resource: ResourceType, state: Mapping[str, Any], old_inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that would have led to this state.

    For a refresh: those that were given, as they are now, and what somebody else has set since. For an import (no old
    inputs): all that is not as it would be by itself.
    """
    inputs: dict[str, Any] = {}
    filled = set(old_inputs.get(DEFAULTS) or ())
    for name, prop in resource.input_properties().items():
        value = state.get(name)
        if name in old_inputs:
            if value is not None:
                inputs[name] = prop.kind.as_input(value, old_inputs[name])
        elif prop.autoname is not None or name == "region" or (prop.default is not None and value == prop.default):
            if value is not None:
                inputs[name] = value
                filled.add(name)
        elif name == "tagsAll" or (not prop.computed and not empty(value)):
            inputs[name] = value
    inputs[DEFAULTS] = sorted(filled & inputs.keys())
    return inputs

"""Diff: which properties differ, which of the differences the cluster would notice, and which need a new object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.providers.wire import UNKNOWN

_SERVER_SIDE = frozenset(["managedFields", "resourceVersion", "generation"])
"""Metadata that changes with every write."""


@dataclass
class Difference:
    """What an update would change."""

    kinds: dict[str, str] = field(default_factory=dict)
    """By path: `ADD`, `DELETE` or `UPDATE`, with `_REPLACE` where it needs a new object."""
    replaces: list[str] = field(default_factory=list)
    delete_before_replace: bool = False

    def replace(self, path: str) -> None:
        """Note that this difference needs a new object."""
        if not self.kinds[path].endswith("_REPLACE"):
            self.kinds[path] += "_REPLACE"
        if path not in self.replaces:
            self.replaces.append(path)


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each path at which two values differ, and how. What is absent and what is `None` are the same."""
    if old is UNKNOWN or new is UNKNOWN:
        if old is not new:
            yield path, "ADD" if old is None else "UPDATE"
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted(old.keys() | new.keys()):
            yield from differences(old.get(name), new.get(name), _member(path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from differences(_item(old, index), _item(new, index), f"{path}[{index}]")
    elif old is None and new is not None:
        yield path, "ADD"
    elif new is None and old is not None:
        yield path, "DELETE"
    elif old != new:
        yield path, "UPDATE"


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _member(path: str, name: str) -> str:
    if re.search(r'[."\[\]]', name):
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


def ignored(path: str, ignore: list[str]) -> bool:
    """Whether a path is one that the program ignores changes of, or inside one; `*` stands for any part."""
    parts = _parts(path)
    for pattern in map(_parts, ignore):
        if len(pattern) <= len(parts) and all(a in ("*", b) for a, b in zip(pattern, parts, strict=False)):
            return True
    return False


def _parts(path: str) -> list[str]:
    """`spec.template["a.b"][0]` as spec, template, a.b, 0."""
    return [
        quoted or index or plain for quoted, index, plain in re.findall(r'\["([^"]*)"\]|\[(\d+|\*)\]|([^.\[\]]+)', path)
    ]


def effective(before: Mapping[str, Any], after: Mapping[str, Any], manager: str) -> bool:
    """Whether an apply would change an object: its content, or which fields of it are this manager's.

    Who never applied to it, as after an import, owns none of its fields; to own them is then no change.
    """
    if _content(before) != _content(after):
        return True
    owned = _owned(before, manager)
    return owned is not None and owned != _owned(after, manager)


def _content(live: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in live.get("metadata", {}).items() if name not in _SERVER_SIDE}
    return {**live, "metadata": metadata, "status": None}


def _owned(live: Mapping[str, Any], manager: str) -> Any:
    for entry in live.get("metadata", {}).get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            return entry.get("fieldsV1")
    return None


def drifted(wanted: Any, before: Any, now: Any) -> Any:
    """The inputs as the world has them now: what differs from what the world was before is taken over, no more.

    So a field keeps the program's wording (`1000m`) while the API server's (`1`) stays as it was.

    Args:
        wanted: the inputs so far.
        before: the object when they had been applied.
        now: the object.
    """
    if before == now:
        return wanted
    if isinstance(wanted, Mapping) and isinstance(now, Mapping):
        earlier = before if isinstance(before, Mapping) else {}
        merged = {name: drifted(value, earlier.get(name), now.get(name)) for name, value in wanted.items()}
        return {name: value for name, value in merged.items() if value is not None}
    lists = isinstance(wanted, list) and isinstance(before, list) and isinstance(now, list)
    if lists and len(wanted) == len(before) == len(now):
        return [drifted(*items) for items in zip(wanted, before, now, strict=True)]
    return now

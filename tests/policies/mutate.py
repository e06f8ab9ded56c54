"""Paths into the inputs of a case, and the mutants of a good resource."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

ABSENT = object()
_STEP = re.compile(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)')


def steps(path: str) -> list[str | int]:
    """Return the keys and indexes of a path such as `rules[0]["key.with.dots"].bucketKeyEnabled`."""
    return [int(index) if index else quoted or key for quoted, index, key in _STEP.findall(path)]


def changed(props: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of `props` with `value` at `path`, or without it for ABSENT."""
    copied: dict[str, Any] = copy.deepcopy(dict(props))
    *parents, last = steps(path)
    target: Any = copied
    for step in parents:
        target = target.setdefault(step, {}) if isinstance(target, dict) else target[step]
    if value is not ABSENT:
        target[last] = value
    elif isinstance(target, list):
        del target[int(last)]
    else:
        target.pop(last, None)
    return copied


def value_at(props: Mapping[str, Any], path: str) -> Any:
    """Return what is at `path`."""
    value: Any = props
    for step in steps(path):
        value = value[step]
    return value


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every scalar."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            step = f'["{key}"]' if "." in key else f".{key}" if path else key
            yield from leaves(entry, f"{path}{step}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from leaves(entry, f"{path}[{index}]")
    else:
        yield path


def flipped(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    return -1 if isinstance(value, int) else f"not-{value}"

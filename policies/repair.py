"""What repairs are made of.

A repair sees the SDK's mutable inputs: an unknown value is one of the SDK's sentinels there, a secret is unwrapped when
it is read and stays one when it is written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from policies.values import SENTINELS


def is_known(value: object) -> bool:
    """Whether a value is no sentinel: what is not known yet is left alone."""
    return not isinstance(value, str) or value not in SENTINELS


def put(props: Any, key: str, value: object, *, unless: Callable[[Any], bool]) -> bool:
    """Set an input unless it is right, or not known yet. Return whether it changed."""
    current = props.get(key)
    if not is_known(current) or unless(current):
        return False
    props[key] = value
    return True


def switch_on(props: Any, *keys: str) -> bool:
    """Set inputs to true. Return whether one changed."""
    changed = [put(props, key, True, unless=lambda value: value is True) for key in keys]
    return any(changed)


def switch_on_again(props: Any, *keys: str) -> bool:
    """Set inputs to true that are on when they are absent. Return whether one changed."""
    changed = [put(props, key, True, unless=lambda value: value is None or value is True) for key in keys]
    return any(changed)


def maps(entries: Any) -> Iterator[Any]:
    """Yield the entries of a list that are maps; none of what is no list, or not known yet."""
    if isinstance(entries, Sequence) and not isinstance(entries, str):
        yield from (entry for entry in (entries[index] for index in range(len(entries))) if isinstance(entry, Mapping))

"""Makes the SDK read a request once instead of once for every policy.

The stock servicer turns the properties of a request into dicts, and wraps these in proxies, again for each policy: with
100 policies, 29 ms a resource. Three functions that it calls are replaced by ones that remember
their last answers by the identity of what they were given. They are private names, so the SDK is pinned, `install` says
whether it did its work, and with another SDK everything runs as the SDK has it.

A proxy is then shared by all policies of a request: no rule may write to it (rules get plain data).
Source: `pulumi_policy.policy` 1.21.0, _PolicyAnalyzerServicer.Analyze and AnalyzeStack.
"""

import threading
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, Final

from google.protobuf import json_format
from pulumi_policy import policy as sdk

SDK_VERSION: Final = "1.21.0"
_NAMES: Final = ("json_format", "deserialize_properties", "unknown_checking_proxy")
LIMIT: Final = 20_000
"""Remembered answers of one thread; a request beyond it is read as the SDK reads it."""


class _Cache(threading.local):
    """Answers of the request that this thread works on: the argument itself is kept, so its id stays its own."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, int], tuple[Any, Any]] = {}


_cache = _Cache()


class _Remembering:
    """A function that remembers what it made of an argument."""

    def __init__(self, stock: Callable[..., Any]) -> None:
        self.stock = stock

    def __call__(self, argument: Any, *options: Any) -> Any:
        if options:  # secrets are kept apart: the answer is changed by its reader
            return self.stock(argument, *options)
        key = (self.stock.__name__, id(argument))
        known = _cache.answers.get(key)
        if known is not None and known[0] is argument:
            return known[1]
        answer = self.stock(argument)
        if len(_cache.answers) < LIMIT:
            _cache.answers[key] = (argument, answer)
        return answer


def forget() -> None:
    """Drop what this thread remembers, at the end of a request."""
    _cache.answers.clear()


def install() -> bool:
    """Replace the three functions. False: the SDK is not the one that this was written for, and stays as it is."""
    if version("pulumi-policy") != SDK_VERSION or not all(hasattr(sdk, name) for name in _NAMES):
        return False
    if not is_active():
        vars(sdk)["json_format"] = SimpleNamespace(MessageToDict=_Remembering(json_format.MessageToDict))
        for name in _NAMES[1:]:
            vars(sdk)[name] = _Remembering(getattr(sdk, name))
    return True


def is_active() -> bool:
    """Whether the SDK's servicer uses the replaced functions."""
    return isinstance(vars(sdk)[_NAMES[-1]], _Remembering)


def uninstall() -> None:
    """Give the SDK its own functions back, for a comparison of the two."""
    if is_active():
        vars(sdk)["json_format"] = json_format
        for name in _NAMES[1:]:
            vars(sdk)[name] = vars(sdk)[name].stock
        forget()

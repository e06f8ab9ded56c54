"""The inputs of an object that was read: as they would have led to what is there."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from twin.providers.kubernetes.diff import drifted
from twin.providers.kubernetes.objects import READ_ONLY

_NOT_WANTED = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")
"""Annotations that are book-keeping, no wish."""


def refreshed(inputs: dict[str, Any], before: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with what somebody else has changed of them.

    Args:
        inputs: those of the state, as the API writes them.
        before: the object of the state.
        live: the object.
    """
    found: dict[str, Any] = drifted(inputs, before, live)
    if "stringData" in inputs:
        found["stringData"] = _string_data(inputs["stringData"], before.get("data") or {}, live.get("data") or {})
    return found


def _string_data(wanted: Mapping[str, str], before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """`stringData` is only ever written; what it wrote is in `data`."""
    found = {}
    for name, value in wanted.items():
        if now.get(name) == before.get(name):
            found[name] = value
        elif name in now:
            found[name] = base64.b64decode(now[name]).decode(errors="replace")
    return found


def imported(live: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of an object that the program has not known so far: all of it but what the cluster itself writes."""
    found = {name: value for name, value in live.items() if name != "status"}
    metadata = {name: value for name, value in live["metadata"].items() if name not in READ_ONLY}
    annotations = {k: v for k, v in (metadata.pop("annotations", None) or {}).items() if k not in _NOT_WANTED}
    return {**found, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}

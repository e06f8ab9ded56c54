"""Which properties are secrets: what arrived as one stays one, and the data of a Secret always is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.providers.wire import Path, Properties


def paths(values: Mapping[str, Any], *given: Properties) -> frozenset[Path]:
    """Where the secrets are in these values, of which some came from what was given."""
    found = frozenset().union(*(properties.secret_paths for properties in given))
    if values.get("kind") == "Secret" and values.get("apiVersion") == "v1":
        found |= {("data",), ("stringData",)}
    return found

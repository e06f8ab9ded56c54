"""Inputs of the SDK's resources, where its types cost more than they find."""

from typing import Any


def untyped(inputs: Any) -> Any:
    """Return what is given: mypy takes minutes and gigabytes for nested literals of the SDK's types."""
    return inputs

"""Attributes of SQS and SNS, which are text on the wire whatever they are."""

from typing import Any

from twin.providers.aws.kinds import BOOLEAN, INTEGER, Kind


def text_of(value: Any) -> str:
    """A property's value as an attribute."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_of(kind: Kind, text: str) -> Any:
    """An attribute as a property of a kind."""
    if kind is BOOLEAN:
        return text == "true"
    return int(text) if kind is INTEGER else text

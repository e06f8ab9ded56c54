"""What a resource is charged for: how much of which price. Which price that is in dollars is no matter of this module.

A charge whose amount cannot be told, because a value is not known before the update or is a secret, says so: it is
named in every estimate and never counted as nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, TypeAlias

from groundwork.cost.use import Use
from groundwork.events import name_of
from groundwork.policy.sources import Saved
from policies.values import Node, plain

HOURS: Final = Decimal(730)
"""Hours in a month, as AWS' own calculator counts them."""


@dataclass(frozen=True)
class Charge:
    """An amount of something that has a price."""

    price: str
    """Id in the price table."""
    quantity: Decimal | None
    """In the unit of the price; None: not known."""
    unknown: str = ""
    """Why it is not known."""


@dataclass(frozen=True)
class Resource:
    """A resource as charges see it."""

    saved: Saved
    siblings: Sequence[Saved]
    """The resources with the same parent, itself included."""

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.saved.urn)

    @cached_property
    def inputs(self) -> Node:
        """What the program asks for; a value may be unknown."""
        return Node(plain(dict(self.saved.inputs)), "")

    def __getitem__(self, key: str) -> Node:
        return self.inputs[key]


ChargesOf: TypeAlias = Callable[[Resource, Use], Iterator[Charge]]
ByType: TypeAlias = Mapping[str, ChargesOf]


def number(node: Node, default: int | None = None) -> Decimal | None:
    """Return a number; None where it is not known or is none. An absent one is the default."""
    value: Any = node.value
    if value is None and default is not None:
        return Decimal(default)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return None


def times(price: str, node: Node, factor: Decimal | int = 1, default: int | None = None) -> Charge:
    """Return a charge for a number that the program gives, times a factor."""
    found = number(node, default)
    if found is None:
        return Charge(price, None, f"{node.path} is not known")
    return Charge(price, found * factor)

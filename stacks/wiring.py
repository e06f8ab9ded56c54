"""Which component gets what from which, layer by layer: each layer is wired to the ones before it."""

from dataclasses import dataclass

from stacks.access import Access, build_access
from stacks.data import Data, build_data
from stacks.foundation import Foundation, build_foundation
from stacks.settings import StackSettings


@dataclass(frozen=True)
class Platform:
    """An environment: all of its components."""

    foundation: Foundation
    data: Data
    access: Access


def build(settings: StackSettings) -> Platform:
    """Register everything that an environment consists of."""
    foundation = build_foundation(settings)
    return Platform(foundation, build_data(settings, foundation), build_access(settings, foundation))

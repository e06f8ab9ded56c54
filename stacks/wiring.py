"""Which component gets what from which, layer by layer: each layer is wired to the ones before it."""

from dataclasses import dataclass

from stacks.access import Access, build_access
from stacks.cluster import Kubernetes, build_cluster
from stacks.data import Data, build_data
from stacks.foundation import Foundation, build_foundation
from stacks.settings import StackSettings


@dataclass(frozen=True)
class Platform:
    """An environment: all of its components."""

    foundation: Foundation
    access: Access
    kubernetes: Kubernetes
    data: Data


def build(settings: StackSettings) -> Platform:
    """Register everything that an environment consists of."""
    foundation = build_foundation(settings)
    access = build_access(settings, foundation)
    kubernetes = build_cluster(settings, foundation, access)
    return Platform(foundation, access, kubernetes, build_data(settings, foundation, kubernetes))

"""Which component gets what from which, layer by layer: each layer is wired to the ones before it."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.registry.tensorboard import TensorBoard
from components.runners.runner_pool import RunnerPool
from stacks.access import Access, build_access
from stacks.cluster import Kubernetes, build_cluster
from stacks.data import Data, build_data
from stacks.foundation import Foundation, build_foundation
from stacks.inside import Inside, build_inside
from stacks.logs import build_logs
from stacks.monitoring import Monitoring, build_monitoring
from stacks.registry import Registry, build_registry
from stacks.runners import build_runners
from stacks.search import build_search
from stacks.settings import StackSettings
from stacks.teams import Teams, build_teams
from stacks.tensorboard import build_tensorboards
from stacks.tracking import Before, Tracking, build_tracking


@dataclass(frozen=True)
class Platform:
    """An environment: all of its components."""

    foundation: Foundation
    access: Access
    kubernetes: Kubernetes
    data: Data
    registry: Registry
    inside: Inside
    teams: Teams
    tensorboards: Mapping[str, TensorBoard]
    """By team; none where the settings have none."""
    tracking: Tracking | None
    """None where the settings have no tracking server."""
    monitoring: Monitoring
    runners: Mapping[str, RunnerPool]
    """By the name of the pool; none where the settings have none."""


def build(settings: StackSettings) -> Platform:
    """Register everything that an environment consists of."""
    foundation = build_foundation(settings)
    access = build_access(settings, foundation)
    kubernetes = build_cluster(settings, foundation, access)
    data = build_data(settings, foundation, kubernetes)
    registry = build_registry(settings, foundation)
    inside = build_inside(settings, foundation, kubernetes)
    teams = build_teams(settings, foundation, kubernetes, inside)
    tensorboards = build_tensorboards(settings, foundation, kubernetes, data, teams)
    tracking = build_tracking(settings, Before(foundation, kubernetes, data, registry, inside, teams))
    monitoring = build_monitoring(settings, foundation, kubernetes, inside)
    build_logs(settings, foundation, kubernetes, build_search(settings, foundation, kubernetes, teams, monitoring))
    runners = build_runners(settings, foundation, kubernetes, inside)
    return Platform(
        foundation, access, kubernetes, data, registry, inside, teams, tensorboards, tracking, monitoring, runners
    )

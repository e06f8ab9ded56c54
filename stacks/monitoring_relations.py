"""What monitoring demands of other settings. `stacks.relations` lists these with the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stacks.problems import Problem

if TYPE_CHECKING:
    from stacks.settings import StackSettings


def pods_reach_cloudwatch(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Network policies let pods reach the VPC's endpoints, and CloudWatch is reached by no other way."""
    endpoints = settings.network.interface_endpoints
    if settings.monitoring.cloudwatch_exporter and "monitoring" not in endpoints:
        yield Problem(
            path=("network", "interface_endpoints"),
            value=list(endpoints),
            what="monitoring must be here too with a monitoring.cloudwatch_exporter: it asks CloudWatch, and pods "
            "reach no other address of it",
        )


def what_shows_metrics_has_them(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Grafana and the exporters are nothing without Prometheus."""
    for part in ("grafana", "cloudwatch_exporter"):
        if settings.monitoring.metrics is None and getattr(settings.monitoring, part) is not None:
            yield Problem(
                path=("monitoring", part),
                what="it is nothing without monitoring.metrics: add that, or set this to null",
            )

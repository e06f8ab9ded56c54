"""What monitoring demands of other settings. `stacks.relations` lists these with the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from components.monitoring import alertmanager, prometheus
from components.monitoring.alertmanager_configuration import has_sns
from components.scraping import MONITORING_NAMESPACE
from components.security.workload_identity import PodIdentityTrust
from stacks.problems import Path, Problem
from stacks.search_relations import SEARCH, search_of

if TYPE_CHECKING:
    from stacks.settings import StackSettings

METRICS: Path = ("monitoring", "metrics")
LEAST_REPLICAS = 2


def pods_reach_cloudwatch(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Network policies let pods reach the VPC's endpoints, and CloudWatch and STS are reached by no other way."""
    endpoints = settings.network.interface_endpoints
    for endpoint, why in (("monitoring", "it asks CloudWatch"), ("sts", "it asks STS for the account before all else")):
        if settings.monitoring.cloudwatch_exporter and endpoint not in endpoints:
            yield Problem(
                path=("network", "interface_endpoints"),
                value=list(endpoints),
                what=f"{endpoint} must be here too with a monitoring.cloudwatch_exporter: {why}, and pods reach no "
                "other address of it",
            )


def what_shows_metrics_has_them(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Grafana and the exporters are nothing without Prometheus."""
    for part in ("grafana", "cloudwatch_exporter"):
        if settings.monitoring.metrics is None and getattr(settings.monitoring, part) is not None:
            yield Problem(
                path=("monitoring", part),
                what="it is nothing without monitoring.metrics: add that, or set this to null",
            )


def monitoring_images(settings: StackSettings) -> Iterator[tuple[Path, str]]:
    """Yield the images of monitoring with the setting that names each; those that are ours by default too."""
    metrics = settings.monitoring.metrics
    if metrics:
        yield (*METRICS, "prometheus", "image"), metrics.prometheus.image or prometheus.IMAGE
        yield (*METRICS, "alertmanager", "image"), metrics.alertmanager.image or alertmanager.IMAGE
        state = settings.monitoring.exporters.kube_state_metrics
        yield ("monitoring", "exporters", "kube_state_metrics", "image"), state.image
    if settings.monitoring.cloudwatch_exporter:
        yield ("monitoring", "cloudwatch_exporter", "image"), settings.monitoring.cloudwatch_exporter.image
    search = search_of(settings)
    if search:
        yield (*SEARCH, "setup_image"), search.setup_image
    if settings.monitoring.grafana:
        yield ("monitoring", "grafana", "image"), settings.monitoring.grafana.image


def alarms_find_their_way(settings: StackSettings, _: str) -> Iterable[Problem]:
    """SNS is reached by its endpoint, or by NAT."""
    metrics, network = settings.monitoring.metrics, settings.network
    if metrics and has_sns(metrics.alertmanager) and network.nat == "none" and "sns" not in network.interface_endpoints:
        yield Problem(
            path=("network", "interface_endpoints"),
            value=list(network.interface_endpoints),
            what="sns must be here too without NAT: Alertmanager could tell nobody",
        )


def its_namespace_is_its_own(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Exporters there may speak of others, and its pods are heard by Prometheus."""
    for name, workload in settings.workloads.items() if settings.monitoring.metrics else ():
        if isinstance(workload.trust, PodIdentityTrust) and workload.trust.namespace == MONITORING_NAMESPACE:
            yield Problem(
                path=("workloads", name, "trust", "namespace"),
                value=MONITORING_NAMESPACE,
                what="it is the namespace of monitoring: a workload has one of its own",
            )


def production_is_watched_without_a_pause(settings: StackSettings, stack: str) -> Iterable[Problem]:
    """The loss of a node stops neither; somebody hears what is critical, and somebody hears silence."""
    metrics = settings.monitoring.metrics
    if metrics is None or not settings.environment == stack == "prod":
        return
    told: dict[str, Any] = {"prometheus": metrics.prometheus, "alertmanager": metrics.alertmanager}
    for part, its in told.items():
        if its.replicas < LEAST_REPLICAS:
            yield Problem(
                path=(*METRICS, part, "replicas"),
                value=its.replicas,
                what=f"prod needs {LEAST_REPLICAS} or more: with one pod, the loss of its node is told to nobody",
            )
    if metrics.alertmanager.heartbeat is None:
        yield Problem(
            path=(*METRICS, "alertmanager", "heartbeat"), what="prod needs one: else nobody notices when alerts stop"
        )
    receivers = metrics.alertmanager.receivers
    if not any("critical" in one.severities and not one.teams for one in receivers.values()):
        yield Problem(
            path=(*METRICS, "alertmanager", "receivers"),
            value=sorted(receivers),
            what="prod needs one that gets critical alerts of all teams: severities with critical, and no teams",
        )

"""The layer of monitoring: the namespace `monitoring` and each part that the settings have.

A part is a component under components/monitoring/. What all of them are wired to is a `MonitoringPlace`; a part takes
from it what it needs, so that one more is one more field of `Monitoring` and a few lines here.
"""

from dataclasses import dataclass

import pulumi

from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs, QuotaSettings
from components.monitoring.alertmanager import SECRET
from components.monitoring.alertmanager_configuration import secret_entries
from components.monitoring.database_limits import connections_of
from components.monitoring.grafana import Grafana
from components.monitoring.heartbeat import Heartbeat, HeartbeatArgs
from components.monitoring.metrics_settings import MetricsSettings
from components.monitoring.metrics_stack import NAME, MetricsStack, MetricsStackArgs, alertmanager_role_arn
from components.monitoring.onlookers import Onlooker, Onlookers, OnlookersArgs
from components.naming import cluster_name
from components.scraping import MONITORING_NAMESPACE
from components.security.secret import ManagedSecret
from components.tags import DataClass
from components.teams.personas import PLATFORM_PERSONAS, group
from stacks.cluster import Kubernetes
from stacks.exporters import Exporters, build_exporters
from stacks.foundation import Foundation
from stacks.grafana import build_grafana
from stacks.handed_secrets import handed_secret
from stacks.inside import Inside, egress_ranges
from stacks.settings import StackSettings

QUOTA = QuotaSettings(cpu=32, memory_gib=128, pods=50, storage_gib=2500)
"""Of the namespace: two of Prometheus at their largest, and what stands around them."""


@dataclass(frozen=True)
class MonitoringPlace:
    """What the parts of monitoring are wired to."""

    settings: StackSettings
    foundation: Foundation
    kubernetes: Kubernetes
    namespace: GuardedNamespace
    """`monitoring`, closed: each part makes its own network policies, service accounts and roles in it."""

    @property
    def cluster(self) -> str:
        """The cluster's name, known beforehand."""
        return cluster_name(self.settings.environment)

    @property
    def after(self) -> tuple[pulumi.Resource, ...]:
        """What the objects of a part in the namespace are made after."""
        return (self.namespace,)


@dataclass(frozen=True)
class Monitoring:
    """What watches the platform. A part is None where the settings have none."""

    namespace: GuardedNamespace | None
    metrics: MetricsStack | None = None
    exporters: Exporters | None = None
    grafana: Grafana | None = None


def build_monitoring(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, inside: Inside
) -> Monitoring:
    """Make the parts that the settings have, and the namespace if one of them has pods there."""
    if settings.monitoring.metrics is None:
        return Monitoring(None)
    namespace = GuardedNamespace(
        "namespace-monitoring",
        GuardedNamespaceArgs(
            namespace=MONITORING_NAMESPACE,
            quota=QUOTA,
            vpc_cidr=foundation.network.vpc_cidr,
            egress_ranges=egress_ranges(settings),
            open_inside=False,
            platform_priority=True,
            after=inside.before,
        ),
        kubernetes.opts,
    )
    place = MonitoringPlace(settings, foundation, kubernetes, namespace)
    _onlookers(place)
    wired = (settings, foundation, kubernetes, place.after)
    return Monitoring(
        namespace,
        metrics=_metrics(settings.monitoring.metrics, place),
        exporters=build_exporters(*wired),
        grafana=build_grafana(*wired),
    )


def _onlookers(place: MonitoringPlace) -> None:
    """Let those of the platform's people look who may."""
    onlookers: dict[str, Onlooker] = {
        persona: Onlooker(group=group(persona), rules=PLATFORM_PERSONAS[persona].watching)
        for persona in place.settings.people
        if PLATFORM_PERSONAS[persona].watching
    }
    if onlookers:
        Onlookers("onlookers", OnlookersArgs(onlookers=onlookers, after=place.after), place.kubernetes.opts)


def _metrics(metrics: MetricsSettings, place: MonitoringPlace) -> MetricsStack:
    settings, foundation, kubernetes = place.settings, place.foundation, place.kubernetes
    return MetricsStack(
        NAME,
        MetricsStackArgs(
            settings=metrics,
            runbooks_url=settings.monitoring.runbooks_url,
            database_connections=connections_of(settings.database.instance_class),
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            cluster=place.cluster,
            cluster_name=kubernetes.cluster_name,
            vpc_cidr=foundation.network.vpc_cidr,
            api_server_range=f"{settings.cluster.service_cidr[1]}/32",
            sns_endpoint="sns" in settings.network.interface_endpoints,
            after=(*place.after, foundation.alarms, *_heartbeat(metrics, place), *_receivers_secret(metrics, place)),
        ),
        kubernetes.opts,
    )


def _heartbeat(metrics: MetricsSettings, place: MonitoringPlace) -> tuple[Heartbeat, ...]:
    """Make the dead man's switch of AWS if the settings have that one."""
    settings, foundation, heartbeat = place.settings, place.foundation, metrics.alertmanager.heartbeat
    if heartbeat is None or heartbeat.kind != "sns":
        return ()
    switch = Heartbeat(
        "heartbeat",
        HeartbeatArgs(
            every_minutes=heartbeat.every_minutes,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,
            alarms_topic_arn=foundation.alarms.topic_arn,
            publisher_role_arn=alertmanager_role_arn(settings.account_id, settings.environment),
            runbooks_url=settings.monitoring.runbooks_url,
        ),
        foundation.opts,
    )
    return (switch,)


def _receivers_secret(metrics: MetricsSettings, place: MonitoringPlace) -> tuple[ManagedSecret, ...]:
    """Make the secret of the receivers if one of them has one; its value is for the people whose it is."""
    settings, foundation = place.settings, place.foundation
    if not secret_entries(metrics.alertmanager):
        return ()
    secret = handed_secret(
        settings,
        foundation,
        SECRET,
        description=f"receivers of alerts of Groundwork {settings.environment}",
        reader_arn=alertmanager_role_arn(settings.account_id, settings.environment),
        people="receivers-of-alerts",
    )
    return (secret,)

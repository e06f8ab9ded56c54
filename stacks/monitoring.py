"""The layer of monitoring: the namespace `monitoring` and each part that the settings have.

A part is a component under components/monitoring/. What all of them are wired to is a `MonitoringPlace`; a part takes
from it what it needs, so that one more is one more field of `Monitoring` and a few lines here.
"""

from dataclasses import dataclass

import pulumi

from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs, QuotaSettings
from components.naming import cluster_name
from components.scraping import MONITORING_NAMESPACE
from stacks.cluster import Kubernetes
from stacks.foundation import Foundation
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
            after=inside.before,
        ),
        kubernetes.opts,
    )
    place = MonitoringPlace(settings, foundation, kubernetes, namespace)
    del place
    return Monitoring(namespace)

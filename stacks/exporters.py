"""What tells Prometheus of the cluster, its nodes, their GPUs and of what AWS runs for the platform."""

from dataclasses import dataclass

import pulumi

from components.monitoring.cloudwatch_exporter import (
    CloudWatchExporter,
    CloudWatchExporterArgs,
    CloudWatchExporterSettings,
)
from components.monitoring.cloudwatch_metrics import WatchedResources
from components.monitoring.dcgm_exporter import DcgmExporter, DcgmExporterArgs
from components.monitoring.kube_state_metrics import KubeStateMetrics, KubeStateMetricsArgs
from components.monitoring.node_exporter import NodeExporter, NodeExporterArgs
from components.naming import physical_name
from components.registry.database import IDENTIFIER_LIMIT
from components.registry.event_queue import dead_letter_queue_name, queue_name
from components.runners.codebuild_settings import CodeBuildSettings, codebuild_project_name
from stacks.cluster import Kubernetes
from stacks.data import DATABASE
from stacks.foundation import Foundation
from stacks.runner_relations import component_name
from stacks.settings import StackSettings, StoresSettings
from stacks.store_names import store_bucket_name


@dataclass(frozen=True)
class Exporters:
    """What exposes metrics of others."""

    kube_state_metrics: KubeStateMetrics
    node_exporter: NodeExporter
    dcgm_exporter: DcgmExporter | None
    """None where no pool has GPUs."""
    cloudwatch_exporter: CloudWatchExporter | None
    """None where the settings have none."""


def build_exporters(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, after: tuple[pulumi.Resource, ...]
) -> Exporters:
    """Make them; what runs in the namespace `monitoring` comes after it."""
    exporters, cloudwatch = settings.monitoring.exporters, settings.monitoring.cloudwatch_exporter
    return Exporters(
        KubeStateMetrics(
            "kube-state-metrics",
            KubeStateMetricsArgs(
                settings=exporters.kube_state_metrics,
                api_server_range=f"{settings.cluster.service_cidr[1]}/32",
                after=after,
            ),
            kubernetes.opts,
        ),
        NodeExporter("node-exporter", NodeExporterArgs(settings=exporters.node_exporter), kubernetes.opts),
        DcgmExporter("dcgm-exporter", DcgmExporterArgs(settings=exporters.dcgm_exporter), kubernetes.opts)
        if settings.gpu_node_pools
        else None,
        _cloudwatch(cloudwatch, settings, foundation, kubernetes, after) if cloudwatch else None,
    )


def watched_resources(settings: StackSettings) -> WatchedResources:
    """Return what the environment has that CloudWatch measures, by the names that it will have."""
    server = settings.tracking_server
    return WatchedResources(
        databases=(physical_name(settings.environment, DATABASE, limit=IDENTIFIER_LIMIT),),
        queues=(queue_name(settings.environment), dead_letter_queue_name(settings.environment)),
        buckets=tuple(store_bucket_name(settings, store) for store in StoresSettings.model_fields),
        build_projects=tuple(
            codebuild_project_name(settings.environment, component_name(name))
            for name, pool in settings.runners.items()
            if isinstance(pool, CodeBuildSettings)
        ),
        certificates=(server.load_balancer.certificate_arn,) if server and server.load_balancer else (),
    )


def _cloudwatch(
    cloudwatch: CloudWatchExporterSettings,
    settings: StackSettings,
    foundation: Foundation,
    kubernetes: Kubernetes,
    after: tuple[pulumi.Resource, ...],
) -> CloudWatchExporter:
    return CloudWatchExporter(
        "cloudwatch-exporter",
        CloudWatchExporterArgs(
            settings=cloudwatch,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            cluster_name=kubernetes.cluster_name,
            resources=watched_resources(settings),
            after=after,
        ),
        kubernetes.opts,
    )

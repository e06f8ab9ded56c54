"""The layer of logs: what all pods say, taken off the nodes."""

import pulumi

from components.monitoring.log_stack import LogStack, LogStackArgs
from components.tags import DataClass
from stacks.cluster import Kubernetes
from stacks.foundation import Foundation
from stacks.settings import StackSettings


def build_logs(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, search_host: pulumi.Output[str] | None
) -> None:
    """Make the log groups, and Fluent Bit on every node, if the settings have them."""
    logs = settings.monitoring.logs
    if logs is None:
        return
    LogStack(
        "logs",
        LogStackArgs(
            settings=logs,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            cluster_name=kubernetes.cluster_name,
            key_arns={name: foundation.keys[DataClass(name)].arn for name in logs.retention_in_days},
            search_host=search_host,
        ),
        kubernetes.opts,
    )

"""Prometheus and Alertmanager with the values that every test of them needs."""

from typing import Any

import pulumi

from components.monitoring.metrics_settings import MetricsSettings
from components.monitoring.metrics_stack import NAME, MetricsStack, MetricsStackArgs
from tests.support.recorder import ACCOUNT_ID, REGION, run_program

RUNBOOKS = "https://example.org/runbooks"
TOPICS = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:groundwork-dev"


def build(settings: dict[str, Any] | None = None, *, sns_endpoint: bool = True) -> MetricsStack:
    """Register them. `settings` as a stack file has them."""
    args = MetricsStackArgs(
        settings=MetricsSettings.model_validate(settings or {}),
        runbooks_url=RUNBOOKS,
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn="boundary",
        cluster="groundwork-dev",
        cluster_name=pulumi.Output.from_input("groundwork-dev"),
        vpc_cidr="10.20.0.0/16",
        api_server_range="172.20.0.1/32",
        sns_endpoint=sns_endpoint,
    )
    return run_program(lambda: MetricsStack(NAME, args))

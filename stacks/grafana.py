"""Grafana, and the secret of its client at the provider of identities where people sign in."""

import pulumi

from components.monitoring.grafana import APPLICATION, SECRET, Grafana, GrafanaArgs, role_arn
from components.monitoring.grafana_settings import GrafanaSettings
from components.monitoring.network import PROMETHEUS_PORT
from components.scraping import MONITORING_NAMESPACE, PROMETHEUS
from components.security.secret import ManagedSecret
from stacks.cluster import Kubernetes
from stacks.foundation import Foundation
from stacks.handed_secrets import handed_secret
from stacks.settings import StackSettings

PROMETHEUS_URL = f"http://{PROMETHEUS}.{MONITORING_NAMESPACE}:{PROMETHEUS_PORT}"


def build_grafana(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, after: tuple[pulumi.Resource, ...]
) -> Grafana | None:
    """Make it, if the settings have one."""
    grafana = settings.monitoring.grafana
    if grafana is None:
        return None
    return Grafana(
        APPLICATION,
        GrafanaArgs(
            settings=grafana,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            cluster_name=kubernetes.cluster_name,
            prometheus_url=PROMETHEUS_URL,
            after=(*after, *_secret(grafana, settings, foundation)),
        ),
        kubernetes.opts,
    )


def _secret(grafana: GrafanaSettings, settings: StackSettings, foundation: Foundation) -> tuple[ManagedSecret, ...]:
    if grafana.oidc is None:
        return ()
    secret = handed_secret(
        settings,
        foundation,
        SECRET,
        description=f"Grafana's client at the provider of identities, Groundwork {settings.environment}",
        reader_arn=role_arn(settings.account_id, settings.environment, APPLICATION),
        people="provider-of-identities",
    )
    return (secret,)

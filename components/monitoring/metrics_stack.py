"""Metrics and alerts: Prometheus and Alertmanager, wired to each other, with the platform's rules.

Source: see both parts.
"""

import pulumi

from components.cluster.pod_role import pod_role_arn
from components.model import Model, Wire
from components.monitoring.alarm_topic import topic_arn
from components.monitoring.alertmanager import IDENTITY, Alertmanager, AlertmanagerArgs
from components.monitoring.alertmanager_configuration import Topics
from components.monitoring.heartbeat import heartbeat_arn
from components.monitoring.metrics_settings import MetricsSettings
from components.monitoring.prometheus import Prometheus, PrometheusArgs
from components.monitoring.rules import rule_files

NAME = "metrics"
"""What the component is called: part of the name of Alertmanager's role, which others name before it is there."""


class MetricsStackArgs(Model):
    """What metrics and alerts are wired to."""

    settings: MetricsSettings = MetricsSettings()
    """What the stack file says."""
    runbooks_url: str
    """Where the runbooks are read."""
    database_connections: int | None = None
    """How many the database can have; absent, nobody knows."""
    account_id: str
    """The account of the roles and topics."""
    region: str
    """Where all of it is."""
    environment: str
    """Part of the names of roles, topics and the secret."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster: str
    """The EKS cluster's name, known beforehand."""
    cluster_name: Wire
    """The same name, known once the cluster stands."""
    vpc_cidr: str
    """The VPC's IPv4 range, in which the nodes are."""
    api_server_range: str
    """The address of the API server's Service, as a range."""
    sns_endpoint: bool
    """The VPC has an endpoint for SNS."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails, the secret of receivers, the topics."""


class MetricsStack(pulumi.ComponentResource):
    """Prometheus and Alertmanager in the namespace `monitoring`."""

    prometheus_url: pulumi.Output[str]
    """How pods of the namespace call Prometheus; known once it is there."""
    alertmanager_url: pulumi.Output[str]
    alertmanager_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: MetricsStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:MetricsStack", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        alertmanager = Alertmanager(
            f"{name}-alertmanager",
            AlertmanagerArgs(
                settings=args.settings.alertmanager,
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                topics=Topics(
                    region=args.region,
                    alarms=topic_arn(args.account_id, args.region, args.environment),
                    heartbeat=heartbeat_arn(args.account_id, args.region, args.environment),
                ),
                sns_endpoint=args.sns_endpoint,
                after=args.after,
            ),
            child,
        )
        prometheus = Prometheus(
            f"{name}-prometheus",
            PrometheusArgs(
                settings=args.settings.prometheus,
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster=args.cluster,
                cluster_name=args.cluster_name,
                vpc_cidr=args.vpc_cidr,
                api_server_range=args.api_server_range,
                rule_files=rule_files(args.runbooks_url, args.database_connections),
                after=args.after,
            ),
            child,
        )
        self.prometheus_url, self.alertmanager_url = prometheus.url, alertmanager.url
        self.alertmanager_role_arn = alertmanager.role_arn
        self.register_outputs(
            {
                "prometheus_url": self.prometheus_url,
                "alertmanager_url": self.alertmanager_url,
                "alertmanager_role_arn": self.alertmanager_role_arn,
            }
        )


def alertmanager_role_arn(account_id: str, environment: str) -> str:
    """Return the ARN of Alertmanager's role, known before it is there."""
    return pod_role_arn(account_id, environment, f"{NAME}-alertmanager-{IDENTITY}")

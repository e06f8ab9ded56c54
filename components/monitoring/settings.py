"""What the stack file says about monitoring: one model, to which each part brings its own."""

from typing import Annotated

from pydantic import Field

from components.model import Model
from components.monitoring.alarms import AlarmsSettings
from components.monitoring.cloudwatch_exporter import CloudWatchExporterSettings
from components.monitoring.exporter_settings import ExportersSettings
from components.monitoring.grafana_settings import GrafanaSettings
from components.monitoring.log_settings import LogsSettings
from components.monitoring.metrics_settings import MetricsSettings


class MonitoringSettings(Model):
    """What the stack file says about monitoring. Each part that is absent is not there."""

    runbooks_url: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~%/-]*[A-Za-z0-9._~-])?$")] = (
        Field(
            default="https://github.com/example-org/groundwork/blob/main/docs/runbooks",
            examples=["https://github.com/octo-org/groundwork/blob/main/docs/runbooks"],
        )
    )
    """Where the runbooks are read: the address of docs/runbooks in your own repository, without the slash at the end.
    Each alert names a page there."""
    alarms: AlarmsSettings = Field(default=AlarmsSettings(), examples=[{"emails": ["on-call@example.org"]}])
    """Alarms of AWS itself, which are always there: of security events, of the database and the queues."""
    logs: LogsSettings | None = Field(default=None, examples=[{"retention_in_days": {"confidential": 90}}])
    """Fluent Bit and the log groups of pods; absent, what pods say stays on their nodes."""
    metrics: MetricsSettings | None = Field(default=None, examples=[{"prometheus": {"replicas": 2}}])
    """Prometheus and Alertmanager; absent, there are none."""
    exporters: ExportersSettings = Field(default=ExportersSettings(), examples=[{}])
    """What tells Prometheus of the cluster, its nodes and their GPUs; there wherever metrics is."""
    cloudwatch_exporter: CloudWatchExporterSettings | None = Field(default=None, examples=[None])
    """Metrics of the database, queues, buckets and builds for Prometheus; absent, CloudWatch alone has them. It needs
    the interface endpoint monitoring."""
    grafana: GrafanaSettings | None = Field(default=None, examples=[None])
    """Dashboards for people; absent, there are none but those of `groundwork dashboards`."""

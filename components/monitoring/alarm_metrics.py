"""Which metrics of AWS somebody is told of, as data: the database's limits, queues, the audit log's copy.

Each alarm costs the same everywhere, so a threshold that is absent is no alarm. What the cluster itself can measure is
not here: Prometheus' alerts are for that, and cost nothing each.

Units:  periods are seconds; storage is GiB in settings and bytes in CloudWatch; a queue's age is seconds there.
Source: RDS user guide, "Amazon CloudWatch metrics for Amazon RDS" (CPUCreditBalance is of burstable classes alone); SQS
developer guide, "Available CloudWatch metrics for Amazon SQS"; Amazon Data Firehose developer guide, "Monitor with
CloudWatch metrics" (DeliveryToS3.DataFreshness is the age, in seconds, of the oldest record that waits); CloudWatch
API, PutMetricAlarm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from components.model import Model

GIB: Final = 1024**3
PERIOD_SECONDS: Final = 300

Comparison: TypeAlias = Literal["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"]


class DatabaseAlarmSettings(Model):
    """From which values of the registry's database on somebody is told; what is absent is not watched."""

    connections: Annotated[int, Field(ge=1)] | None = Field(default=None, examples=[60])
    """More connections than this; PostgreSQL on RDS takes about 80 on 1 GiB of memory, 850 on 8."""
    free_storage_gib: Annotated[int, Field(ge=1)] | None = Field(default=None, examples=[1])
    """Less free storage than this, in whole GiB: below a tenth of what is allocated, at which RDS enlarges it."""
    cpu_credits: Annotated[int, Field(ge=1)] | None = Field(default=None, examples=[30])
    """Fewer CPU credits than this; burstable instance classes (t4g) alone have any."""
    cpu_percent: Annotated[int, Field(ge=1, le=100)] | None = Field(default=None, examples=[90])
    """A busier processor than this, for half an hour."""


class QueueAlarmSettings(Model):
    """When somebody is told of the queue of registry events; what is absent is not watched."""

    oldest_message_minutes: Annotated[int, Field(ge=1, le=20160)] | None = Field(default=None, examples=[60])
    """An event has waited for longer than this."""
    dead_letters: bool = Field(default=True, examples=[True])
    """An event could not be handled."""


class AuditCopyAlarmSettings(Model):
    """When somebody is told of the copy of the Kubernetes audit log; what is absent is not watched."""

    late_minutes: Annotated[int, Field(ge=15, le=1440)] | None = Field(default=None, examples=[60])
    """An event has waited for longer than this on its way into the locked bucket; five minutes are usual, and after a
    day it is lost."""


@dataclass(frozen=True, kw_only=True)
class MetricAlarm:
    """One alarm on one metric."""

    name: str
    """Part of the alarm's name, and the name of its runbook: `aws-<name>`."""
    title: str
    """What it means, in one sentence."""
    namespace: str
    metric: str
    dimensions: dict[str, str]
    statistic: Literal["Average", "Maximum", "Minimum"]
    comparison: Comparison
    threshold: float
    periods: int
    """How many periods in a row."""
    missing: Literal["breaching", "notBreaching", "missing"]
    """What a period without a value counts as."""

    @property
    def runbook(self) -> str:
        """The file under docs/runbooks, without its ending."""
        return f"aws-{self.name}"


def database_alarms(settings: DatabaseAlarmSettings, identifier: str) -> Iterator[MetricAlarm]:
    """Yield the alarms of a database instance."""
    of_rds = {"namespace": "AWS/RDS", "dimensions": {"DBInstanceIdentifier": identifier}, "missing": "missing"}
    if settings.connections is not None:
        yield MetricAlarm(
            name="database-connections",
            title="The registry's database has nearly as many connections as it takes",
            metric="DatabaseConnections",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=settings.connections,
            periods=2,
            **of_rds,  # type: ignore[arg-type]  # of the literals that it holds
        )
    if settings.free_storage_gib is not None:
        yield MetricAlarm(
            name="database-storage",
            title="The registry's database is running out of storage",
            metric="FreeStorageSpace",
            statistic="Minimum",
            comparison="LessThanThreshold",
            threshold=settings.free_storage_gib * GIB,
            periods=2,
            **of_rds,  # type: ignore[arg-type]
        )
    if settings.cpu_credits is not None:
        yield MetricAlarm(
            name="database-cpu-credits",
            title="The registry's database has nearly used up its CPU credits",
            metric="CPUCreditBalance",
            statistic="Minimum",
            comparison="LessThanThreshold",
            threshold=settings.cpu_credits,
            periods=2,
            **of_rds,  # type: ignore[arg-type]
        )
    if settings.cpu_percent is not None:
        yield MetricAlarm(
            name="database-cpu",
            title="The registry's database has been busy for half an hour",
            metric="CPUUtilization",
            statistic="Average",
            comparison="GreaterThanThreshold",
            threshold=settings.cpu_percent,
            periods=6,
            **of_rds,  # type: ignore[arg-type]
        )


def queue_alarms(settings: QueueAlarmSettings, queue: str, dead_letter_queue: str) -> Iterator[MetricAlarm]:
    """Yield the alarms of a queue and of the queue of what could not be handled, by their names.

    SQS has no values of a queue that was not used for six hours: then nothing waits in it.
    """
    if settings.oldest_message_minutes is not None:
        yield MetricAlarm(
            name="registry-events-wait",
            title="Events of the model registry wait for somebody who handles them",
            namespace="AWS/SQS",
            metric="ApproximateAgeOfOldestMessage",
            dimensions={"QueueName": queue},
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=settings.oldest_message_minutes * 60,
            periods=1,
            missing="notBreaching",
        )
    if settings.dead_letters:
        yield MetricAlarm(
            name="registry-events-dead",
            title="An event of the model registry could not be handled",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": dead_letter_queue},
            statistic="Maximum",
            comparison="GreaterThanOrEqualToThreshold",
            threshold=1,
            periods=1,
            missing="notBreaching",
        )


def audit_copy_alarms(settings: AuditCopyAlarmSettings, stream: str) -> Iterator[MetricAlarm]:
    """Yield the alarms of the Kubernetes audit log's delivery stream. One through which nothing goes is not late."""
    if settings.late_minutes is not None:
        yield MetricAlarm(
            name="audit-copy-late",
            title="The Kubernetes audit log does not get into the locked bucket",
            namespace="AWS/Firehose",
            metric="DeliveryToS3.DataFreshness",
            dimensions={"DeliveryStreamName": stream},
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=settings.late_minutes * 60,
            periods=2,
            missing="notBreaching",
        )

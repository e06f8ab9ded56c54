"""Logs, alarms and queues."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from groundwork.cost.charges import ByType, Charge, Resource
from groundwork.cost.use import Use


def _log_group(resource: Resource, use: Use) -> Iterator[Charge]:
    class_ = resource["logGroupClass"].value
    if class_ not in (None, "STANDARD"):
        yield Charge(f"logs.{class_}.ingest.gb", use.logs_gb.of(resource.name))
    else:
        yield Charge("logs.ingest.gb", use.logs_gb.of(resource.name))
    yield Charge("logs.storage.gb_month", use.logs_stored_gb.of(resource.name))


def _alarm(resource: Resource, use: Use) -> Iterator[Charge]:
    """AWS charges by the metric that an alarm looks at; one of less than a minute's period costs more."""
    del use
    period = resource["period"].value
    resolution = "high" if isinstance(period, int | float) and period < 60 else "standard"
    yield Charge(f"alarms.{resolution}.month", Decimal(1))


def _queue(resource: Resource, use: Use) -> Iterator[Charge]:
    kind = "fifo" if resource["fifoQueue"].value is True else "standard"
    yield Charge(f"sqs.{kind}.request", use.queue_requests.of(resource.name))


def _stream(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("firehose.direct_put.gb", use.streamed_gb.of(resource.name))


CHARGES: Final[ByType] = {
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _stream,
    "aws:sqs/queue:Queue": _queue,
}

"""What RDS and SQS say of themselves to CloudWatch, of what really is there: connections, messages, how long they wait.

A queue says something from its first message on. Values are kept for an hour, and alarms looked at after each.

Source: Amazon RDS user guide, "Amazon CloudWatch metrics for Amazon RDS"; Amazon SQS developer guide, "Available
CloudWatch metrics for Amazon SQS".
"""

import asyncio
import contextlib
import logging
import time
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sqs

from twin.aws.corrections.rds_names import InstanceName
from twin.postgres.fleet import Fleet

INTERVAL_SECONDS = 10.0
"""On AWS a minute."""
KEPT_SECONDS = 3600.0
_log = logging.getLogger("twin.aws.service_metrics")


class ServiceMetrics:
    """Publishes them for as long as the AWS API is served."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._used: set[str] = set()
        """Queues that have had a message, by URL."""
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._go_on())

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            try:
                await self._databases()
                self._queues()
                _look_at_alarms()
            except Exception:  # the next round is the next attempt
                _log.exception("metrics of services")

    async def _databases(self) -> None:
        for name, connections in await self._fleet.connections():
            whose = InstanceName.of(name)
            with request_scope(whose.account, whose.region):
                of = {"DBInstanceIdentifier": whose.identifier}
                _say("AWS/RDS", of, {"DatabaseConnections": (connections, "Count")})

    def _queues(self) -> None:
        for (account, region, url), queue in list(sqs._queues.all_items()):
            sqs._refresh_counts(queue)
            if queue["messages"]:
                self._used.add(url)
            if url not in self._used:
                continue
            now = time.time()
            since = min((one.get("enqueued_at", one["sent_at"]) for one in queue["messages"]), default=now)
            held = queue["attributes"]
            with request_scope(account, region):
                _say(
                    "AWS/SQS",
                    {"QueueName": queue["name"]},
                    {
                        "ApproximateAgeOfOldestMessage": (now - since, "Seconds"),
                        "ApproximateNumberOfMessagesVisible": (float(held["ApproximateNumberOfMessages"]), "Count"),
                        "ApproximateNumberOfMessagesNotVisible": (
                            float(held["ApproximateNumberOfMessagesNotVisible"]),
                            "Count",
                        ),
                    },
                )


def _say(namespace: str, dimensions: dict[str, str], values: dict[str, tuple[float, str]]) -> None:
    """Publish values of one thing, and forget those that are older than anybody looks back."""
    for metric, (value, unit) in values.items():
        cloudwatch.record_metric(namespace, metric, value, unit, dimensions)
        points: list[dict[str, Any]] = cloudwatch._metric_bucket((namespace, metric, cloudwatch._dims_key(dimensions)))
        while points[0]["Timestamp"] < time.time() - KEPT_SECONDS:
            points.pop(0)


def _look_at_alarms() -> None:
    for account, region in {key[:2] for key, _ in cloudwatch._alarms.all_items()}:
        with request_scope(account, region):
            cloudwatch._evaluate_all_alarms()

"""Faults of what AWS runs for us: the database takes no more connections, nobody works on an event of the registry.

What RDS and SQS would say of themselves the twin says of its real PostgreSQL and its real queues; the alarms are the
program's own, but for their period, which is half a minute instead of five.
"""

import datetime
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest

from tests.support.project import CLONE, Project
from tests.twin.clusters import eventually
from tests.twin.monitoring.watched import Mailbox
from twin.account import Account

PERIOD, SECONDS = 30, 240.0
CONNECTIONS, DEAD_LETTERS = "groundwork-dev-database-connections", "groundwork-dev-registry-events-dead"
KEPT = (
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "Dimensions",
    "Period",
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
)


@pytest.fixture
def alarms(dev: Project, account: Account) -> Iterator[Mailbox]:
    """What the topic of alarms is told."""
    found = Mailbox.of(account, "alarms")
    yield found
    found.close()


@contextmanager
def sooner(account: Account, name: str) -> Iterator[None]:
    """The alarm as the program made it, but for its period; at the end it is as before, and quiet."""
    cloudwatch = account.client("cloudwatch")
    (held,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    asked = {key: held[key] for key in KEPT if key in held}
    try:
        cloudwatch.put_metric_alarm(**asked | {"Period": PERIOD})
        yield
        eventually(lambda: state(account, name) == "OK", f"{name} is over", SECONDS)
    finally:
        cloudwatch.put_metric_alarm(**asked)


def state(account: Account, name: str) -> str:
    (held,) = account.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(held["StateValue"])


def told(alarms: Mailbox, name: str, of: str) -> list[dict[str, Any]]:
    """The messages that say of an alarm that it is in this state now."""
    found = [json.loads(one["Message"]) for one in alarms.received() if one["Subject"].startswith(f"{of}: ")]
    return [one for one in found if one["AlarmName"] == name]


def runbook_of(message: dict[str, Any]) -> str:
    page = str(message["AlarmDescription"]).rpartition("/")[2]
    assert (CLONE / "docs" / "runbooks" / page).is_file()
    return page


def take_all(held: ExitStack, given: dict[str, Any]) -> None:
    """Open connections until the server takes no more."""
    for _ in range(1000):
        held.enter_context(psycopg.connect(**given))


def test_a_database_that_takes_no_more_connections_is_told_once_and_when_it_is_over(
    dev: Project, account: Account, outputs: dict[str, Any], alarms: Mailbox
) -> None:
    secret = account.client("secretsmanager").get_secret_value(SecretId=outputs["database_master_secret_arn"])
    login = json.loads(secret["SecretString"])
    host, port = outputs["database_endpoint"].split(":")
    given: dict[str, Any] = {
        "host": host,
        "port": int(port),
        "dbname": outputs["database_name"],
        "user": login["username"],
        "password": login["password"],
        "sslmode": "verify-full",
        "sslrootcert": dev.twin_variables()["PGSSLROOTCERT"],
    }
    with sooner(account, CONNECTIONS):
        with ExitStack() as held:
            with pytest.raises(psycopg.OperationalError, match=r"remaining connection slots|too many clients"):
                take_all(held, given)
            (message,) = eventually(lambda: told(alarms, CONNECTIONS, "ALARM"), "somebody is told", SECONDS)
            assert runbook_of(message) == "aws-database-connections.md"
            (dimension,) = message["Trigger"]["Dimensions"]
            assert dimension["value"] == "groundwork-dev-registry"
        eventually(lambda: told(alarms, CONNECTIONS, "OK"), "somebody is told that it is over", SECONDS)
        assert len(told(alarms, CONNECTIONS, "ALARM")) == 1


def test_an_event_that_nobody_can_handle_is_told_once_and_when_it_is_over(
    dev: Project, account: Account, alarms: Mailbox
) -> None:
    sqs = account.client("sqs")
    queue, dead = (
        sqs.get_queue_url(QueueName=f"groundwork-dev-registry-events{part}")["QueueUrl"]
        for part in ("", "-dead-letter")
    )
    sqs.send_message(QueueUrl=queue, MessageBody="of a model that is gone")
    held = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    for _ in range(int(json.loads(held["RedrivePolicy"])["maxReceiveCount"]) + 1):  # as of somebody who fails on it
        sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)
    with sooner(account, DEAD_LETTERS):
        (message,) = eventually(lambda: told(alarms, DEAD_LETTERS, "ALARM"), "somebody is told", SECONDS)
        assert runbook_of(message) == "aws-registry-events-dead.md"
        (one,) = sqs.receive_message(QueueUrl=dead)["Messages"]
        assert one["Body"] == "of a model that is gone"
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=one["ReceiptHandle"])
        eventually(lambda: told(alarms, DEAD_LETTERS, "OK"), "somebody is told that it is over", SECONDS)
        assert len(told(alarms, DEAD_LETTERS, "ALARM")) == 1


def test_how_long_an_event_has_waited_is_known(dev: Project, account: Account) -> None:
    """What the alarm of the waiting queue, which dev has none of, looks at."""
    sqs, cloudwatch = account.client("sqs"), account.client("cloudwatch")
    name = "groundwork-dev-registry-events"
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="waits")

    def waited() -> bool:
        listed = cloudwatch.list_metrics(Namespace="AWS/SQS", MetricName="ApproximateAgeOfOldestMessage")["Metrics"]
        if {"Name": "QueueName", "Value": name} not in [of for one in listed for of in one["Dimensions"]]:
            return False
        return bool(oldest(account, name) > 10)

    try:
        eventually(waited, "the event has waited", SECONDS)
    finally:
        (one,) = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    eventually(lambda: oldest(account, name, seconds=20) == 0, "nothing waits", SECONDS)


def oldest(account: Account, queue: str, seconds: int = 60) -> float:
    """The longest that a message has waited, as CloudWatch has known it for so many seconds; -1 for nothing."""
    now = datetime.datetime.now(datetime.UTC)
    found = account.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=now - datetime.timedelta(seconds=seconds),
        EndTime=now + datetime.timedelta(seconds=60),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((float(one["Maximum"]) for one in found), default=-1.0)

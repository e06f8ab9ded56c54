"""Faults of what AWS runs for us: the database takes no more connections, nobody works on an event of the registry.

What RDS and SQS would say of themselves the twin says of its real PostgreSQL and its real queues; the alarms are the
program's own, but for their period, which is half a minute instead of five.
"""

import datetime
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.support.program import record
from tests.support.project import CLONE, Project
from tests.support.stack_files import written
from tests.support.waiting import eventually
from tests.twin.mailbox import Mailbox, listening
from twin.account import Account
from twin.kubernetes import pod_identity
from twin.kubernetes.controllers.loop import world_of

PERIOD, SECONDS = 30, 300.0
QUEUE = "groundwork-dev-registry-events"
CONNECTIONS, DEAD_LETTERS = "groundwork-dev-database-connections", "groundwork-dev-registry-events-dead"
WAITING = "groundwork-dev-registry-events-wait"
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
def alarms(account: Account) -> Iterator[Mailbox]:
    """What the topic of alarms is told."""
    with listening(account, "alarms") as found:
        yield found


@dataclass(frozen=True)
class Events:
    """The queues of the registry's events. Nobody's are in them: whoever wants some sends them first."""

    sender: Any
    """SQS as the tracking server sees it, which alone may send."""
    sqs: Any
    queue: str
    dead: str

    def send(self, event: str) -> None:
        """Tell of something that happened in the registry."""
        self.sender.send_message(QueueUrl=self.queue, MessageBody=event)

    def drain(self) -> None:
        """Take whatever is there."""
        for url in (self.queue, self.dead):
            asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}
            while found := self.sqs.receive_message(**asked).get("Messages"):
                for one in found:
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])


@pytest.fixture
def events(dev: Project, account: Account) -> Iterator[Events]:
    """Empty, before and after."""
    (folder,) = (dev.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
    server = pod_identity.credentials(world_of(folder, dev.twin_variables()), "mlflow", "tracking-server")
    sqs = account.client("sqs")
    queue, dead = (sqs.get_queue_url(QueueName=f"{QUEUE}{part}")["QueueUrl"] for part in ("", "-dead-letter"))
    found = Events(server.client("sqs"), sqs, queue, dead)
    found.drain()
    yield found
    found.drain()


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


@contextmanager
def waiting_is_watched(account: Account) -> Iterator[None]:
    """The alarm on events that wait, which dev's settings leave out: as where that is a minute, but for its period."""
    settings = written("dev")
    settings["monitoring"]["alarms"]["registry_events"]["oldest_message_minutes"] = 1
    wanted = record("dev", settings).one("alarms-registry-events-wait").inputs
    cloudwatch = account.client("cloudwatch")
    (neighbour,) = cloudwatch.describe_alarms(AlarmNames=[DEAD_LETTERS])["MetricAlarms"]
    cloudwatch.put_metric_alarm(
        AlarmName=wanted["name"],
        AlarmDescription=wanted["alarmDescription"],
        Namespace=wanted["namespace"],
        MetricName=wanted["metricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in wanted["dimensions"].items()],
        Statistic=wanted["statistic"],
        ComparisonOperator=wanted["comparisonOperator"],
        Threshold=wanted["threshold"],
        Period=PERIOD,
        EvaluationPeriods=int(wanted["evaluationPeriods"]),
        TreatMissingData=wanted["treatMissingData"],
        AlarmActions=neighbour["AlarmActions"],
        OKActions=neighbour["OKActions"],
    )
    try:
        yield
    finally:
        cloudwatch.delete_alarms(AlarmNames=[WAITING])


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
    account: Account, events: Events, alarms: Mailbox
) -> None:
    attributes = events.sqs.get_queue_attributes(QueueUrl=events.queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    events.send("of a model that is gone")
    with sooner(account, DEAD_LETTERS):
        for _ in range(json.loads(attributes["RedrivePolicy"])["maxReceiveCount"]):  # as of somebody who fails on it
            (one,) = events.sqs.receive_message(QueueUrl=events.queue, VisibilityTimeout=0)["Messages"]
            assert one["Body"] == "of a model that is gone"
        assert "Messages" not in events.sqs.receive_message(QueueUrl=events.queue, WaitTimeSeconds=0)
        (message,) = eventually(lambda: told(alarms, DEAD_LETTERS, "ALARM"), "somebody is told", SECONDS)
        assert runbook_of(message) == "aws-registry-events-dead.md"
        (one,) = events.sqs.receive_message(QueueUrl=events.dead)["Messages"]
        assert one["Body"] == "of a model that is gone"
        events.sqs.delete_message(QueueUrl=events.dead, ReceiptHandle=one["ReceiptHandle"])
        eventually(lambda: told(alarms, DEAD_LETTERS, "OK"), "somebody is told that it is over", SECONDS)
        assert len(told(alarms, DEAD_LETTERS, "ALARM")) == 1


def test_an_event_that_nobody_fetches_is_told_once_and_when_it_is_over(
    account: Account, events: Events, alarms: Mailbox
) -> None:
    eventually(lambda: oldest(account) <= 0, "nothing has waited", SECONDS)
    with waiting_is_watched(account):
        events.send("waits")
        (message,) = eventually(lambda: told(alarms, WAITING, "ALARM"), "somebody is told", SECONDS)
        assert runbook_of(message) == "aws-registry-events-wait.md"
        alarms.forget()  # a new alarm says first that all is well
        (one,) = events.sqs.receive_message(QueueUrl=events.queue)["Messages"]
        events.sqs.delete_message(QueueUrl=events.queue, ReceiptHandle=one["ReceiptHandle"])
        eventually(lambda: told(alarms, WAITING, "OK"), "somebody is told that it is over", SECONDS)
        assert told(alarms, WAITING, "ALARM") == []


def oldest(account: Account) -> float:
    """The longest that an event has waited, as CloudWatch has known it for a minute; -1 for nothing."""
    now, minute = datetime.datetime.now(datetime.UTC), datetime.timedelta(minutes=1)
    found = account.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": QUEUE}],
        StartTime=now - minute,
        EndTime=now + minute,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((float(one["Maximum"]) for one in found), default=-1.0)

"""Decides which alarms a setting makes, in CloudWatch's units; whether one fires is tried on the emulator."""

import pytest
from pydantic import ValidationError

from components.monitoring.alarm_metrics import (
    DatabaseAlarmSettings,
    QueueAlarmSettings,
    database_alarms,
    queue_alarms,
)
from components.monitoring.search_alarms import WatchedSearchDomain, search_alarms


def test_what_has_no_threshold_has_no_alarm() -> None:
    assert list(database_alarms(DatabaseAlarmSettings(), "db")) == []
    nothing = QueueAlarmSettings(oldest_message_minutes=None, dead_letters=False)
    assert list(queue_alarms(nothing, "queue", "dead")) == []


def test_thresholds_are_in_the_units_of_cloudwatch() -> None:
    database = DatabaseAlarmSettings(connections=60, free_storage_gib=4, cpu_credits=30, cpu_percent=90)
    found = {alarm.metric: alarm for alarm in database_alarms(database, "db")}
    assert {name: alarm.threshold for name, alarm in found.items()} == {
        "DatabaseConnections": 60,
        "FreeStorageSpace": 4 * 1024**3,
        "CPUCreditBalance": 30,
        "CPUUtilization": 90,
    }
    assert found["FreeStorageSpace"].comparison == found["CPUCreditBalance"].comparison == "LessThanThreshold"
    assert {alarm.dimensions["DBInstanceIdentifier"] for alarm in found.values()} == {"db"}


def test_queues_are_watched_for_their_age_and_for_what_died() -> None:
    waiting, dead = queue_alarms(QueueAlarmSettings(oldest_message_minutes=60), "queue", "dead")
    assert (waiting.dimensions, waiting.threshold) == ({"QueueName": "queue"}, 3600)
    assert (dead.dimensions, dead.threshold) == ({"QueueName": "dead"}, 1)
    assert waiting.missing == dead.missing == "notBreaching", "SQS says nothing of a queue that is not used"


def test_a_search_domain_is_watched_as_aws_recommends() -> None:
    found = {one.metric: one for one in search_alarms(WatchedSearchDomain(name="logs", volume_gib=100), "000000000000")}
    assert {name: one.threshold for name, one in found.items()} == {
        "ClusterStatus.red": 1,
        "FreeStorageSpace": 25 * 1024,
        "ClusterIndexWritesBlocked": 1,
        "JVMMemoryPressure": 95,
        "KMSKeyError": 1,
        "KMSKeyInaccessible": 1,
    }
    storage = found["FreeStorageSpace"]
    assert (storage.statistic, storage.comparison) == ("Minimum", "LessThanThreshold")
    assert {one.statistic for one in found.values()} == {"Minimum", "Maximum"}
    silent = {name for name, one in found.items() if one.missing == "notBreaching"}
    assert silent == {"KMSKeyError", "KMSKeyInaccessible"}, "these have values in trouble alone"
    for one in found.values():
        assert one.dimensions == {"ClientId": "000000000000", "DomainName": "logs"}


@pytest.mark.parametrize("wrong", [{"connections": 0}, {"cpu_percent": 101}, {"cpu_load": 1}])
def test_a_threshold_that_nothing_can_pass_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        DatabaseAlarmSettings.model_validate(wrong)

"""Decides that silence is told, and that nobody but Alertmanager can end it."""

import pytest

from components.monitoring.heartbeat import Heartbeat, HeartbeatArgs, heartbeat_arn
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.support.stack_files import CLONE
from tests.unit.security.evaluator import decision

ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-alertmanager"
ALARMS = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:groundwork-dev-alarms"


def build(every_minutes: int = 5) -> None:
    args = HeartbeatArgs(
        every_minutes=every_minutes,
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        key_arn="key",
        alarms_topic_arn=ALARMS,
        publisher_role_arn=ROLE,
        runbooks_url="https://example.org/runbooks",
    )
    run_program(lambda: Heartbeat("heartbeat", args))


def test_an_alarm_tells_of_silence_and_of_its_end(recorder: Recorder) -> None:
    build()
    alarm, topic = recorder.one("heartbeat-alarm").inputs, recorder.one("heartbeat-topic").inputs
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/SNS", "NumberOfMessagesPublished")
    assert alarm["dimensions"] == {"TopicName": topic["name"]}
    assert (alarm["statistic"], alarm["comparisonOperator"], alarm["threshold"]) == ("Sum", "LessThanThreshold", 1)
    assert alarm["treatMissingData"] == "breaching", "where nothing was published there is no value at all"
    assert alarm["alarmActions"] == alarm["okActions"] == [ALARMS]
    assert "https://example.org/runbooks/watchdog.md" in alarm["alarmDescription"]
    assert (CLONE / "docs" / "runbooks" / "watchdog.md").is_file()


@pytest.mark.parametrize(("every_minutes", "minutes"), [(1, 5), (5, 15), (60, 180)])
def test_three_in_a_row_may_be_missing(recorder: Recorder, every_minutes: int, minutes: int) -> None:
    build(every_minutes)
    alarm = recorder.one("heartbeat-alarm").inputs
    assert alarm["evaluationPeriods"] * alarm["period"] == minutes * 60


def test_nobody_else_is_taken_for_alertmanager_and_messages_are_encrypted(recorder: Recorder) -> None:
    build()
    topic = recorder.one("heartbeat-topic").inputs
    assert topic["kmsMasterKeyId"] == "key"
    arn = heartbeat_arn(ACCOUNT_ID, REGION, "dev")
    assert arn.endswith(f":{topic['name']}")
    for who, answer in ((ROLE, "none"), (f"{ROLE}-other", "Deny")):
        asked = {"aws:PrincipalArn": who, "aws:SecureTransport": "true"}
        assert decision(topic["policy"], "sns:Publish", arn, asked) == answer
    plain = {"aws:PrincipalArn": ROLE, "aws:SecureTransport": "false"}
    assert decision(topic["policy"], "sns:Publish", arn, plain) == "Deny"

"""Decides what the component asks for; that messages arrive is tried on the emulator."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.monitoring.alarm_metrics import DatabaseAlarmSettings
from components.monitoring.alarms import Alarms, AlarmsArgs, AlarmsSettings, message_template
from components.monitoring.security_events import EVENT_ALARMS
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/a"
DEPLOY = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-github-deploy"
RUNBOOKS = "https://example.org/runbooks"
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"


def build(**changed: Any) -> Alarms:
    args = {
        "settings": AlarmsSettings(emails=("on-call@example.org",), database=DatabaseAlarmSettings(connections=60)),
        "account_id": ACCOUNT_ID,
        "region": REGION,
        "environment": "dev",
        "boundary_arn": f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary",
        "key_arn": KEY,
        "runbooks_url": RUNBOOKS,
        "database_identifier": "groundwork-dev-registry",
        "queue_name": "groundwork-dev-registry-events",
        "audit_stream_name": "groundwork-dev-kubernetes-audit",
        "dead_letter_queue_name": "groundwork-dev-registry-events-dead-letter",
        "reviewed_role_arns": (DEPLOY,),
    }
    return run_program(lambda: Alarms("alarms", AlarmsArgs.model_validate(args | changed)))


def test_there_is_one_topic_and_it_is_encrypted_with_our_key(recorder: Recorder) -> None:
    build()
    (topic,) = recorder.of_type("aws:sns/topic:Topic")
    assert topic.inputs["name"] == "groundwork-dev-alarms"
    assert topic.inputs["kmsMasterKeyId"] == KEY
    policy = json.loads(topic.inputs["policy"])
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Allow", "Deny"}


def test_everybody_on_the_list_is_subscribed(recorder: Recorder) -> None:
    build(settings=AlarmsSettings(emails=("a@example.org", "b@example.org")))
    made = recorder.of_type("aws:sns/topicSubscription:TopicSubscription")
    assert {one.inputs["endpoint"] for one in made} == {"a@example.org", "b@example.org"}
    assert {one.inputs["protocol"] for one in made} == {"email"}


def test_alarms_tell_of_their_beginning_and_their_end_and_name_a_runbook(recorder: Recorder) -> None:
    topic = build().topic_arn
    assert topic is not None
    made = {one.inputs["name"]: one.inputs for one in recorder.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")}
    assert made.keys() == {"groundwork-dev-database-connections", "groundwork-dev-registry-events-dead"}
    for inputs in made.values():
        assert inputs["alarmActions"] == inputs["okActions"]
        assert len(inputs["alarmActions"]) == 1
    connections = made["groundwork-dev-database-connections"]
    assert connections["alarmDescription"].endswith(f"Runbook: {RUNBOOKS}/aws-database-connections.md")


def test_every_event_has_a_rule_at_home_that_publishes_a_message(recorder: Recorder) -> None:
    build()
    rules = [one.inputs for one in recorder.of_type(RULE) if "region" not in one.inputs]
    assert {one["name"] for one in rules} == {f"groundwork-dev-{event.name}" for event in EVENT_ALARMS}
    targets = [one.inputs for one in recorder.of_type(TARGET) if "region" not in one.inputs]
    assert len(targets) == len(rules)
    for target in targets:
        used = target["inputTransformer"]
        message = json.loads(used["inputTemplate"])
        assert {f"<{name}>" for name in used["inputPaths"]} <= set(message.values())
        assert message["runbook"].startswith(f"{RUNBOOKS}/aws-")


def test_what_happens_in_us_east_1_is_sent_home_with_a_role_for_that_alone(recorder: Recorder) -> None:
    build()
    away = [one.inputs for one in recorder.of_type(RULE) if one.inputs.get("region") == "us-east-1"]
    assert {one["name"] for one in away} == {f"groundwork-dev-{e.name}" for e in EVENT_ALARMS if e.everywhere}
    bus = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/default"
    targets = [one.inputs for one in recorder.of_type(TARGET) if one.inputs.get("region") == "us-east-1"]
    assert {one["arn"] for one in targets} == {bus}
    assert all(one["roleArn"] for one in targets)
    (rights,) = recorder.of_type("aws:iam/rolePolicy:RolePolicy")
    (statement,) = json.loads(rights.inputs["policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["events:PutEvents"], [bus])


def test_an_environment_in_us_east_1_has_its_events_at_home(recorder: Recorder) -> None:
    build(region="us-east-1")
    assert not [one for one in recorder.of_type(RULE) if "region" in one.inputs]
    assert not recorder.of_type("aws:iam/role:Role")


def test_a_message_stays_json_where_an_event_is_silent() -> None:
    for event in EVENT_ALARMS:
        template = message_template(event, "dev", RUNBOOKS)
        silent = template
        for name in (*event.paths, *event.on):
            silent = silent.replace(f"<{name}>", "")
        assert json.loads(silent)["alarm"] == event.title
        assert len(template) < 8192, "EventBridge takes no more"


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        AlarmsSettings.model_validate({"emails": ["nobody"]})

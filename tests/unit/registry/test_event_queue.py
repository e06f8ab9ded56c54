"""Decides how the queues are set up and whom their policies shut out, by a small evaluator; AWS is not asked."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.policy_document import document
from components.registry.event_queue import (
    RegistryEvents,
    RegistryEventsArgs,
    RegistryEventsSettings,
    dead_letter_queue_arn,
    queue_arn,
    queue_url,
    receive_events,
    send_events,
)
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/a"
PLACE = (ACCOUNT_ID, REGION, "dev")
SENDER, RECEIVER, OTHER, ROOT = (
    f"arn:aws:iam::{ACCOUNT_ID}:{name}" for name in ("role/sender", "role/receiver", "role/other", "root")
)


def build(**changed: Any) -> RegistryEvents:
    args = {
        "account_id": ACCOUNT_ID,
        "region": REGION,
        "environment": "dev",
        "key_arn": KEY,
        "sender_arns": (SENDER,),
        "receiver_arns": (RECEIVER,),
    }
    return run_program(lambda: RegistryEvents("events", RegistryEventsArgs.model_validate(args | changed)))


def test_names_arns_and_addresses_are_known_beforehand(recorder: Recorder) -> None:
    build()
    assert recorder.one("events-queue").inputs["name"] == queue_arn(*PLACE).rpartition(":")[2]
    assert recorder.one("events-dead-letter-queue").inputs["name"] == dead_letter_queue_arn(*PLACE).rpartition(":")[2]
    name = "groundwork-dev-registry-events"
    assert queue_arn(*PLACE) == f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"
    assert queue_url(*PLACE) == f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/{name}"


def test_both_queues_are_encrypted_with_our_key_and_say_how_sensitive_they_are(recorder: Recorder) -> None:
    build()
    for made in recorder.of_type("aws:sqs/queue:Queue"):
        assert made.inputs["kmsMasterKeyId"] == KEY
        assert made.inputs["tags"] == {"data-classification": "confidential"}
        assert "sqsManagedSseEnabled" not in made.inputs


def test_what_nobody_could_handle_goes_to_a_queue_that_takes_it_from_this_one_alone(recorder: Recorder) -> None:
    build(settings=RegistryEventsSettings(max_receive_count=3, retention_days=13))
    queue, dead = recorder.one("events-queue").inputs, recorder.one("events-dead-letter-queue").inputs
    redrive = json.loads(queue["redrivePolicy"])
    assert redrive["maxReceiveCount"] == 3
    assert redrive["deadLetterTargetArn"].endswith(f"/{dead['name']}"), "the resource's own ARN, as the mocks have it"
    allowed = json.loads(dead["redriveAllowPolicy"])
    assert allowed == {"redrivePermission": "byQueue", "sourceQueueArns": [queue_arn(*PLACE)]}
    assert "redrivePolicy" not in dead
    # A message's age counts from when it was first sent: kept as long, it would be gone as soon as it got there.
    assert dead["messageRetentionSeconds"] > queue["messageRetentionSeconds"]


GOOD = {"aws:SecureTransport": "true", "aws:PrincipalAccount": ACCOUNT_ID}


@pytest.mark.parametrize(
    ("action", "caller", "change", "verdict"),
    [
        ("SendMessage", SENDER, {}, "none"),
        ("SendMessage", RECEIVER, {}, "Deny"),
        ("SendMessage", OTHER, {}, "Deny"),
        ("SendMessage", ROOT, {}, "Deny"),
        ("ReceiveMessage", RECEIVER, {}, "none"),
        ("DeleteMessage", RECEIVER, {}, "none"),
        ("ReceiveMessage", ROOT, {}, "none"),
        ("ReceiveMessage", SENDER, {}, "Deny"),
        ("PurgeQueue", OTHER, {}, "Deny"),
        ("GetQueueAttributes", OTHER, {}, "none"),
        ("SendMessage", SENDER, {"aws:SecureTransport": "false"}, "Deny"),
        ("GetQueueAttributes", OTHER, {"aws:PrincipalAccount": "999999999999"}, "Deny"),
    ],
)
def test_the_policy_takes_and_gives_nothing(
    recorder: Recorder, action: str, caller: str, change: dict[str, str], verdict: str
) -> None:
    build()
    policy, context = recorder.one("events-queue").inputs["policy"], GOOD | {"aws:PrincipalArn": caller} | change
    assert decision(policy, f"sqs:{action}", queue_arn(*PLACE), context) == verdict


def test_nobody_sends_to_the_dead_letter_queue_and_its_receivers_are_those_of_the_other(recorder: Recorder) -> None:
    build()
    policy = recorder.one("events-dead-letter-queue").inputs["policy"]
    for caller, action, verdict in (
        (SENDER, "SendMessage", "Deny"),
        (RECEIVER, "ReceiveMessage", "none"),
        (SENDER, "ReceiveMessage", "Deny"),
    ):
        context = GOOD | {"aws:PrincipalArn": caller}
        assert decision(policy, f"sqs:{action}", dead_letter_queue_arn(*PLACE), context) == verdict


def test_without_receivers_only_the_root_user_looks_at_messages(recorder: Recorder) -> None:
    build(receiver_arns=())
    policy = recorder.one("events-queue").inputs["policy"]
    for caller, verdict in ((RECEIVER, "Deny"), (ROOT, "none")):
        context = GOOD | {"aws:PrincipalArn": caller}
        assert decision(policy, "sqs:ReceiveMessage", queue_arn(*PLACE), context) == verdict


def test_rights_are_for_these_queues() -> None:
    sends, receives = document(send_events("Send", *PLACE)), document(receive_events("Receive", *PLACE))
    assert decision(sends, "sqs:SendMessage", queue_arn(*PLACE), {}) == "Allow"
    assert decision(sends, "sqs:SendMessage", dead_letter_queue_arn(*PLACE), {}) == "none"
    assert decision(sends, "sqs:ReceiveMessage", queue_arn(*PLACE), {}) == "none"
    assert decision(receives, "sqs:DeleteMessage", dead_letter_queue_arn(*PLACE), {}) == "Allow"
    assert decision(receives, "sqs:SendMessage", queue_arn(*PLACE), {}) == "none"


@pytest.mark.parametrize(
    "settings", [{"retention_days": 14}, {"visibility_timeout_seconds": 29}, {"max_receive_count": 0}]
)
def test_settings_that_would_lose_events_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=next(iter(settings))):
        RegistryEventsSettings.model_validate(settings)


def test_somebody_sends() -> None:
    with pytest.raises(ValidationError, match="sender_arns"):
        build(sender_arns=())

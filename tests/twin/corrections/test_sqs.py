"""SQS against its API reference: addresses, encryption, policies, dead-letter queues, attributes."""

import json
import uuid
from typing import Any

import pytest

from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow
from tests.twin.corrections.test_secrets import refused

QUEUES = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
DENIED = ("AccessDenied", "AccessDeniedException", "KMS.AccessDeniedException")


@pytest.fixture
def sqs(twin: Twin) -> Any:
    return twin.client("sqs")


@pytest.fixture
def name() -> str:
    return f"groundwork-test-{uuid.uuid4().hex[:8]}"


def who(twin: Twin, *statements: dict[str, Any]) -> Any:
    return twin.client("sqs", twin.role(f"role-{uuid.uuid4().hex[:8]}", *statements))


def key_for(twin: Twin, queues: str) -> str:
    """A key whose policy lets anybody of the account use it through SQS, for these queues only."""
    statements = [
        {"Sid": "Administer", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
         "Action": ["kms:DescribeKey", "kms:PutKeyPolicy"], "Resource": "*"},
        {"Sid": "Use", "Effect": "Allow", "Principal": "*", "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
         "Resource": "*", "Condition": {
             "StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT},
             "StringLike": {"kms:EncryptionContext:aws:sqs:arn": queues}}},
    ]  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(twin.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


def attributes(sqs: Any, url: str, *names: str) -> dict[str, str]:
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names)).get("Attributes", {})
    return found


def test_a_queue_has_the_address_that_it_has_on_aws(sqs: Any, name: str) -> None:
    """CreateQueue, GetQueueUrl, ListQueues; and messages go to it by that."""
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == url
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_a_queue_says_how_it_is_encrypted(twin: Twin, sqs: Any, name: str) -> None:
    """GetQueueAttributes: SqsManagedSseEnabled, KmsDataKeyReusePeriodSeconds; nothing that is not asked for."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert attributes(sqs, url, "All")["SqsManagedSseEnabled"] == "true"
    assert "KmsDataKeyReusePeriodSeconds" not in attributes(sqs, url, "All")
    key = key_for(twin, "*")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key})
    shown = {"KmsMasterKeyId": key, "SqsManagedSseEnabled": "false", "KmsDataKeyReusePeriodSeconds": "300"}
    assert attributes(sqs, url, *shown) == shown
    assert attributes(sqs, url, "SqsManagedSseEnabled") == {"SqsManagedSseEnabled": "false"}
    assert attributes(sqs, url) == {}
    both = {"KmsMasterKeyId": key, "SqsManagedSseEnabled": "true"}
    assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes=both)[0] == "InvalidAttributeValue"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": ""})
    assert "KmsMasterKeyId" not in attributes(sqs, url, "All")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"KmsKeyId": "x"}, "InvalidAttributeName"),
        ({"Policy": "{"}, "InvalidAttributeValue"),
        ({"RedriveAllowPolicy": "[]"}, "InvalidAttributeValue"),
        ({"MessageRetentionPeriod": "1209601"}, "InvalidAttributeValue"),
    ],
)
def test_what_no_queue_has_is_refused(sqs: Any, name: str, wrong: dict[str, str], code: str) -> None:
    """CreateQueue and SetQueueAttributes."""
    assert refused(sqs.create_queue, QueueName=name, Attributes=wrong)[0] == code
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes=wrong)[0] == code


def test_messages_need_the_key_and_the_key_is_for_its_queues(twin: Twin, sqs: Any, name: str) -> None:
    """SendMessage, SendMessageBatch, ReceiveMessage: KMS is asked on behalf of the caller, with the queue's ARN."""
    ours, strange = key_for(twin, f"{QUEUES}:{name}*"), key_for(twin, f"{QUEUES}:another-*")
    caller = who(twin, allow(f"{QUEUES}:{name}*", "sqs:SendMessage", "sqs:ReceiveMessage"))
    url = sqs.create_queue(QueueName=name, Attributes={"KmsMasterKeyId": ours})["QueueUrl"]
    caller.send_message(QueueUrl=url, MessageBody="one")
    entries = [{"Id": "1", "MessageBody": "two"}]
    caller.send_message_batch(QueueUrl=url, Entries=entries)
    assert caller.receive_message(QueueUrl=url)["Messages"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": strange})
    for call, parameters in (
        (caller.send_message, {"MessageBody": "three"}),
        (caller.send_message_batch, {"Entries": entries}),
        (caller.receive_message, {}),
    ):
        assert refused(call, QueueUrl=url, **parameters)[0] == "KMS.AccessDeniedException"
    assert attributes(sqs, url, "ApproximateNumberOfMessages")["ApproximateNumberOfMessages"] == "1"


def test_who_has_no_right_is_told_so_by_the_queue(twin: Twin, sqs: Any, name: str) -> None:
    url = sqs.create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key_for(twin, "*")})["QueueUrl"]
    receiver = who(twin, allow(f"{QUEUES}:{name}", "sqs:ReceiveMessage"))
    code, message = refused(receiver.send_message, QueueUrl=url, MessageBody="one")
    assert code in DENIED[:2]
    assert "sqs:sendmessage" in message.lower()


def test_the_policy_of_a_queue_decides(twin: Twin, sqs: Any, name: str) -> None:
    """Over TLS only, from the account only, by the sender that is named only, whatever identities are allowed."""
    right = allow(f"{QUEUES}:{name}", "sqs:SendMessage", "sqs:ReceiveMessage")
    credentials = twin.role(f"sender-{uuid.uuid4().hex[:8]}", right)
    role = twin.client("sts", credentials).get_caller_identity()["Arn"].split("/")[1]
    sender, other = twin.client("sqs", credentials), who(twin, right)

    def deny(sid: str, action: str, condition: dict[str, Any]) -> dict[str, Any]:
        return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"{QUEUES}:{name}",
                "Condition": condition}  # fmt: skip

    statements = [
        deny("Tls", "sqs:*", {"Bool": {"aws:SecureTransport": "false"}}),
        deny("Strangers", "sqs:*", {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}),
        deny("Others", "sqs:SendMessage", {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}}),
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    held = {"Policy": policy, "KmsMasterKeyId": key_for(twin, "*")}
    url = sqs.create_queue(QueueName=name, Attributes=held)["QueueUrl"]
    sender.send_message(QueueUrl=url, MessageBody="one")
    assert refused(other.send_message, QueueUrl=url, MessageBody="two")[0] in DENIED
    assert other.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"
    without_tls = twin.client("sqs", credentials, tls=False)
    assert refused(without_tls.send_message, QueueUrl=url, MessageBody="three")[0] in DENIED


def test_a_dead_letter_queue_takes_messages_of_the_queues_that_it_names(sqs: Any, name: str) -> None:
    """RedriveAllowPolicy, RedrivePolicy; and what cannot be handled ends there."""
    dead = sqs.create_queue(
        QueueName=f"{name}-dead",
        Attributes={
            "RedriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [f"{QUEUES}:{name}"]})
        },
    )["QueueUrl"]
    redrive = {
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{QUEUES}:{name}-dead", "maxReceiveCount": 1}),
        "VisibilityTimeout": "0",
    }
    assert refused(sqs.create_queue, QueueName=f"{name}-other", Attributes=redrive)[0] == "InvalidParameterValue"
    url = sqs.create_queue(QueueName=name, Attributes=redrive)["QueueUrl"]
    assert sqs.list_queues(QueueNamePrefix=f"{name}-other")["QueueUrls"] == []
    sqs.send_message(QueueUrl=url, MessageBody="one")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "one"


def test_policies_decide_by_the_tags_of_a_queue(twin: Twin, sqs: Any, name: str) -> None:
    url = sqs.create_queue(QueueName=name, tags={"environment": "dev"})["QueueUrl"]
    right = allow(f"{QUEUES}:{name}", "sqs:SendMessage")
    for environment in ("dev", "prod"):
        caller = who(twin, right | {"Condition": {"StringEquals": {"aws:ResourceTag/environment": environment}}})
        if environment == "dev":
            caller.send_message(QueueUrl=url, MessageBody="one")
        else:
            assert refused(caller.send_message, QueueUrl=url, MessageBody="two")[0] in DENIED

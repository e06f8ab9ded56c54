"""SQS: addresses of queues, encryption, and whom a dead-letter queue takes messages from.

ministack 1.5.33 names queues by its own address, asks KMS nothing about messages, keeps what no queue has, and lets any
queue send its failures to any other.

Source: Amazon SQS API reference: CreateQueue, GetQueueAttributes, SetQueueAttributes, SendMessage, ReceiveMessage;
Amazon SQS developer guide, "Key management" (a producer needs kms:GenerateDataKey and kms:Decrypt, a consumer
kms:Decrypt; the encryption context is the queue's ARN), "Encryption at rest" (SSE-SQS is on for new queues),
"Dead-letter queues".
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from twin.aws.corrections.authorisation import KeyUse, is_allowed
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.wire import AwsError, Parameters

_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_SENDS = ("SendMessage", "SendMessageBatch")
_SETTABLE = frozenset(
    {
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "Policy",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    }
)
_REUSE_SECONDS = "300"


def queue_url(region: str, account: str, name: str) -> str:
    """The address that AWS gives a queue; clients send it along as its name, wherever the API is."""
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"


async def _addresses(exchange: Exchange) -> None:
    answer, region = exchange.answer, exchange.emulator.region

    def of_aws(url: str) -> str:
        account, name = url.rsplit("/", 2)[1:]
        return queue_url(region, account, name)

    if "QueueUrl" in answer:
        answer["QueueUrl"] = of_aws(answer["QueueUrl"])
    for member in ("QueueUrls", "queueUrls"):
        if member in answer:
            answer[member] = [of_aws(url) for url in answer[member]]


async def _held(exchange: Exchange, url: str) -> Parameters | None:
    """All attributes of a queue; None where there is none, which the emulator says itself."""
    try:
        found = await exchange.emulator.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    except AwsError as error:
        if error.says(*_GONE):
            return None
        raise
    return dict(found["Attributes"])


def _use_of_key(*actions: str) -> Callable[[Exchange], Awaitable[None]]:
    async def check(exchange: Exchange) -> None:
        """Ask KMS for who may do this with the queue; who may not is told so by SQS."""
        held = await _held(exchange, exchange.parameters.get("QueueUrl", ""))
        key, arn = (held or {}).get("KmsMasterKeyId"), (held or {}).get("QueueArn", "")
        action = f"sqs:{exchange.operation.name.removesuffix('Batch')}"
        if not key or key == "alias/aws/sqs" or not is_allowed(exchange.emulator, exchange.access_key, action, arn):
            return
        use = KeyUse(exchange.emulator, exchange.access_key, "sqs")
        for needed in actions:
            try:
                await use.require(needed, key, {"aws:sqs:arn": arn})
            except AwsError as error:
                code = "KMS.AccessDeniedException" if error.says("AccessDenied") else error.code
                raise AwsError(code, error.message) from error

    return check


def _document(attributes: Parameters, name: str) -> dict[str, Any]:
    try:
        found = json.loads(attributes[name])
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    return found


async def _refuse_wrong_attributes(exchange: Exchange) -> None:
    attributes = exchange.parameters.get("Attributes") or {}
    for name in attributes:
        if name not in _SETTABLE:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
    if attributes.get("KmsMasterKeyId") and attributes.get("SqsManagedSseEnabled") == "true":
        raise AwsError("InvalidAttributeValue", "You can use one type of server-side encryption at one time.")
    for name in ("Policy", "RedriveAllowPolicy"):
        if attributes.get(name):
            _document(attributes, name)
    if attributes.get("RedrivePolicy"):
        await _refuse_unless_taken(exchange, _document(attributes, "RedrivePolicy").get("deadLetterTargetArn", ""))


async def _refuse_unless_taken(exchange: Exchange, dead_letter_arn: str) -> None:
    """A dead-letter queue says of which queues it takes messages; it takes them of all where it says nothing."""
    emulator, parameters = exchange.emulator, exchange.parameters
    region, account, name = (dead_letter_arn.split(":") + [""] * 6)[3:6]
    held = await _held(exchange, queue_url(region, account, name))
    allowed = json.loads((held or {}).get("RedriveAllowPolicy") or "{}")
    source = parameters.get("QueueName") or parameters["QueueUrl"].rpartition("/")[2]
    match allowed.get("redrivePermission", "allowAll"):
        case "allowAll":
            return
        case "byQueue" if f"arn:aws:sqs:{emulator.region}:{emulator.account}:{source}" in allowed["sourceQueueArns"]:
            return
    message = (
        f"Value {parameters['Attributes']['RedrivePolicy']} for parameter RedrivePolicy is invalid. "
        "Reason: The dead-letter queue's redrive allow policy does not permit this source queue."
    )
    raise AwsError("InvalidParameterValue", message)


async def _show_encryption(exchange: Exchange) -> None:
    """GetQueueAttributes: how the queue is encrypted, of what was asked for; nothing asked for, nothing told."""
    asked = exchange.parameters.get("AttributeNames") or []
    shown = exchange.answer.get("Attributes", {})
    held = await _held_of(exchange, shown, asked)
    has_key = bool(held.get("KmsMasterKeyId"))
    encryption = {"SqsManagedSseEnabled": "false" if has_key else held.get("SqsManagedSseEnabled", "true")}
    if has_key:
        encryption["KmsDataKeyReusePeriodSeconds"] = held.get("KmsDataKeyReusePeriodSeconds", _REUSE_SECONDS)
    told = {name: value for name, value in shown.items() if value != "" and ("All" in asked or name in asked)}
    told.pop("KmsDataKeyReusePeriodSeconds", None)
    told |= {name: value for name, value in encryption.items() if "All" in asked or name in asked}
    exchange.answer["Attributes"] = told


async def _held_of(exchange: Exchange, shown: Parameters, asked: list[str]) -> Parameters:
    if not asked or "All" in asked:
        return shown
    return await _held(exchange, exchange.parameters["QueueUrl"]) or {}


CORRECTIONS = (
    Correction("sqs", ("CreateQueue", "GetQueueUrl", "ListQueues", "ListDeadLetterSourceQueues"), after=_addresses),
    Correction("sqs", ("CreateQueue", "SetQueueAttributes"), before=_refuse_wrong_attributes),
    Correction("sqs", ("GetQueueAttributes",), after=_show_encryption),
    Correction("sqs", _SENDS, before=_use_of_key("kms:GenerateDataKey", "kms:Decrypt")),
    Correction("sqs", ("ReceiveMessage",), before=_use_of_key("kms:Decrypt")),
)

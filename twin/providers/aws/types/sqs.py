"""SQS: queues. The API has one map of texts for all that a queue can be told.

Source: Amazon SQS API reference: CreateQueue, SetQueueAttributes, GetQueueAttributes.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet
from twin.providers.aws.types._text_attributes import text_of, value_of

_QUEUE = {"QueueUrl": "{id}"}
_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_PREFIX = "give the name itself, or none and get one made from the logical name"

_ATTRIBUTES: dict[str, tuple[str, Property]] = {
    "contentBasedDeduplication": ("ContentBasedDeduplication", Property(kind=BOOLEAN, default=False)),
    "deduplicationScope": ("DeduplicationScope", Property(computed=True)),
    "delaySeconds": ("DelaySeconds", Property(kind=INTEGER, default=0)),
    "fifoQueue": ("FifoQueue", Property(kind=BOOLEAN, default=False, replaces=True)),
    "fifoThroughputLimit": ("FifoThroughputLimit", Property(computed=True)),
    "kmsDataKeyReusePeriodSeconds": ("KmsDataKeyReusePeriodSeconds", Property(kind=INTEGER, computed=True)),
    "kmsMasterKeyId": ("KmsMasterKeyId", Property()),
    "maxMessageSize": ("MaximumMessageSize", Property(kind=INTEGER, default=262144)),
    "messageRetentionSeconds": ("MessageRetentionPeriod", Property(kind=INTEGER, default=345600)),
    "policy": ("Policy", Property(kind=JSON, computed=True)),
    "receiveWaitTimeSeconds": ("ReceiveMessageWaitTimeSeconds", Property(kind=INTEGER, default=0)),
    "redriveAllowPolicy": ("RedriveAllowPolicy", Property(kind=JSON, computed=True)),
    "redrivePolicy": ("RedrivePolicy", Property(kind=JSON, computed=True)),
    "sqsManagedSseEnabled": ("SqsManagedSseEnabled", Property(kind=BOOLEAN, computed=True)),
    "visibilityTimeoutSeconds": ("VisibilityTimeout", Property(kind=INTEGER, default=30)),
}
"""By the official provider's name: the attribute, and the property."""
_OF_FIFO = ("contentBasedDeduplication", "fifoQueue")
"""What SQS takes for FIFO queues alone; false, they are not sent."""


def _wanted(ctx: Context) -> dict[str, str]:
    return {
        attribute: text_of(ctx.inputs[name])
        for name, (attribute, _) in _ATTRIBUTES.items()
        if ctx.inputs.get(name) is not None and (name not in _OF_FIFO or ctx.inputs[name])
    }


def _create(ctx: Context) -> str:
    """Make the queue; a second call with the same attributes finds it."""
    tags = ctx.inputs.get("tagsAll")
    made = ctx.call(
        "create_queue", QueueName=ctx.inputs["name"], Attributes=_wanted(ctx), **({"tags": tags} if tags else {})
    )
    return str(made["QueueUrl"])


def _read(ctx: Context) -> dict[str, Any] | None:
    answer = ctx.run(Call("get_queue_attributes", {**_QUEUE, "AttributeNames": ["All"]}, missing=_GONE))
    if answer is None:
        return None
    held = answer["Attributes"]
    found = {
        name: value_of(prop.kind, held[attribute])
        for name, (attribute, prop) in _ATTRIBUTES.items()
        if attribute in held
    }
    return {**found, "arn": held["QueueArn"], "name": held["QueueArn"].rpartition(":")[2]}


def _set(ctx: Context) -> None:
    """Write what differs from what is there; a key that is no longer wanted is taken away by an empty text."""
    wanted = _wanted(ctx)
    there = {attribute: ctx.old.get(name) for name, (attribute, _) in _ATTRIBUTES.items()}
    changed = {
        attribute: text
        for attribute, text in wanted.items()
        if there[attribute] is None or text_of(there[attribute]) != text
    }
    if ctx.inputs.get("contentBasedDeduplication") is False and there["ContentBasedDeduplication"]:
        changed["ContentBasedDeduplication"] = "false"
    if ctx.inputs.get("kmsMasterKeyId") is None and there["KmsMasterKeyId"]:
        changed["KmsMasterKeyId"] = ""
    ctx.call("set_queue_attributes", QueueUrl=ctx.id, Attributes=changed)


QUEUE = ResourceType(
    "aws:sqs/queue:Queue",
    "sqs",
    id="=QueueUrl",
    properties={
        **{name: prop for name, (_, prop) in _ATTRIBUTES.items()},
        "arn": Property(output=True),
        "name": Property(replaces=True, autoname=Autoname(limit=80)),
        "region": REGION,
        "tags": TAGS["tags"],
        "tagsAll": TAGS["tagsAll"],
        "url": Property(output=True, derived="{id}"),
    },
    create=_create,
    read=_read,
    facets=(
        Facet(properties=tuple(_ATTRIBUTES), put=_set, created=True),
        tag_facet(Call("list_queue_tags", _QUEUE), "tag_queue", "untag_queue", _QUEUE),
    ),
    delete=Call("delete_queue", _QUEUE, missing=_GONE),
    find=lambda ctx: ctx.run(Call("get_queue_url", {"QueueName": "{name}"}, result="QueueUrl", missing=_GONE)),
    refused={"namePrefix": _PREFIX},
    absent={"namePrefix": _PREFIX},
)

TYPES = (QUEUE,)
"""Queues."""

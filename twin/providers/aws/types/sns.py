"""SNS: topics and subscriptions. The API takes what a topic can be told one attribute at a time.

An e-mail subscription is pending until somebody confirms it, which no program can wait for: it counts as made.

Source: Amazon SNS API reference: CreateTopic, SetTopicAttributes, Subscribe, GetSubscriptionAttributes.
"""

from collections.abc import Mapping
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet
from twin.providers.aws.types._text_attributes import text_of, value_of

_GONE = ("NotFound", "NotFoundException")
_PREFIX = "give the name itself, or none and get one made from the logical name"
_FIFO = "FIFO topics are not modelled: e-mail and EventBridge do not get along with them"
_FEEDBACK = "the twin delivers at once and keeps no log of deliveries"
_SENDERS = ("application", "firehose", "http", "lambda", "sqs")

_ATTRIBUTES: dict[str, tuple[str, Property]] = {
    "deliveryPolicy": ("DeliveryPolicy", Property(kind=JSON)),
    "displayName": ("DisplayName", Property()),
    "kmsMasterKeyId": ("KmsMasterKeyId", Property()),
    "policy": ("Policy", Property(kind=JSON, computed=True)),
    "signatureVersion": ("SignatureVersion", Property(kind=INTEGER, computed=True)),
    "tracingConfig": ("TracingConfig", Property(computed=True)),
}
"""By the official provider's name: the attribute, and the property."""
_TOPIC_REFUSED = {
    "archivePolicy": _FIFO,
    "contentBasedDeduplication": _FIFO,
    "fifoThroughputScope": _FIFO,
    "fifoTopic": _FIFO,
    "maximumMessageSize": "the emulator knows one size",
    "namePrefix": _PREFIX,
    **{f"{sender}{outcome}FeedbackRoleArn": _FEEDBACK for sender in _SENDERS for outcome in ("Failure", "Success")},
    **{f"{sender}SuccessFeedbackSampleRate": _FEEDBACK for sender in _SENDERS},
}


def _wanted(ctx: Context, attributes: Mapping[str, tuple[str, Property]]) -> dict[str, str]:
    return {
        attribute: text_of(ctx.inputs[name])
        for name, (attribute, _) in attributes.items()
        if ctx.inputs.get(name) is not None
    }


def _found(held: Mapping[str, str], attributes: Mapping[str, tuple[str, Property]]) -> dict[str, Any]:
    return {
        name: value_of(prop.kind, held[attribute])
        for name, (attribute, prop) in attributes.items()
        if held.get(attribute, "") != ""
    }


def _changed(ctx: Context, attributes: Mapping[str, tuple[str, Property]]) -> dict[str, str]:
    """What differs from what is there; an attribute that is no longer wanted is taken away by an empty text."""
    changed = {}
    for name, (attribute, prop) in attributes.items():
        wanted, there = ctx.inputs.get(name), ctx.old.get(name)
        if prop.kind.same(wanted, there) or (wanted is None and prop.computed):
            continue
        changed[attribute] = "" if wanted is None else text_of(wanted)
    return changed


def _create_topic(ctx: Context) -> str:
    """Make the topic; a second call with the same attributes finds it."""
    tags = [{"Key": key, "Value": value} for key, value in (ctx.inputs.get("tagsAll") or {}).items()]
    made = ctx.call("create_topic", Name=ctx.inputs["name"], Attributes=_wanted(ctx, _ATTRIBUTES), Tags=tags)
    return str(made["TopicArn"])


def _read_topic(ctx: Context) -> dict[str, Any] | None:
    answer = ctx.run(Call("get_topic_attributes", {"TopicArn": "{id}"}, missing=_GONE))
    if answer is None:
        return None
    held = answer["Attributes"]
    known = {"arn": held["TopicArn"], "name": held["TopicArn"].rpartition(":")[2], "owner": held["Owner"]}
    return _found(held, _ATTRIBUTES) | known


def _set_topic(ctx: Context) -> None:
    for attribute, text in _changed(ctx, _ATTRIBUTES).items():
        ctx.call("set_topic_attributes", TopicArn=ctx.id, AttributeName=attribute, AttributeValue=text)


def _find_topic(ctx: Context) -> str | None:
    arn = str(ctx.fill("arn:{partition}:sns:{region}:{account}:{name}"))
    return arn if ctx.run(Call("get_topic_attributes", {"TopicArn": arn}, missing=_GONE)) else None


TOPIC = ResourceType(
    "aws:sns/topic:Topic",
    "sns",
    id="=TopicArn",
    properties={
        **{name: prop for name, (_, prop) in _ATTRIBUTES.items()},
        "arn": Property(output=True),
        "name": Property(replaces=True, autoname=Autoname(limit=256)),
        "owner": Property(output=True),
        "region": REGION,
        **TAGS,
    },
    create=_create_topic,
    read=_read_topic,
    facets=(
        Facet(properties=tuple(_ATTRIBUTES), put=_set_topic, created=True),
        tag_facet(
            Call("list_tags_for_resource", {"ResourceArn": "{id}"}),
            "tag_resource",
            "untag_resource",
            {"ResourceArn": "{id}"},
        ),
    ),
    delete=Call("delete_topic", {"TopicArn": "{id}"}, missing=_GONE),
    find=_find_topic,
    refused=_TOPIC_REFUSED,
    absent={**_TOPIC_REFUSED, "beginningArchiveTime": _FIFO},
)
"""Topics."""

_OF_SUBSCRIPTION: dict[str, tuple[str, Property]] = {
    "deliveryPolicy": ("DeliveryPolicy", Property(kind=JSON)),
    "filterPolicy": ("FilterPolicy", Property(kind=JSON)),
    "filterPolicyScope": ("FilterPolicyScope", Property(computed=True)),
    "rawMessageDelivery": ("RawMessageDelivery", Property(kind=BOOLEAN, default=False)),
    "redrivePolicy": ("RedrivePolicy", Property(kind=JSON)),
}
_SUBSCRIPTION_REFUSED = {"replayPolicy": _FIFO, "subscriptionRoleArn": "the twin delivers to no Firehose"}


def _subscribe(ctx: Context) -> str:
    """Make the subscription; a second call finds the one of that endpoint."""
    made = ctx.call(
        "subscribe",
        TopicArn=ctx.inputs["topic"],
        Protocol=ctx.inputs["protocol"],
        Endpoint=ctx.inputs["endpoint"],
        Attributes=_wanted(ctx, _OF_SUBSCRIPTION),
        ReturnSubscriptionArn=True,
    )
    return str(made["SubscriptionArn"])


def _read_subscription(ctx: Context) -> dict[str, Any] | None:
    answer = ctx.run(Call("get_subscription_attributes", {"SubscriptionArn": "{id}"}, missing=_GONE))
    if answer is None:
        return None
    held = answer["Attributes"]
    return _found(held, _OF_SUBSCRIPTION) | {
        "arn": held["SubscriptionArn"],
        "confirmationWasAuthenticated": held.get("ConfirmationWasAuthenticated") == "true",
        "endpoint": held["Endpoint"],
        "ownerId": held["Owner"],
        "pendingConfirmation": held.get("PendingConfirmation") == "true",
        "protocol": held["Protocol"],
        "topic": held["TopicArn"],
    }


def _set_subscription(ctx: Context) -> None:
    for attribute, text in _changed(ctx, _OF_SUBSCRIPTION).items():
        ctx.call("set_subscription_attributes", SubscriptionArn=ctx.id, AttributeName=attribute, AttributeValue=text)


def _find_subscription(ctx: Context) -> str | None:
    """By topic, protocol and endpoint. A pending one is listed without its ARN, which asking once more tells."""
    listed = ctx.run(Call("list_subscriptions_by_topic", {"TopicArn": "{topic}"}, "", "Subscriptions", _GONE)) or ()
    for one in listed:
        if (one["Protocol"], one["Endpoint"]) == (ctx.inputs["protocol"], ctx.inputs["endpoint"]):
            arn = str(one["SubscriptionArn"])
            return arn if arn.startswith("arn:") else _subscribe(ctx)
    return None


SUBSCRIPTION = ResourceType(
    "aws:sns/topicSubscription:TopicSubscription",
    "sns",
    id="=SubscriptionArn",
    properties={
        **{name: prop for name, (_, prop) in _OF_SUBSCRIPTION.items()},
        "arn": Property(output=True),
        "confirmationTimeoutInMinutes": Property(kind=INTEGER, default=1, sent=False, returned=False),
        "confirmationWasAuthenticated": Property(kind=BOOLEAN, output=True),
        "endpoint": Property(required=True, replaces=True),
        "endpointAutoConfirms": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "ownerId": Property(output=True),
        "pendingConfirmation": Property(kind=BOOLEAN, output=True),
        "protocol": Property(required=True, replaces=True),
        "region": REGION,
        "topic": Property(required=True, replaces=True),
    },
    create=_subscribe,
    read=_read_subscription,
    facets=(Facet(properties=tuple(_OF_SUBSCRIPTION), put=_set_subscription, created=True),),
    delete=Call("unsubscribe", {"SubscriptionArn": "{id}"}, missing=_GONE),
    find=_find_subscription,
    refused=_SUBSCRIPTION_REFUSED,
    absent=_SUBSCRIPTION_REFUSED,
)
"""Subscriptions."""

TYPES = (TOPIC, SUBSCRIPTION)

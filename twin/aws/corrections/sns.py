"""SNS: e-mail subscriptions wait for somebody who confirms them, and messages need the topic's key.

ministack 1.5.33 takes an e-mail subscription for confirmed, and asks KMS nothing about messages. Nobody reads mail on
the twin, so an e-mail subscription stays pending: what is sent to it ends in the emulator's log.

Source: Amazon SNS API reference: Subscribe (ReturnSubscriptionArn), ListSubscriptionsByTopic (PendingConfirmation),
GetSubscriptionAttributes, GetTopicAttributes, Publish; Amazon SNS developer guide, "Key management" (a publisher needs
kms:GenerateDataKey and kms:Decrypt; the encryption context is the topic's ARN).
"""

from twin.aws.corrections.authorisation import KeyUse, is_allowed
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.wire import AwsError

_BY_MAIL = ("email", "email-json")
_PENDING = "PendingConfirmation"


async def _wait_for_confirmation(exchange: Exchange) -> None:
    asked = exchange.parameters
    if asked.get("Protocol") in _BY_MAIL and not asked.get("ReturnSubscriptionArn"):
        exchange.answer["SubscriptionArn"] = "pending confirmation"


async def _list_without_arn(exchange: Exchange) -> None:
    for one in exchange.answer.get("Subscriptions") or ():
        if one.get("Protocol") in _BY_MAIL:
            one["SubscriptionArn"] = _PENDING


async def _say_pending(exchange: Exchange) -> None:
    told = exchange.answer.get("Attributes") or {}
    if told.get("Protocol") in _BY_MAIL:
        told |= {_PENDING: "true", "ConfirmationWasAuthenticated": "false"}


async def _count_pending(exchange: Exchange) -> None:
    listed = await exchange.emulator.call("sns", "ListSubscriptionsByTopic", TopicArn=exchange.parameters["TopicArn"])
    subscriptions = listed.get("Subscriptions") or []
    pending = sum(one["Protocol"] in _BY_MAIL for one in subscriptions)
    exchange.answer["Attributes"] |= {
        "SubscriptionsPending": str(pending),
        "SubscriptionsConfirmed": str(len(subscriptions) - pending),
    }


async def _need_the_key(exchange: Exchange) -> None:
    """Ask KMS for who may publish; who may not is told so by SNS."""
    arn = exchange.parameters.get("TopicArn") or exchange.parameters.get("TargetArn") or ""
    try:
        held = (await exchange.emulator.call("sns", "GetTopicAttributes", TopicArn=arn))["Attributes"]
    except AwsError:
        return  # the emulator says itself that there is none
    key = held.get("KmsMasterKeyId")
    if not key or key == "alias/aws/sns" or not is_allowed(exchange.emulator, exchange.access_key, "sns:Publish", arn):
        return
    use = KeyUse(exchange.emulator, exchange.access_key, "sns")
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        try:
            await use.require(action, key, {"aws:sns:topicArn": arn})
        except AwsError as error:
            code = "KMSAccessDenied" if error.says("AccessDenied") else error.code
            raise AwsError(code, error.message) from error


CORRECTIONS = (
    Correction("sns", ("Subscribe",), after=_wait_for_confirmation),
    Correction("sns", ("ListSubscriptions", "ListSubscriptionsByTopic"), after=_list_without_arn),
    Correction("sns", ("GetSubscriptionAttributes",), after=_say_pending),
    Correction("sns", ("GetTopicAttributes",), after=_count_pending),
    Correction("sns", ("Publish", "PublishBatch"), before=_need_the_key),
)

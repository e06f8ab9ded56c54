"""S3: the account's public access block, which ministack 1.5.33 does not know, and what it forgets of a lifecycle.

Source: Amazon S3 API reference: PutPublicAccessBlock, GetPublicAccessBlock, DeletePublicAccessBlock (S3 Control),
PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration,
GetBucketPolicyStatus.
"""

from ministack.services.s3 import _policy_is_public

from twin.aws.corrections.authorisation import is_allowed
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import given
from twin.aws.corrections.wire import AwsError, Parameters

_ACCOUNT_BLOCK = "account-public-access-block"
_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _authorise(exchange: Exchange, action: str) -> None:
    account = exchange.emulator.account
    if exchange.parameters.get("AccountId") != account or not is_allowed(
        exchange.emulator, exchange.access_key, f"s3:{action}AccountPublicAccessBlock", "*"
    ):
        raise AwsError("AccessDenied", "Access Denied", 403)


async def _put_account_block(exchange: Exchange) -> None:
    """Recorded and shown; what is refused for it is decided by each bucket's own block, which new buckets have on."""
    _authorise(exchange, "Put")
    asked = exchange.parameters["PublicAccessBlockConfiguration"]
    block = {switch: bool(asked.get(switch, False)) for switch in _SWITCHES}
    exchange.shelf(_ACCOUNT_BLOCK).put(exchange.emulator.account, "block", block)


async def _get_account_block(exchange: Exchange) -> None:
    _authorise(exchange, "Get")
    block = exchange.shelf(_ACCOUNT_BLOCK).get(exchange.emulator.account, "block")
    if block is None:
        message = "The public access block configuration was not found"
        raise AwsError("NoSuchPublicAccessBlockConfiguration", message, 404)
    exchange.answer["PublicAccessBlockConfiguration"] = block


async def _delete_account_block(exchange: Exchange) -> None:
    _authorise(exchange, "Put")
    exchange.shelf(_ACCOUNT_BLOCK).forget(exchange.emulator.account, "block")


async def _keep_minimum_size(exchange: Exchange) -> None:
    fields: Parameters = given(exchange.parameters, "TransitionDefaultMinimumObjectSize")
    if fields:
        exchange.shelf("lifecycle").put(exchange.scope, exchange.parameters["Bucket"], fields)
    else:
        exchange.shelf("lifecycle").forget(exchange.scope, exchange.parameters["Bucket"])
    exchange.answer |= fields


async def _show_minimum_size(exchange: Exchange) -> None:
    exchange.answer |= exchange.shelf("lifecycle").get(exchange.scope, exchange.parameters["Bucket"]) or {}


async def _forget_minimum_size(exchange: Exchange) -> None:
    exchange.shelf("lifecycle").forget(exchange.scope, exchange.parameters["Bucket"])


async def _policy_status(exchange: Exchange) -> None:
    """GetBucketPolicyStatus: the emulator takes it for a listing, but judges a policy rightly at PutBucketPolicy."""
    bucket = exchange.parameters["Bucket"]
    if not is_allowed(exchange.emulator, exchange.access_key, "s3:GetBucketPolicyStatus", f"arn:aws:s3:::{bucket}"):
        raise AwsError("AccessDenied", "Access Denied", 403)
    policy = (await exchange.emulator.call("s3", "GetBucketPolicy", Bucket=bucket))["Policy"]
    exchange.answer["PolicyStatus"] = {"IsPublic": _policy_is_public(policy)}


CORRECTIONS = (
    Correction("s3", ("GetBucketPolicyStatus",), after=_policy_status),
    Correction("s3control", ("PutPublicAccessBlock",), supply=_put_account_block),
    Correction("s3control", ("GetPublicAccessBlock",), supply=_get_account_block),
    Correction("s3control", ("DeletePublicAccessBlock",), supply=_delete_account_block),
    Correction("s3", ("PutBucketLifecycleConfiguration",), after=_keep_minimum_size),
    Correction("s3", ("GetBucketLifecycleConfiguration",), after=_show_minimum_size),
    Correction("s3", ("DeleteBucketLifecycle", "DeleteBucket"), after=_forget_minimum_size),
)

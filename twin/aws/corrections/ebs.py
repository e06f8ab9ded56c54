"""EBS volumes: their keys, and the rights that they need.

ministack 1.5.33 forgets a volume's key and asks KMS nothing; it asks for one right where AWS asks for several. EC2
looks at the key after it has answered: a volume whose key its maker may not use appears, and is gone again.

Source: EC2 API reference, CreateVolume (KmsKeyId: "authenticates the KMS key asynchronously"); Service authorization
reference, "Actions, resources, and condition keys for Amazon EC2"; KMS developer guide, "How Amazon EBS uses KMS".
"""

import logging
from collections.abc import Mapping

from twin.aws.corrections.authorisation import KeyUse, is_allowed
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import found_at, given
from twin.aws.corrections.wire import AwsError, Parameters

_log = logging.getLogger("twin.aws.corrections")
_KIND = "volume"


def _arn(exchange: Exchange, kind: str, thing_id: str) -> str:
    return f"arn:aws:ec2:{exchange.emulator.region}:{exchange.emulator.account}:{kind}/{thing_id}"


def _require(exchange: Exchange, action: str, resource: str, context: Mapping[str, str]) -> None:
    if not is_allowed(exchange.emulator, exchange.access_key, action, resource, **context):
        message = f"You are not authorized to perform this operation. The caller may not {action} on {resource}."
        raise AwsError("UnauthorizedOperation", message, 403)


async def _may_tag(exchange: Exchange) -> None:
    """Tags that come with a create need a right of their own."""
    tags = {each["Key"]: each["Value"] for each in found_at("TagSpecifications[].Tags[]", exchange.parameters)}
    if tags:
        context = {"ec2:createaction": exchange.operation.name}
        context |= {f"aws:requesttag/{key.lower()}": value for key, value in tags.items()}
        _require(exchange, "ec2:CreateTags", _arn(exchange, "volume", "*"), context)


async def _may_use_instance(exchange: Exchange) -> None:
    """Attaching and detaching need the right on the instance, beside that on the volume."""
    if instance := exchange.parameters.get("InstanceId"):
        _require(exchange, f"ec2:{exchange.operation.name}", _arn(exchange, "instance", instance), {})


async def _encrypt(exchange: Exchange) -> None:
    asked, volume = exchange.parameters, exchange.answer["VolumeId"]
    kept: Parameters = given(asked, "Throughput")
    if asked.get("KmsKeyId"):
        use = KeyUse(exchange.emulator, exchange.access_key, "ec2")
        try:
            described = await exchange.emulator.call("kms", "DescribeKey", KeyId=asked["KmsKeyId"])
            key = described["KeyMetadata"]["Arn"]
            context = {"aws:ebs:id": volume}
            await use.require("kms:GenerateDataKeyWithoutPlaintext", key, context)
            await use.require("kms:CreateGrant", key, context, {"kms:grantisforawsresource": "true"})
        except AwsError as error:
            _log.warning("volume %s is gone again: %s", volume, error)
            await exchange.emulator.call("ec2", "DeleteVolume", VolumeId=volume)
            key = asked["KmsKeyId"]
        kept |= {"KmsKeyId": key, "Encrypted": True}
    exchange.shelf(_KIND).put(exchange.scope, volume, kept)
    exchange.answer |= kept | {"State": "creating"}


async def _show(exchange: Exchange) -> None:
    for volume in exchange.answer.get("Volumes", []):
        volume |= exchange.shelf(_KIND).get(exchange.scope, volume["VolumeId"]) or {}


async def _forget(exchange: Exchange) -> None:
    exchange.shelf(_KIND).forget(exchange.scope, exchange.parameters["VolumeId"])


CORRECTIONS = (
    Correction("ec2", ("CreateVolume",), before=_may_tag, after=_encrypt),
    Correction("ec2", ("AttachVolume", "DetachVolume"), before=_may_use_instance),
    Correction("ec2", ("DescribeVolumes",), after=_show),
    Correction("ec2", ("DeleteVolume",), after=_forget),
)

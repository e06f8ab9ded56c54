"""EBS volumes: their keys, and by what their rights are decided.

ministack 1.5.33 forgets a volume's key and asks KMS nothing; it decides CreateVolume on no resource, knows neither tags
of EC2 resources nor those in a request, and asks for one right where AWS asks for several. EC2 looks at the key after
it has answered: a volume whose key its maker may not use appears, and is gone again.

Source: EC2 API reference, CreateVolume (KmsKeyId: "authenticates the KMS key asynchronously"); Service authorization
reference, "Actions, resources, and condition keys for Amazon EC2"; KMS developer guide, "How Amazon EBS uses KMS".
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, tagging

from twin.aws.corrections.authorisation import KeyUse, is_allowed
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import found_at, given
from twin.aws.corrections.wire import AwsError, Parameters

_log = logging.getLogger("twin.aws.corrections")
_KIND = "volume"
_OF_A_VOLUME = {"CreateVolume", "DeleteVolume", "ModifyVolume", "AttachVolume", "DetachVolume"}
_TYPES = {"i": "instance", "vol": "volume", "snap": "snapshot", "eni": "network-interface", "subnet": "subnet",
          "sg": "security-group", "vpc": "vpc", "lt": "launch-template"}  # fmt: skip


def install() -> None:
    """Give the emulator's policy evaluation the volumes, and the tags of EC2 resources. Installed once, it stays."""
    if "ec2" in tagging._RESOURCE_TAG_COLLECTORS:
        return
    extract = iam_actions.extract_resource_arn

    def with_volumes(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> str:
        action = iam_actions._query_param(query, "Action") if service == "ec2" else ""
        if action in _OF_A_VOLUME:
            return f"arn:aws:ec2:{region}:{account}:volume/{iam_actions._query_param(query, 'VolumeId') or '*'}"
        return str(extract(service, method, path, headers, body, query, region, account))

    iam_actions.extract_resource_arn = with_volumes
    tagging._RESOURCE_TAG_COLLECTORS["ec2"] = _tags_of_ec2
    iam_actions._TAG_MEMBERS |= {"TagSpecifications"}
    iam_actions._TAG_OPERATIONS.pop("ec2", None)


def _tags_of_ec2() -> Iterable[tuple[str, list[dict[str, str]]]]:
    for thing_id, tags in list(ec2._tags.items()):
        kind = _TYPES.get(thing_id.partition("-")[0])
        if kind:
            yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{thing_id}", tags


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

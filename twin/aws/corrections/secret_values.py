"""Secrets Manager: values of secrets, their versions, and the use of a secret's key by who writes or reads one.

ministack 1.5.33 asks KMS nothing, gives a secret without a value an empty version, takes one token for several values,
and has deleted versions in its lists.

Source: AWS Secrets Manager API reference: CreateSecret, PutSecretValue (ClientRequestToken), GetSecretValue,
BatchGetSecretValue, ListSecretVersionIds; AWS Secrets Manager user guide, "Secret encryption and decryption in AWS
Secrets Manager" (a writer needs kms:GenerateDataKey and kms:Decrypt, a reader kms:Decrypt; the encryption context is
the secret's ARN, or RequestToValidateKeyAccess when a secret gets a key).
"""

from typing import Any

from twin.aws.corrections.authorisation import KeyUse, is_allowed, require
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.wire import AwsError, Parameters

_EMPTY = "secret-without-value"
_CURRENT = "AWSCURRENT"
_WRITE = ("kms:GenerateDataKey", "kms:Decrypt")
_VALUES = ("SecretString", "SecretBinary")
_VALIDATION = "RequestToValidateKeyAccess"


async def described(exchange: Exchange, secret_id: str) -> Parameters | None:
    """What the emulator tells of a secret; None where there is none, which it says itself."""
    try:
        return await exchange.emulator.call("secretsmanager", "DescribeSecret", SecretId=secret_id)
    except AwsError as error:
        if error.says("ResourceNotFoundException"):
            return None
        raise


async def _use_key(exchange: Exchange, key: str | None, secret: str, *actions: str) -> None:
    if not key or key.endswith("alias/aws/secretsmanager"):
        return  # the AWS managed key, which every caller of the account may use
    use = KeyUse(exchange.emulator, exchange.access_key, "secretsmanager")
    for action in actions:
        try:
            await use.require(action, key, {"secretarn": secret})
        except AwsError as error:
            raise AwsError("AccessDeniedException", f"Access to KMS is not allowed. {error.message}") from error


def _may(exchange: Exchange, arn: str) -> bool:
    """Whether the caller may do the operation at all; who may not is told so by the emulator."""
    action = f"secretsmanager:{exchange.operation.name}"
    return is_allowed(exchange.emulator, exchange.access_key, action, arn)


def _has_value(parameters: Parameters) -> bool:
    return any(parameters.get(name) is not None for name in _VALUES)


async def _check_create(exchange: Exchange) -> None:
    """A name that is scheduled for deletion is taken; the key is tried before the secret is there."""
    emulator, parameters = exchange.emulator, exchange.parameters
    name = parameters["Name"]
    arn = f"arn:aws:secretsmanager:{emulator.region}:{emulator.account}:secret:{name}"
    if not _may(exchange, arn):
        return
    there = await described(exchange, name)
    if there and "DeletedDate" in there:
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise AwsError("InvalidRequestException", message)
    await _use_key(exchange, parameters.get("KmsKeyId"), _VALIDATION, *_WRITE)
    if _has_value(parameters):
        await _use_key(exchange, parameters.get("KmsKeyId"), f"{arn}-000000", *_WRITE)


async def _leave_empty(exchange: Exchange) -> None:
    """CreateSecret without a value makes no version."""
    if _has_value(exchange.parameters):
        return
    arn, version = exchange.answer["ARN"], exchange.answer.pop("VersionId")
    stage = {"VersionStage": _CURRENT, "RemoveFromVersionId": version}
    await exchange.emulator.call("secretsmanager", "UpdateSecretVersionStage", SecretId=arn, **stage)
    exchange.shelf(_EMPTY).put(exchange.scope, arn, {"VersionId": version})


async def _check_update(exchange: Exchange) -> None:
    secret = await described(exchange, exchange.parameters["SecretId"])
    if secret is None or not _may(exchange, secret["ARN"]):
        return
    key = exchange.parameters.get("KmsKeyId")
    await _use_key(exchange, key, _VALIDATION, *_WRITE)
    if _has_value(exchange.parameters):
        await _use_key(exchange, key or secret.get("KmsKeyId"), secret["ARN"], *_WRITE)


async def _check_put(exchange: Exchange) -> None:
    """A token is for one value: with it once more the same value is no new version, another one is refused."""
    parameters = exchange.parameters
    secret = await described(exchange, parameters["SecretId"])
    if secret is None or not _may(exchange, secret["ARN"]):
        return
    if not _has_value(parameters):
        raise AwsError("InvalidParameterException", "You must provide either SecretString or SecretBinary.")
    await _use_key(exchange, secret.get("KmsKeyId"), secret["ARN"], *_WRITE)
    token, versions = parameters.get("ClientRequestToken"), secret.get("VersionIdsToStages", {})
    if token not in versions or "DeletedDate" in secret:
        return
    held = await exchange.emulator.call("secretsmanager", "GetSecretValue", SecretId=secret["ARN"], VersionId=token)
    if any(held.get(name) != parameters.get(name) for name in _VALUES):
        message = f"You can't use ClientRequestToken {token} because that value is already in use for a version."
        raise AwsError("ResourceExistsException", message)
    require(exchange, secret["ARN"])
    exchange.answer |= {name: held[name] for name in ("ARN", "Name", "VersionId", "VersionStages")}


async def _move_labels(exchange: Exchange) -> None:
    """PutSecretValue with labels of one's own: each is taken from the version that had it."""
    version = exchange.answer["VersionId"]
    secret = await exchange.emulator.call("secretsmanager", "DescribeSecret", SecretId=exchange.answer["ARN"])
    for label in exchange.parameters.get("VersionStages") or ():
        for other, labels in secret.get("VersionIdsToStages", {}).items():
            if label in labels and other != version:
                which = {"SecretId": secret["ARN"], "VersionStage": label, "RemoveFromVersionId": other}
                await exchange.emulator.call("secretsmanager", "UpdateSecretVersionStage", **which)


async def _key_of(exchange: Exchange, arn: str) -> str | None:
    secret = await exchange.emulator.call("secretsmanager", "DescribeSecret", SecretId=arn)
    return secret.get("KmsKeyId")


async def _check_read(exchange: Exchange) -> None:
    """GetSecretValue: the caller must be allowed to decrypt with the secret's customer managed key."""
    arn = exchange.answer["ARN"]
    await _use_key(exchange, await _key_of(exchange, arn), arn, "kms:Decrypt")


async def _check_reads(exchange: Exchange) -> None:
    """BatchGetSecretValue: the same for each, and who may not has an error in its place."""
    readable: list[dict[str, Any]] = []
    for value in exchange.answer.get("SecretValues", []):
        try:
            await _use_key(exchange, await _key_of(exchange, value["ARN"]), value["ARN"], "kms:Decrypt")
        except AwsError as error:
            refusal = {"SecretId": value["ARN"], "ErrorCode": error.code, "Message": error.message}
            exchange.answer.setdefault("Errors", []).append(refusal)
        else:
            readable.append(value)
    exchange.answer["SecretValues"] = readable


async def _list_versions(exchange: Exchange) -> None:
    """Versions without a label are listed on request; the one that never was is not."""
    empty = (exchange.shelf(_EMPTY).get(exchange.scope, exchange.answer["ARN"]) or {}).get("VersionId")
    every = exchange.parameters.get("IncludeDeprecated", False)
    exchange.answer["Versions"] = [
        version
        for version in exchange.answer.get("Versions", [])
        if version["VersionId"] != empty and (every or version.get("VersionStages"))
    ]


async def _forget(exchange: Exchange) -> None:
    if exchange.parameters.get("ForceDeleteWithoutRecovery"):
        exchange.shelf(_EMPTY).forget(exchange.scope, exchange.answer["ARN"])


CORRECTIONS = (
    Correction("secretsmanager", ("CreateSecret",), before=_check_create, after=_leave_empty),
    Correction("secretsmanager", ("UpdateSecret",), before=_check_update),
    Correction("secretsmanager", ("PutSecretValue",), before=_check_put, after=_move_labels),
    Correction("secretsmanager", ("GetSecretValue",), after=_check_read),
    Correction("secretsmanager", ("BatchGetSecretValue",), after=_check_reads),
    Correction("secretsmanager", ("ListSecretVersionIds",), after=_list_versions),
    Correction("secretsmanager", ("DeleteSecret",), after=_forget),
)

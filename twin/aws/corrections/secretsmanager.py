"""Secrets Manager: secrets that RDS manages.

ministack 1.5.33 knows no managed secrets for DB instances, and rotates what nothing rotates.

Source: AWS Secrets Manager API reference: DescribeSecret, RotateSecret, DeleteSecret; Amazon RDS user guide, "Password
management with Amazon RDS and AWS Secrets Manager".
"""

import datetime
import json
import secrets
import string
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.secret_values import described
from twin.aws.corrections.wire import AwsError

_KIND = "managed-secret"
_ROTATION_DAYS = 7
_ALPHABET = string.ascii_letters + string.digits + "!#$&()*+,-.:;<=>?[]^_{|}~"
SetPassword = Callable[[Exchange, str, str], Awaitable[None]]
"""Given an exchange, the ARN of the owning DB instance and a password, make it the master's."""


def new_password() -> str:
    """A password as RDS makes them: no slash, quote, at sign or blank."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(28))


async def create_managed(
    exchange: Exchange, instance_arn: str, user: str, password: str, key: str | None
) -> dict[str, Any]:
    """Make the master user's secret; returns the instance's `MasterUserSecret`."""
    made = await exchange.emulator.call(
        "secretsmanager",
        "CreateSecret",
        Name=f"rds!db-{uuid.uuid4()}",
        Description=f"The secret associated with the primary RDS DB instance: {instance_arn}",
        SecretString=json.dumps({"username": user, "password": password}),
        ClientRequestToken=str(uuid.uuid4()),
        Tags=[
            {"Key": "aws:secretsmanager:owningService", "Value": "rds"},
            {"Key": "aws:rds:primaryDBInstanceArn", "Value": instance_arn},
        ],
        **({"KmsKeyId": key} if key else {}),
    )
    owned = {"OwningService": "rds", "Instance": instance_arn, "User": user, "AutomaticallyAfterDays": _ROTATION_DAYS}
    exchange.shelf(_KIND).put(exchange.scope, made["ARN"], owned)
    default = f"arn:aws:kms:{exchange.emulator.region}:{exchange.emulator.account}:alias/aws/secretsmanager"
    return {"SecretArn": made["ARN"], "SecretStatus": "active", "KmsKeyId": key or default}


async def put_managed_password(exchange: Exchange, secret_arn: str, password: str) -> str:
    """Store a new password as the current version; returns the version's id."""
    owned = exchange.shelf(_KIND).get(exchange.scope, secret_arn) or {}
    made = await exchange.emulator.call(
        "secretsmanager",
        "PutSecretValue",
        SecretId=secret_arn,
        SecretString=json.dumps({"username": owned["User"], "password": password}),
        ClientRequestToken=str(uuid.uuid4()),
    )
    return str(made["VersionId"])


async def delete_managed(exchange: Exchange, secret_arn: str) -> None:
    """Delete a managed secret at once, as RDS does with its instance."""
    exchange.shelf(_KIND).forget(exchange.scope, secret_arn)
    await exchange.emulator.call("secretsmanager", "DeleteSecret", SecretId=secret_arn, ForceDeleteWithoutRecovery=True)


async def _refuse_if_managed(exchange: Exchange) -> None:
    """A managed secret's value is its service's alone."""
    secret = await described(exchange, exchange.parameters["SecretId"])
    if secret and exchange.shelf(_KIND).get(exchange.scope, secret["ARN"]):
        message = f"You can't perform {exchange.operation.name} on the secret because it's managed by rds."
        raise AwsError("InvalidRequestException", message)


async def _refuse_without_function(exchange: Exchange) -> None:
    """RotateSecret: what is not managed is rotated by a function that the secret or the request names."""
    secret = await described(exchange, exchange.parameters["SecretId"])
    if secret is None or exchange.shelf(_KIND).get(exchange.scope, secret["ARN"]):
        return
    if not (exchange.parameters.get("RotationLambdaARN") or secret.get("RotationLambdaARN")):
        message = "No Lambda rotation function ARN is associated with this secret."
        raise AwsError("InvalidRequestException", message)


async def _show_owner(exchange: Exchange) -> None:
    listed = exchange.answer.get("SecretList", [exchange.answer] if "ARN" in exchange.answer else [])
    for secret in listed:
        owned = exchange.shelf(_KIND).get(exchange.scope, secret["ARN"])
        if owned:
            changed = secret.get("LastChangedDate") or datetime.datetime.now(datetime.UTC)
            days = owned["AutomaticallyAfterDays"]
            secret |= {
                "OwningService": owned["OwningService"],
                "RotationEnabled": True,
                "RotationRules": {"AutomaticallyAfterDays": days},
                "NextRotationDate": changed + datetime.timedelta(days=days),
            }


def _rotate(set_password: SetPassword) -> Callable[[Exchange], Awaitable[None]]:
    async def rotate(exchange: Exchange) -> None:
        """RotateSecret: a managed secret's new password becomes the master user's, and then the current version."""
        arn = exchange.answer["ARN"]
        owned = exchange.shelf(_KIND).get(exchange.scope, arn)
        if owned is None:
            return
        rules = exchange.parameters.get("RotationRules", {})
        days = rules.get("AutomaticallyAfterDays", owned["AutomaticallyAfterDays"])
        exchange.shelf(_KIND).put(exchange.scope, arn, owned | {"AutomaticallyAfterDays": days})
        if exchange.parameters.get("RotateImmediately", True):
            password = new_password()
            await set_password(exchange, owned["Instance"], password)
            exchange.answer["VersionId"] = await put_managed_password(exchange, arn, password)

    return rotate


def corrections(set_password: SetPassword) -> tuple[Correction, ...]:
    """The corrections; `set_password` reaches the database of a managed secret."""
    return (
        Correction(
            "secretsmanager",
            ("DeleteSecret", "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"),
            before=_refuse_if_managed,
        ),
        Correction("secretsmanager", ("DescribeSecret", "ListSecrets"), after=_show_owner),
        Correction("secretsmanager", ("RotateSecret",), before=_refuse_without_function, after=_rotate(set_password)),
    )

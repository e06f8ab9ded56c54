"""Secrets Manager: the rotation of a secret.

A secret that RDS manages needs no function.
Source: AWS Secrets Manager API reference, RotateSecret, CancelRotateSecret.
"""

from typing import Any

from twin.provider.context import Context
from twin.provider.kinds import BOOLEAN, INTEGER, Block
from twin.provider.schema import REGION, Call, Facet, Property, ResourceType

_SECRET = {"SecretId": "{id}"}
_GONE = ("ResourceNotFoundException",)
_ROTATED = ("rotateImmediately", "rotationLambdaArn", "rotationRules")


def _cancelled(ctx: Context) -> bool:
    return ctx.inputs.get("rotationEnabled") is False


def _create(ctx: Context) -> str:
    """Rotation is set, not made: doing it twice is doing it once, except that it rotates at once again."""
    ctx.id = ctx.inputs["secretId"]
    return str(_put(ctx)["ARN"])


def _put(ctx: Context) -> Any:
    if _cancelled(ctx):
        return ctx.call("cancel_rotate_secret", SecretId=ctx.id)
    return ctx.run(Call("rotate_secret", _SECRET), _ROTATED)


def _read(ctx: Context) -> dict[str, Any] | None:
    """Nothing is rotated once rotation is off, unless that is what the program wants."""
    secret: dict[str, Any] | None = ctx.run(Call("describe_secret", _SECRET, missing=_GONE))
    if secret is None or secret.get("DeletedDate"):
        return None
    wanted_off = _cancelled(ctx) or ctx.old.get("rotationEnabled") is False
    if not secret.get("RotationEnabled") and not wanted_off:
        return None
    return secret if secret.get("RotationEnabled") else {"ARN": secret["ARN"], "RotationEnabled": False}


def _find(ctx: Context) -> str | None:
    secret = ctx.run(Call("describe_secret", {"SecretId": "{secretId}"}, missing=_GONE))
    return secret["ARN"] if secret and secret.get("RotationEnabled") else None


_NO_EXTERNAL = "the twin rotates secrets of AWS alone"
_REFUSED = {"externalSecretRotationMetadatas": _NO_EXTERNAL, "externalSecretRotationRoleArn": _NO_EXTERNAL}

SECRET_ROTATION = ResourceType(
    "aws:secretsmanager/secretRotation:SecretRotation",
    "secretsmanager",
    id="=ARN",
    properties={
        "rotateImmediately": Property(kind=BOOLEAN, default=True, returned=False),
        "rotationEnabled": Property(kind=BOOLEAN, computed=True, sent=False),
        "rotationLambdaArn": Property(),
        "rotationRules": Property(
            kind=Block(
                {
                    # Next to a schedule AWS answers how many days that comes to.
                    "automaticallyAfterDays": Property(
                        kind=INTEGER, read="ScheduleExpression && `null` || AutomaticallyAfterDays"
                    ),
                    "duration": Property(),
                    "scheduleExpression": Property(),
                }
            )
        ),
        "secretId": Property(required=True, replaces=True, api="ARN"),
        "region": REGION,
    },
    create=_create,
    read=_read,
    facets=(Facet(properties=("rotationEnabled", *_ROTATED), put=_put, created=True),),
    delete=Call("cancel_rotate_secret", _SECRET, missing=(*_GONE, "InvalidRequestException")),
    find=_find,
    refused=_REFUSED,
    absent=_REFUSED,
)

TYPES = (SECRET_ROTATION,)

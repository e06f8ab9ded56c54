"""Secrets Manager: secrets, whose values no program sees, and their resource policies.

Source: AWS Secrets Manager API reference: CreateSecret, DescribeSecret, UpdateSecret, DeleteSecret, PutResourcePolicy.
"""

import json
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

_SECRET = {"SecretId": "{id}"}
_GONE = ("ResourceNotFoundException",)
_DELETED = "scheduled for deletion"
_NOT_HERE = {
    "forceOverwriteReplicaSecret": "the twin's secrets have no replicas",
    "namePrefix": "give the name itself, or none and get one made from the logical name",
    "replicas": "the twin's secrets have no replicas",
    "type": "the twin has no secrets of other vendors' services",
}


def _read(ctx: Context) -> dict[str, Any] | None:
    """The secret; one that is scheduled for deletion is as good as deleted."""
    found: dict[str, Any] | None = ctx.run(Call("describe_secret", _SECRET, missing=_GONE))
    return None if found is None or "DeletedDate" in found else found


def _find(ctx: Context) -> str | None:
    named = Call("describe_secret", {"SecretId": "{name}"}, missing=_GONE)
    found = ctx.run(named)
    return None if found is None or "DeletedDate" in found else str(found["ARN"])


def _update(ctx: Context) -> None:
    key = ctx.inputs.get("kmsKeyId")
    if not key and ctx.old.get("kmsKeyId"):
        # The official provider leaves the old key, and shows the difference for ever.
        raise ProviderError(
            f"{ctx.type.token} {ctx.id}: a key is exchanged, not taken away; name alias/aws/secretsmanager for AWS' own"
        )
    said = {"Description": ctx.inputs.get("description") or "", **({"KmsKeyId": key} if key else {})}
    ctx.call("update_secret", SecretId=ctx.id, **said)


def _put_policy(ctx: Context) -> None:
    """An empty document takes the policy away; none leaves what a SecretPolicy may have set."""
    policy = ctx.inputs.get("policy")
    if not policy:
        return
    if json.loads(policy) == {}:
        ctx.run(Call("delete_resource_policy", _SECRET, missing=_GONE))
    else:
        ctx.call("put_resource_policy", SecretId=ctx.id, ResourcePolicy=policy)


def _delete(ctx: Context) -> None:
    days = ctx.value("recoveryWindowInDays")
    how = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    if _read(ctx) is not None:
        ctx.run(Call("delete_secret", {**_SECRET, **how}, missing=_GONE))


SECRET = ResourceType(
    "aws:secretsmanager/secret:Secret",
    "secretsmanager",
    id="=ARN",
    properties={
        "arn": Property(output=True),
        "description": Property(),
        "kmsKeyId": Property(),
        "name": Property(replaces=True, autoname=Autoname(limit=512)),
        "policy": Property(kind=JSON, computed=True, api="ResourcePolicy"),
        "recoveryWindowInDays": Property(kind=INTEGER, default=30, sent=False, returned=False),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_secret"),
    read=_read,
    facets=(
        Facet(properties=("description", "kmsKeyId"), put=_update, created=True),
        Facet(properties=("policy",), get=Call("get_resource_policy", _SECRET, missing=_GONE), put=_put_policy),
        tag_facet(None, "tag_resource", "untag_resource", _SECRET),
    ),
    delete=_delete,
    find=_find,
    refused=_NOT_HERE,
    absent=_NOT_HERE,
)


def _read_policy(ctx: Context) -> dict[str, Any] | None:
    """A secret without a policy answers without one."""
    found: dict[str, Any] | None = ctx.run(Call("get_resource_policy", _SECRET, missing=_GONE))
    return found if found and found.get("ResourcePolicy") else None


def _delete_policy(ctx: Context) -> None:
    """With a secret that is going its policy goes too."""
    try:
        ctx.run(Call("delete_resource_policy", _SECRET, missing=_GONE))
    except ProviderError as error:
        if _DELETED not in str(error) and "marked for deletion" not in str(error):
            raise


SECRET_POLICY = ResourceType(
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "secretsmanager",
    id="{secretArn}",
    properties={
        "blockPublicPolicy": Property(kind=BOOLEAN, returned=False),
        "policy": Property(kind=JSON, required=True, api="ResourcePolicy"),
        "region": REGION,
        "secretArn": Property(required=True, replaces=True, read="ARN"),
    },
    create=Call("put_resource_policy", {"SecretId": "{secretArn}"}),
    read=_read_policy,
    facets=(Facet(properties=("policy", "blockPublicPolicy"), put=Call("put_resource_policy", _SECRET), created=True),),
    delete=_delete_policy,
)

TYPES = (SECRET, SECRET_POLICY)
"""Secrets and their policies."""

"""KMS: customer managed keys and their aliases."""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON, Alike
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType, States
from twin.providers.aws.tags import tag_facet

_KEY = {"KeyId": "{id}"}
_GONE = ("NotFoundException",)


def _rotate(ctx: Context) -> None:
    if ctx.inputs.get("isEnabled") and ctx.old.get("isEnabled") is False:
        _enable(ctx)  # a disabled key takes no change of its rotation
    if ctx.inputs.get("enableKeyRotation"):
        period = ctx.inputs.get("rotationPeriodInDays")
        ctx.call("enable_key_rotation", KeyId=ctx.id, **({"RotationPeriodInDays": period} if period else {}))
    else:
        ctx.call("disable_key_rotation", KeyId=ctx.id)


def _enable(ctx: Context) -> None:
    ctx.call("enable_key" if ctx.inputs["isEnabled"] else "disable_key", KeyId=ctx.id)


def _same_key(ctx: Context) -> str | None:
    """The enabled key with this description and these tags: a key has no name of its own."""
    wanted = ctx.inputs.get("tagsAll") or {}
    found = []
    for page in ctx.clients.client("kms", ctx.region).get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            if key["KeyId"] in ctx.known:
                continue
            about = ctx.call("describe_key", KeyId=key["KeyId"])["KeyMetadata"]
            if about["KeyManager"] != "CUSTOMER" or about["KeyState"] == "PendingDeletion":
                continue
            if about.get("Description", "") != (ctx.inputs.get("description") or ""):
                continue
            tags = ctx.call("list_resource_tags", KeyId=key["KeyId"])["Tags"]
            if {tag["TagKey"]: tag["TagValue"] for tag in tags} == wanted:
                found.append(key["KeyId"])
    return found[0] if len(found) == 1 else None


def _policy(ctx: Context) -> dict[str, Any]:
    return {"policy": ctx.call("get_key_policy", KeyId=ctx.id, PolicyName="default")["Policy"]}


KEY = ResourceType(
    "aws:kms/key:Key",
    "kms",
    id="=KeyMetadata.KeyId",
    properties={
        "arn": Property(output=True),
        "keyId": Property(output=True),
        "description": Property(computed=True),
        "keyUsage": Property(default="ENCRYPT_DECRYPT", replaces=True),
        "customerMasterKeySpec": Property(default="SYMMETRIC_DEFAULT", replaces=True, api="KeySpec"),
        "multiRegion": Property(kind=BOOLEAN, computed=True, replaces=True),
        "customKeyStoreId": Property(replaces=True),
        "bypassPolicyLockoutSafetyCheck": Property(kind=BOOLEAN, default=False, returned=False),
        "policy": Property(kind=JSON, computed=True),
        "deletionWindowInDays": Property(kind=INTEGER, sent=False, returned=False),
        "isEnabled": Property(kind=BOOLEAN, default=True, initial=True, api="Enabled"),
        "enableKeyRotation": Property(kind=BOOLEAN, default=False, api="KeyRotationEnabled"),
        "rotationPeriodInDays": Property(kind=INTEGER, computed=True),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_key"),
    read=Call("describe_key", _KEY, result="KeyMetadata", missing=_GONE),
    states=States("KeyState", ready=("Enabled", "Disabled"), gone=("PendingDeletion", "PendingReplicaDeletion")),
    facets=(
        Facet(
            properties=("policy", "bypassPolicyLockoutSafetyCheck"),
            get=_policy,
            put=Call("put_key_policy", {**_KEY, "PolicyName": "default"}),
            created=True,
        ),
        Facet(properties=("description",), put=Call("update_key_description", _KEY), created=True),
        tag_facet(Call("list_resource_tags", _KEY), "tag_resource", "untag_resource", _KEY),
        Facet(
            properties=("enableKeyRotation", "rotationPeriodInDays"),
            get=Call("get_key_rotation_status", _KEY, missing=("UnsupportedOperationException",)),
            put=_rotate,
        ),
        Facet(properties=("isEnabled",), put=_enable),
    ),
    delete=Call(
        "schedule_key_deletion",
        {**_KEY, "PendingWindowInDays": "{deletionWindowInDays}"},
        missing=(*_GONE, "KMSInvalidStateException"),
    ),
    find=_same_key,
    refused={"xksKeyId": "the twin has no external key stores"},
    absent={"xksKeyId": "the twin has no external key stores"},
)


def _key_arn(ctx: Context) -> str:
    target: str = ctx.state["targetKeyId"]
    return (
        target if target.startswith("arn:") else str(ctx.fill("arn:{partition}:kms:{region}:{account}:key/") + target)
    )


def _read_alias(ctx: Context) -> dict[str, Any] | None:
    """There is no call that describes one alias."""
    pages = ctx.clients.client("kms", ctx.region).get_paginator("list_aliases").paginate()
    return next((alias for page in pages for alias in page["Aliases"] if alias["AliasName"] == ctx.id), None)


ALIAS = ResourceType(
    "aws:kms/alias:Alias",
    "kms",
    id="{name}",
    properties={
        "name": Property(replaces=True, api="AliasName", autoname=Autoname(limit=256, prefix="alias/")),
        "targetKeyId": Property(kind=Alike(lambda key: key.rpartition("/")[2]), required=True),
        "targetKeyArn": Property(output=True, derived=_key_arn),
        "arn": Property(output=True, read="AliasArn"),
        "region": REGION,
    },
    create=Call("create_alias"),
    read=_read_alias,
    facets=(Facet(properties=("targetKeyId",), put=Call("update_alias", {"AliasName": "{id}"}), created=True),),
    delete=Call("delete_alias", {"AliasName": "{id}"}, missing=_GONE),
    refused={"namePrefix": "give the name itself, or none and get one made from the logical name"},
    absent={"namePrefix": "never given"},
)

TYPES = (KEY, ALIAS)

"""EC2: one tag of something that the program does not own, such as a subnet's.

Source: Amazon EC2 API reference, CreateTags, DescribeTags, DeleteTags.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.schema import REGION, Call, Facet, Property, ResourceType


def _tag(ctx: Context) -> dict[str, Any]:
    return {"Resources": [ctx.value("resourceId")], "Tags": [{"Key": ctx.value("key"), "Value": ctx.value("value")}]}


def _put(ctx: Context) -> str:
    ctx.call("create_tags", **_tag(ctx))
    return str(ctx.fill("{resourceId},{key}"))


def _read(ctx: Context) -> dict[str, Any] | None:
    filters = [
        {"Name": name, "Values": [ctx.value(what)]} for name, what in (("resource-id", "resourceId"), ("key", "key"))
    ]
    found: list[dict[str, Any]] = ctx.call("describe_tags", Filters=filters)["Tags"]
    return found[0] if found else None


def _delete(ctx: Context) -> None:
    """The tag by its key, whatever its value has become; a resource that is gone has taken it along."""
    keyed = [{"Key": ctx.value("key")}]
    gone = tuple(f"Invalid{kind}.NotFound" for kind in ("SubnetID", "VpcID", "InstanceID", "ID", "Volume", "Group"))
    ctx.run(Call("delete_tags", {"Resources": ["{resourceId}"], "Tags": lambda _: keyed}, missing=gone))


TAG = ResourceType(
    "aws:ec2/tag:Tag",
    "ec2",
    id="{resourceId},{key}",
    properties={
        "key": Property(required=True, replaces=True, sent=False),
        "resourceId": Property(required=True, replaces=True, sent=False),
        "value": Property(required=True, sent=False),
        "region": REGION,
    },
    create=_put,
    read=_read,
    facets=(Facet(properties=("value",), put=_put, created=True),),
    delete=_delete,
)

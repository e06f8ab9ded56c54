"""EC2 Auto Scaling: one tag of a group that the program does not own, such as a node group's.

Source: Amazon EC2 Auto Scaling API reference, CreateOrUpdateTags, DescribeTags, DeleteTags.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, Block
from twin.providers.aws.schema import REGION, Facet, Property, ResourceType

_KIND = "auto-scaling-group"


def _id(ctx: Context) -> str:
    return f"{ctx.inputs['autoscalingGroupName']},{ctx.inputs['tag']['key']}"


def _put(ctx: Context) -> str:
    tag = ctx.inputs["tag"]
    ctx.call(
        "create_or_update_tags",
        Tags=[
            {
                "ResourceId": ctx.inputs["autoscalingGroupName"],
                "ResourceType": _KIND,
                "Key": tag["key"],
                "Value": tag["value"],
                "PropagateAtLaunch": tag["propagateAtLaunch"],
            }
        ],
    )
    return _id(ctx)


def _tag(ctx: Context, resource_id: str) -> dict[str, Any] | None:
    group, _, key = resource_id.partition(",")
    filters = [{"Name": "auto-scaling-group", "Values": [group]}, {"Name": "key", "Values": [key]}]
    found: list[dict[str, Any]] = ctx.call("describe_tags", Filters=filters)["Tags"]
    return found[0] if found else None


def _read(ctx: Context) -> dict[str, Any] | None:
    return _tag(ctx, ctx.id)


def _find(ctx: Context) -> str | None:
    return _id(ctx) if _tag(ctx, _id(ctx)) else None


def _delete(ctx: Context) -> None:
    """A group that is gone has taken its tags along."""
    group, _, key = ctx.id.partition(",")
    if _tag(ctx, ctx.id):
        ctx.call("delete_tags", Tags=[{"ResourceId": group, "ResourceType": _KIND, "Key": key}])


TAG = ResourceType(
    "aws:autoscaling/tag:Tag",
    "autoscaling",
    id="=autoscalingGroupName",  # group and key, told by `create`
    properties={
        "autoscalingGroupName": Property(required=True, replaces=True, sent=False, read="ResourceId"),
        "region": REGION,
        "tag": Property(
            kind=Block(
                {
                    "key": Property(required=True, replaces=True),
                    "propagateAtLaunch": Property(kind=BOOLEAN, required=True),
                    "value": Property(required=True),
                }
            ),
            required=True,
            sent=False,
            read="@",
        ),
    },
    create=_put,
    read=_read,
    facets=(Facet(properties=("tag",), put=_put, created=True),),
    delete=_delete,
    find=_find,
)

TYPES = (TAG,)

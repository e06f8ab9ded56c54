"""Tags: merged with the provider's default tags before they are sent, taken apart when they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.providers.aws.kinds import MapOf, pair_names
from twin.providers.aws.schema import Call, Facet
from twin.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.providers.aws.context import Context


def all_tags(default_tags: Mapping[str, str], tags: Any) -> Any:
    """What the resource will bear; its own tags win. Unknown when its own tags are."""
    return UNKNOWN if tags is UNKNOWN else {**default_tags, **(tags or {})}


def split_tags(ctx: Context) -> None:
    """Tell which of the tags that were read are the resource's own, and which the provider's default tags."""
    read = {key: value for key, value in (ctx.state.get("tagsAll") or {}).items() if not key.startswith("aws:")}
    said = ctx.inputs.get("tags") or {}
    ctx.state["tagsAll"] = read
    ctx.state["tags"] = {
        key: value for key, value in read.items() if key in said or ctx.account.default_tags.get(key) != value
    }


def tag_facet(
    get: Call | None,
    add: str,
    remove: str,
    owner: Mapping[str, Any],
    *,
    created: bool = True,
    tags: str = "Tags",
    keys: str = "TagKeys",
) -> Facet:
    """The tags of a service that adds and removes them one by one; its shapes tell whether it takes a map or a list.

    Args:
        get: reads them; without it they are in the resource's own answer.
        add: the operation that adds tags.
        remove: the operation that removes tags.
        owner: the parameters that name the resource.
        created: the create call carries the tags.
        tags: the parameter that takes the tags to add.
        keys: the parameter that takes the keys to remove.
    """

    def put(ctx: Context) -> None:
        wanted: dict[str, str] = ctx.inputs.get("tagsAll") or {}
        there: dict[str, str] = ctx.old.get("tagsAll") or {}
        params: dict[str, Any] = ctx.fill(dict(owner))
        if dropped := sorted(there.keys() - wanted.keys()):
            ctx.call(remove, **params | {keys: _keys(ctx, remove, keys, dropped)})
        if changed := {key: value for key, value in wanted.items() if there.get(key) != value}:
            ctx.call(add, **params | {tags: MapOf().to_api(changed, _shape(ctx, add, tags))})

    return Facet(properties=("tagsAll",), get=get, put=put, created=created)


def _shape(ctx: Context, operation: str, parameter: str) -> Any:
    client = ctx.clients.client(ctx.type.service, ctx.region)
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    return model.input_shape.members[parameter]


def _keys(ctx: Context, operation: str, parameter: str, names: list[str]) -> list[Any]:
    """Keys as the API wants them: plain, or each in a structure of its own."""
    item = _shape(ctx, operation, parameter).member
    if item.type_name != "structure":
        return names
    key, _ = pair_names(item.members)
    return [{key: name} for name in names]

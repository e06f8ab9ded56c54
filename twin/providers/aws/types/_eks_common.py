"""What the EKS types share: tags, waiting for an update, blocks that cannot be given or taken away later.

Source: Amazon EKS API reference, "Update", TagResource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import Block, Difference
from twin.providers.aws.tags import tag_facet
from twin.providers.wire import UNKNOWN

GONE = ("ResourceNotFoundException",)


def eks_tags(arn: str = "arn") -> Any:
    """The tags of something whose ARN is the property `arn`; the resource's own answer shows them."""
    owner = {"resourceArn": f"{{{arn}}}"}
    return tag_facet(None, "tag_resource", "untag_resource", owner, tags="tags", keys="tagKeys")


@dataclass(frozen=True)
class Lasting(Block):
    """A block that is there for good: to take it away forces a new resource, and to give it later too unless `late`.

    The difference is told at `key`, a nested property that forces a new resource itself.
    """

    key: str = ""
    late: bool = False

    @override
    def differences(self, old: Any, new: Any, path: str) -> Iterator[Difference]:
        if old is UNKNOWN or new is UNKNOWN or bool(old) == bool(new) or (self.late and not old):
            yield from super().differences(old, new, path)
        else:
            yield f"{path}.{self.key}", "DELETE" if old else "ADD"


def update(ctx: Context, operation: str, owner: Mapping[str, str], **params: Any) -> None:
    """Start an update and wait until EKS has finished it.

    Args:
        ctx: the resource.
        operation: starts the update.
        owner: whose update it is, as DescribeUpdate wants to hear it: `name` of the cluster, and `nodegroupName` or
            `addonName`.
        params: the operation's parameters.

    Raises:
        ProviderError: EKS gave the update up; says why.
    """
    found = ctx.call(operation, **params)["update"]
    told: dict[str, Any] = {**owner, "updateId": found["id"]}
    pause = 0.05
    while found["status"] == "InProgress":
        ctx.check_time(f"update {found['id']} to finish")
        ctx.clients.pause(pause)
        pause = min(pause * 1.5, 5)
        found = ctx.call("describe_update", **told)["update"]
    if found["status"] != "Successful":
        reasons = "; ".join(f"{e.get('errorCode')}: {e.get('errorMessage')}" for e in found.get("errors") or ())
        raise ProviderError(
            f"{ctx.type.token} {ctx.id}: {operation} ended as {found['status']}"
            + (f": {reasons}" if reasons else ", and EKS does not say why")
        )


def differs(ctx: Context, name: str) -> bool:
    """Whether a property is wanted otherwise than it is there; what AWS may decide is wanted only when it is said."""
    wanted, prop = ctx.inputs.get(name), ctx.type.properties[name]
    return not (wanted is None and prop.computed) and not prop.kind.same(ctx.old.get(name), wanted)


def in_api(ctx: Context, name: str, shape: Any = None) -> Any:
    """A property as the API wants it."""
    return ctx.type.properties[name].kind.to_api(ctx.inputs[name], shape)

"""What EC2 types share: tags at creation, finding by tags, deleting what is still in use for a moment.

Source: Amazon EC2 API reference, "TagSpecification", "Filter", "Error codes" (`DependencyViolation`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import jmespath

from twin.providers.aws.context import Context
from twin.providers.aws.errors import CallError, ProviderError
from twin.providers.aws.kinds import MapOf
from twin.providers.aws.schema import TAGS, Call, Property
from twin.providers.aws.tags import tag_facet

TAGGED = {"tags": TAGS["tags"], "tagsAll": Property(kind=MapOf(), computed=True, sent=False, api="Tags")}
"""As `TAGS`; sent by `tag_specification`, because EC2 wants to hear of what kind the tagged thing is."""

TAG_FACET = tag_facet(None, "create_tags", "delete_tags", {"Resources": ["{id}"]}, keys="Tags")
ADOPTED_TAG_FACET = tag_facet(None, "create_tags", "delete_tags", {"Resources": ["{id}"]}, keys="Tags", created=False)
"""The same for what is adopted rather than created."""

IPV4_ALONE = "the twin's networks are IPv4 alone"
NO_IPAM = "the twin has no IP address manager; give the range itself"
NO_OUTPOSTS = "the twin has no Outposts"
NO_INSTANCES = "the twin runs no instances"


def tag_specification(kind: str) -> Callable[[Context], Any]:
    """The `TagSpecifications` parameter of a create call; `kind` as EC2 names it (`vpc`, `natgateway`)."""

    def specification(ctx: Context) -> list[dict[str, Any]] | None:
        tags = ctx.inputs.get("tagsAll")
        pairs = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        return [{"ResourceType": kind, "Tags": pairs}] if pairs else None

    return specification


def arn(kind: str) -> Property:
    """The `arn` output of something that EC2 gives none."""
    return Property(output=True, derived=f"arn:{{partition}}:ec2:{{region}}:{{account}}:{kind}/{{id}}")


def found_by(
    operation: str,
    ids: str,
    filters: Mapping[str, str] | None = None,
    *,
    by_tags: bool = True,
    parameter: str = "Filters",
) -> Callable[[Context], str | None]:
    """A `find`: the one resource that the filters choose.

    Args:
        operation: lists the resources.
        ids: JMESPath of their ids in the answer.
        filters: templates by filter name, such as `{"vpc-id": "{vpcId}"}`.
        by_tags: also compare the tags `Name` and `environment`; without a `Name` nothing is found, rather than guessed.
        parameter: the operation's parameter for filters.
    """

    def find(ctx: Context) -> str | None:
        wanted = {name: ctx.fill(template) for name, template in (filters or {}).items()}
        if by_tags:
            tags = ctx.inputs.get("tagsAll") or {}
            if "Name" not in tags:
                return None
            wanted |= {f"tag:{key}": tags[key] for key in ("Name", "environment") if key in tags}
        chosen = [{"Name": name, "Values": [value]} for name, value in wanted.items() if value is not None]
        found = jmespath.search(ids, ctx.call(operation, **{parameter: chosen})) or []
        unknown = [one for one in found if one not in ctx.known]
        return unknown[0] if len(unknown) == 1 else None

    return find


def once_unused(call: Call, busy: tuple[str, ...] = ("DependencyViolation",)) -> Callable[[Context], None]:
    """A `delete` that waits while AWS says that something still uses the resource, maybe no longer for long."""

    def delete(ctx: Context) -> None:
        pause = 0.2
        while True:
            try:
                ctx.run(call)
            except CallError as error:
                if error.code not in busy or time.monotonic() > ctx.deadline:
                    raise
            else:
                return
            ctx.clients.pause(pause)
            pause = min(pause * 1.5, 5)

    return delete


def raise_unsuccessful(ctx: Context, answer: Mapping[str, Any], *, gone: tuple[str, ...] = ()) -> None:
    """Some operations take several things at once and report what failed in a good answer.

    Raises:
        ProviderError: one failed for another reason than those in `gone`.
    """
    for item in answer.get("Unsuccessful") or ():
        error = item.get("Error") or {}
        if error.get("Code") not in gone:
            raise ProviderError(f"{ctx.type.token} {ctx.id}: {error.get('Code')}: {error.get('Message')}")

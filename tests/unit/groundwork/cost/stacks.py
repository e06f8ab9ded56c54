"""Small stacks to be priced: resources of one provider, as a saved state holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from groundwork.policy.sources import Saved

AWS, STACK = "pulumi:providers:aws", "pulumi:pulumi:Stack"


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{token}::{name}"


def made(token: str, name: str, inputs: Mapping[str, Any] | None = None, **more: Any) -> Saved:
    """A resource that the provider of `stack` makes."""
    fields: dict[str, Any] = {"outputs": {}, "id": f"{name}-id", "parent": urn(STACK, "shop-dev")}
    return Saved(urn(token, name), token, inputs or {}, provider=urn(AWS, "aws"), **(fields | more))


def component(token: str, name: str, parent: str | None = None) -> Saved:
    return Saved(urn(token, name), token, {}, {}, parent=parent or urn(STACK, "shop-dev"), custom=False)


def stack(*resources: Saved, region: str = "eu-west-1") -> Sequence[Saved]:
    """Resources with their stack and their provider."""
    return (
        Saved(urn(STACK, "shop-dev"), STACK, {}, {}, custom=False),
        Saved(urn(AWS, "aws"), AWS, {"region": region}, {}),
        *resources,
    )

"""The resource types, in modules as the official provider has them: `aws:s3/bucket:Bucket` is in `TYPES` of `s3`."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from twin.providers.aws.errors import ProviderError

if TYPE_CHECKING:
    from twin.providers.aws.schema import ResourceType


@cache
def modules() -> tuple[str, ...]:
    """The modules that have a table."""
    here = Path(__file__).parent
    return tuple(
        sorted(path.stem for path in here.iterdir() if path.stem.isidentifier() and not path.stem.startswith("_"))
    )


@cache
def in_module(module: str) -> dict[str, ResourceType]:
    """The types of one module by their token; loaded on first use, so that the provider starts quickly."""
    if module not in modules():
        return {}
    loaded = importlib.import_module(f"twin.providers.aws.types.{module}")
    return {resource.token: resource for resource in loaded.TYPES}


def resource_type(token: str) -> ResourceType:
    """The table of a type.

    Raises:
        ProviderError: it has none; says where to add it.
    """
    module = token.split(":")[1].split("/")[0] if token.count(":") == 2 else ""
    found = in_module(module).get(token)
    if found is None:
        known = ", ".join(sorted(in_module(module))) or f"no type of {module!r}, only of {', '.join(modules())}"
        raise ProviderError(
            f"the twin's AWS provider does not model the resource type {token}; it models {known}. "
            f"To add it: twin/providers/aws/types/{module}.py, described in docs/provider.md"
        )
    return found


def all_types() -> list[ResourceType]:
    """Every type there is."""
    return [resource for module in modules() for resource in in_module(module).values()]

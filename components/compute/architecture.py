"""Which processor an instance type has, told by its name, and with it the machine image that EKS builds for it.

Source: EC2 instance types guide, "Naming conventions": a `g` after the generation is AWS Graviton, which is arm64;
EKS API, CreateNodegroup, `amiType`.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

Architecture: TypeAlias = Literal["arm64", "x86_64"]
InstanceType: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]+[0-9]+[a-z-]*\.[a-z0-9-]+$")]
"""EC2's name, such as `m7g.large`."""

_PARTS = re.compile(r"^[a-z]+[0-9]+(?P<attributes>[a-z]*)[.-]")


def architecture(instance_type: str) -> Architecture:
    """Return the architecture of an instance type's processor."""
    parts = _PARTS.match(instance_type)
    is_graviton = parts is not None and "g" in parts["attributes"]
    return "arm64" if is_graviton or instance_type.startswith("a1.") else "x86_64"


def one_architecture(instance_types: Iterable[str]) -> None:
    """Raise `ValueError` unless all types have the same architecture: a node group has one machine image."""
    by_architecture: dict[Architecture, list[str]] = {}
    for instance_type in instance_types:
        by_architecture.setdefault(architecture(instance_type), []).append(instance_type)
    if len(by_architecture) > 1:
        said = " and ".join(f"{', '.join(types)} ({found})" for found, types in sorted(by_architecture.items()))
        raise ValueError(f"a pool has machines of one architecture, not {said}")

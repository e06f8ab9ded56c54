"""Check: what a program may say, and what is filled in when it says nothing: name, namespace, kind."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twin.providers.kubernetes.objects import READ_ONLY, Kind, annotation, name_of, namespace_of
from twin.providers.wire import UNKNOWN

_AUTONAMED = "pulumi.com/autonamed"
Problem = tuple[str, str]
"""Path, and what is wrong there."""


@dataclass(frozen=True)
class Naming:
    """What the engine says about the names that providers make up."""

    logical_name: str
    seed: bytes = b""
    proposed: str = ""
    disabled: bool = False

    def name(self) -> str:
        """The proposed name, else the logical one and eight hex digits made from the engine's seed."""
        return self.proposed or f"{self.logical_name}-{hashlib.sha256(self.seed).hexdigest()[:8]}"


def check(
    kind: Kind,
    news: Mapping[str, Any],
    olds: Mapping[str, Any],
    naming: Naming,
    default_namespace: Callable[[], str | None],
) -> tuple[dict[str, Any], list[Problem]]:
    """The inputs with what is filled in, and what is wrong with them.

    Args:
        kind: what the type token stands for.
        news: what the program says.
        olds: the inputs of the last time, empty for a new resource.
        naming: the engine's word on names.
        default_namespace: asked where the program names no namespace; `None` for a kind that is in none.
    """
    inputs = copy.deepcopy(dict(news))
    problems: list[Problem] = []
    for field, meant in (("apiVersion", kind.api_version), ("kind", kind.kind)):
        said = inputs.setdefault(field, meant)
        if said is not UNKNOWN and said != meant:
            problems.append((field, f"is {said!r}, but this resource type is {kind}"))
    if inputs.get("metadata") is UNKNOWN:
        return inputs, problems
    metadata = inputs.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        return inputs, [*problems, ("metadata", "expected an object with name, namespace, labels, annotations")]
    for field in READ_ONLY:
        metadata.pop(field, None)
    if metadata.get("generateName") is not None:
        problems.append(
            ("metadata.generateName", "is not supported with server-side apply; leave the name out instead")
        )
    elif name_of(inputs) is None:
        problems += _autoname(kind, inputs, olds, naming)
    if namespace_of(inputs) is None and (namespace := default_namespace()):
        metadata["namespace"] = namespace
    return inputs, problems


def _autoname(kind: Kind, inputs: dict[str, Any], olds: Mapping[str, Any], naming: Naming) -> list[Problem]:
    """Give a name, the old one if that was made up as well, and note that it is made up."""
    if kind.patch:
        return [("metadata.name", "is required: a Patch resource is about an object that is there")]
    metadata = inputs["metadata"]
    if is_autonamed(olds):
        metadata["name"] = name_of(olds)
    elif naming.disabled:
        return [("metadata.name", "is required: autonaming is switched off by pulumi:autonaming")]
    else:
        metadata["name"] = naming.name()
    annotations = metadata.setdefault("annotations", {})
    if isinstance(annotations, dict):
        annotations[_AUTONAMED] = "true"
    return []


def is_autonamed(inputs: Mapping[str, Any]) -> bool:
    """Whether the name was made up."""
    return annotation(inputs, "autonamed") == "true"

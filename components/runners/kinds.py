"""The kinds of runner pools: the one place that a new kind is added to.

A kind is a module with its settings, told apart by their field `kind`, and a function that makes a pool of it. It is
added by a line in `KINDS` and its settings in `RunnerPoolSettings`; the stack file, its schema and documents, and
`RunnerPool` follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pulumi

from components.runners import codebuild
from components.runners.codebuild_settings import CodeBuildSettings
from components.runners.place import RunnerPlace, Runners

RunnerPoolSettings: TypeAlias = CodeBuildSettings
"""What a stack file says about a pool: its `kind` tells which other settings it has."""


@dataclass(frozen=True)
class Kind:
    """How a pool of one kind is made."""

    build: Callable[[str, Any, RunnerPlace, pulumi.ResourceOptions], Runners]
    """Takes the component's name, settings of this kind, the place, and the options of children."""


KINDS: Mapping[str, Kind] = {
    "codebuild": Kind(build=codebuild.build),
}
"""By the value of the field `kind`."""

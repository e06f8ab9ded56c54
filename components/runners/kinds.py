"""The kinds of runner pools: the one place that a new kind is added to.

A kind is a module with its settings, told apart by their field `kind`, a function that makes a pool of it and, where
its pools share something, one that makes that once. It is added by a line in `KINDS` and its settings in
`RunnerPoolSettings`; the stack file, its schema and documents, `RunnerKinds` and `RunnerPool` follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import pulumi
from pydantic import Field

from components.runners import codebuild, scale_set
from components.runners.codebuild_settings import CodeBuildSettings
from components.runners.place import RunnerPlace, Runners
from components.runners.scale_set_settings import ScaleSetSettings

RunnerPoolSettings: TypeAlias = Annotated[CodeBuildSettings | ScaleSetSettings, Field(discriminator="kind")]
"""What a stack file says about a pool: its `kind` tells which other settings it has."""


@dataclass(frozen=True)
class Kind:
    """How pools of one kind are made."""

    build: Callable[[str, Any, RunnerPlace, pulumi.ResourceOptions], Runners]
    """Makes a pool: takes the component's name, settings of this kind, the place, and the options of children."""
    prepare: Callable[[str, RunnerPlace, pulumi.ResourceOptions], None] | None = None
    """Makes what all pools of the kind share: takes the component's name, the place, and the options of children."""


KINDS: Mapping[str, Kind] = {
    "codebuild": Kind(build=codebuild.build),
    "actions-runner-controller": Kind(build=scale_set.build, prepare=scale_set.prepare),
}
"""By the value of the field `kind`."""

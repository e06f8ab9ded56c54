"""What the pools of a kind share, made once for all of them.

Source: see the module of each kind.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import pulumi
from pydantic import Field

from components.model import Model
from components.runners.kinds import KINDS
from components.runners.place import RunnerPlace


class RunnerKindsArgs(Model):
    """Of which kinds there are pools, and where."""

    kinds: tuple[str, ...] = Field(examples=[["codebuild"]])
    """The kinds, as the settings of pools name them."""
    place: RunnerPlace
    """Where the pools are."""


class RunnerKinds(pulumi.ComponentResource):
    """What pools are made after; empty for kinds whose pools share nothing."""

    def __init__(self, name: str, args: RunnerKindsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:runners:RunnerKinds", name, None, opts)
        for kind in sorted(set(args.kinds)):
            if (prepare := KINDS[kind].prepare) is not None:
                prepare(name, args.place, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})

"""Runners for the jobs of a pipeline, in the platform's own network: of which kind, its settings say.

Source: see the module of each kind.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import pulumi

from components.model import Model
from components.runners.kinds import KINDS, RunnerPoolSettings
from components.runners.place import RunnerPlace


class RunnerPoolArgs(Model):
    """What a pool is wired to."""

    settings: RunnerPoolSettings
    """What the stack file says."""
    place: RunnerPlace
    """Where the pool is."""


class RunnerPool(pulumi.ComponentResource):
    """A pool of runners."""

    runs_on: pulumi.Output[str]
    """What a job names to run here; known once there are runners for it."""

    def __init__(self, name: str, args: RunnerPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:runners:RunnerPool", name, None, opts)
        kind = KINDS[args.settings.kind]
        made = kind.build(name, args.settings, args.place, pulumi.ResourceOptions(parent=self))
        self.runs_on = pulumi.Output.all(*(each.urn for each in made.after)).apply(lambda _: made.runs_on)
        self.register_outputs({"runs_on": self.runs_on})

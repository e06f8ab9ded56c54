"""What the program registers, as rules see it once everything is known, and the settings that the pack runs with."""

from functools import cache
from typing import Any

from components.tags import default_tags
from groundwork.policy import config as policy_config
from policies.config import Settings
from policies.index import Resource
from policies.tokens import STACK
from tests.support.program import recorded
from tests.support.project import CLONE
from tests.support.stack_files import written


def as_the_engine_sends_it(value: Any) -> Any:
    """Return a recorded value with whole numbers as such: the mocks hand over every number as a float."""
    if isinstance(value, dict):
        return {key: as_the_engine_sends_it(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_the_engine_sends_it(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def resources(environment: str) -> tuple[Resource, ...]:
    """Return what the program registers, as rules see it once everything is known."""
    settings = written(environment)
    tags = default_tags(
        environment=environment,
        owner=settings["owner"],
        cost_centre=settings["cost_centre"],
        system_id=settings["system_id"],
    )
    recorder = recorded(environment)
    root = Resource(
        urn=f"urn:pulumi:{environment}::groundwork::{STACK}::groundwork-{environment}", type=STACK, inputs={}
    )
    return root, *(
        Resource(
            urn=f"urn:pulumi:{environment}::groundwork::{made.typ}::{made.name}",
            type=made.typ,
            inputs=as_the_engine_sends_it(made.inputs),
            default_tags=tags,
            protect=recorder.requests[made.name].protect,
            outputs=as_the_engine_sends_it(recorder.state[made.name]) | {"id": f"{made.name}-id"},
        )
        for made in recorder.children()
    )


@cache
def settings_of(environment: str) -> Settings:
    """Return the settings with which `groundwork` runs the pack."""
    return policy_config.of(policy_config.path_of(environment, CLONE)).settings

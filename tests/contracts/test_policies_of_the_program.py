"""The whole program, judged by every rule of the pack: a component that breaks one is found without an engine."""

from functools import cache
from typing import Any

import pytest

from components.tags import default_tags
from groundwork.policy import config as policy_config
from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import ResourceRule, Rule, StackRule, weigh
from policies.rules import RULES
from policies.tokens import STACK
from tests.support.program import record
from tests.support.project import CLONE
from tests.support.stack_files import ENVIRONMENTS, written


def as_the_engine_sends_it(value: Any) -> Any:
    """Return a recorded value with whole numbers as such: the mocks hand over every number as a float."""
    if isinstance(value, dict):
        return {key: as_the_engine_sends_it(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_the_engine_sends_it(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


SILENT = {
    *("ACC-08", "ACC-10", "ACC-14", "ACC-15", "ACC-16", "ACC-19", "ACC-20"),
    *("ENC-05", "ENC-12", "ENC-13", "ENC-14", "ENC-15"),
    *("ENC-18", "ENC-19", "ENC-20", "ENC-21", "ENC-23", "ENC-24"),
    *("LOG-08", "LOG-09"),
    *("MLG-05", "MLG-06", "MLG-07", "MLG-08", "MLG-09"),
    *("NET-11", "NET-12"),
    *("RES-05", "RES-06", "RES-07"),
    "SUP-05",
}
"""Rules about resources that the platform does not have."""


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
    recorder = record(environment)
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
            outputs=as_the_engine_sends_it(made.inputs) | {"id": f"{made.name}-id"},
        )
        for made in recorder.children()
    )


@cache
def settings_of(environment: str) -> Settings:
    """Return the settings with which `groundwork` runs the pack."""
    return policy_config.of(policy_config.path_of(environment, CLONE)).settings


def said(rule: Rule, environment: str) -> list[str]:
    settings = settings_of(environment)
    if isinstance(rule, ResourceRule):
        judged = [resource for resource in resources(environment) if rule.concerns(resource.type, settings)]
        findings = [(resource, weigh(rule.check(resource, settings))) for resource in judged]
        return [f"{resource.urn}: {finding}" for resource, found in findings for finding in found]
    assert isinstance(rule, StackRule)
    return [f"{about}: {found}" for about, found in rule.check(Stack(resources(environment)), settings)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_program_breaks_no_rule_and_leaves_none_undecided(rule: Rule, environment: str) -> None:
    assert not said(rule, environment)


def test_the_rules_find_something_to_judge() -> None:
    types = {resource.type for resource in resources("prod")}
    assert {rule.id for rule in RULES if not rule.tokens & types} == SILENT

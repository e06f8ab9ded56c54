"""The whole program, judged by every rule of the pack: a component that breaks one is found without an engine."""

import pytest

from policies.index import Stack
from policies.rule import ResourceRule, Rule, StackRule, weigh
from policies.rules import RULES
from tests.support.registrations import resources, settings_of
from tests.support.stack_files import ENVIRONMENTS

SILENT = {
    *("ACC-08", "ACC-10", "ACC-16", "ACC-19"),
    *("ENC-05", "ENC-12"),
    *("ENC-18", "ENC-19", "ENC-20", "ENC-21", "ENC-23", "ENC-24"),
    "LOG-09",
    *("MLG-05", "MLG-06", "MLG-07", "MLG-08", "MLG-09"),
    "NET-12",
    *("RES-05", "RES-06"),
    "SUP-05",
}
"""Rules about resources that the platform does not have."""


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

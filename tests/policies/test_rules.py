"""Every rule against its table: good resources, and one change each, through the SDK's real proxies."""

from dataclasses import replace
from typing import Any

import pytest

from policies.rules import RULES
from tests.policies.harness import UNKNOWN, R, judge, secret
from tests.policies.mutate import ABSENT, value_at
from tests.policies.spec import Case, Spec
from tests.policies.specs import SPECS

COMPONENT = "urn:pulumi:dev::toy::groundwork:storage:ObjectStore::store"


def standard(spec: Spec) -> list[Case]:
    """Return the cases that every rule has."""
    root = spec.leaf.split(".")[0].split("[")[0]
    good_value = (
        value_at(spec.good[0].props, spec.leaf) if spec.absent == "deny" or spec.leaf in spec.good[0].props else None
    )
    bad = spec.change(spec.leaf, spec.bad)
    cases = [
        Case("admit", spec.good, "pass"),
        Case("deny", bad, "deny"),
        Case("unknown", spec.change(spec.leaf, UNKNOWN), "unknown"),
        Case("missing", spec.change(spec.leaf, ABSENT), spec.absent),
        Case("null", spec.change(spec.leaf, None), "deny" if "[" in spec.leaf[-3:] else spec.absent),
        Case("wrong type", spec.change(spec.leaf, {"some": "map"}), "deny"),
        Case("wrong type of the parent", spec.change(root, ["text"] if root == spec.leaf else "text"), "deny"),
        Case("unknown parent", spec.change(root, UNKNOWN), "unknown"),
        Case("inside a component", _in_component(spec.good), "pass"),
        Case("inside a component, bad", _in_component(bad), "deny"),
    ]
    if good_value is not None and not isinstance(good_value, dict):
        cases.append(Case("secret leaf", spec.change(spec.leaf, secret(good_value)), "pass"))
    if not isinstance(spec.bad, dict | list):
        cases.append(Case("secret leaf, bad", spec.change(spec.leaf, secret(spec.bad)), "deny"))
    if spec.twins:
        cases.append(Case("older twins", _as_twins(spec, spec.good), "pass"))
        cases.append(Case("older twins, bad", _as_twins(spec, bad), "deny"))
    return cases


def _in_component(resources: tuple[R, ...]) -> tuple[R, ...]:
    return tuple(replace(item, parent=COMPONENT) for item in resources)


def _as_twins(spec: Spec, resources: tuple[R, ...]) -> tuple[R, ...]:
    return tuple(replace(item, type=spec.twins.get(item.type, item.type)) for item in resources)


def table() -> list[Any]:
    return [
        pytest.param(rule, case, id=f"{rule}: {case.id}")
        for rule, spec in SPECS.items()
        for case in (*standard(spec), *spec.extra)
    ]


@pytest.mark.parametrize(("rule", "case"), table())
def test_each_case_gets_its_verdict(rule: str, case: Case) -> None:
    outcome = judge(rule, *case.resources, settings=SPECS[rule].settings_of(case))
    assert outcome.verdict == case.verdict, outcome.text


def test_every_rule_has_a_table_of_about_fifteen_cases() -> None:
    assert set(SPECS) == {rule.id for rule in RULES}
    few = {rule: n for rule, spec in SPECS.items() if (n := len(standard(spec)) + len(spec.extra)) < 14}
    assert not few

"""Random inputs of every type that a rule reads: no rule fails, and none repeats a secret."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.rule import Rule, StackRule
from policies.rules import RULES
from tests.policies.harness import UNKNOWN, R, judge, secret
from tests.policies.specs import SPECS

SEED = "s3cr3t-hunter2"
WORDS = st.sampled_from(
    [
        "*",
        "Allow",
        "Deny",
        "kms:*",
        "s3:GetObject",
        "-1",
        "tcp",
        "0.0.0.0/0",
        "::/0",
        "true",
        "{",
        "[]",
        "",
        "1.0",
        UNKNOWN,
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-5, 70_000) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
LEAVES = SCALARS | st.just(SEED) | st.just(f"prefix-{SEED}") | st.just(secret(SEED))
ELEMENTS = ["Statement", "Effect", "Action", "NotAction", "Resource", "Principal", "Condition", "Service", "Federated"]


def names(rule: Rule) -> list[str]:
    """Return the keys that the good resources of a rule use, and those of policy documents."""
    found: set[str] = {"tags", "policy", "bucket", "inlinePolicies"}

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else ():
            found.add(key)
            walk(value[key])
        for entry in value if isinstance(value, list) else ():
            walk(entry)

    spec = SPECS[rule.id]
    for item in (*spec.good, *(item for case in spec.extra for item in case.resources)):
        walk(dict(item.props))
    return sorted(found) + ELEMENTS


def values(keys: list[str]) -> st.SearchStrategy[Any]:
    """Return nested values under those keys, some of them as JSON text."""
    nested = st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4),
        max_leaves=12,
    )
    return nested | nested.map(lambda value: json.dumps({"Statement": value}))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_inputs_raise_nothing_and_no_secret_is_repeated(rule: Rule, data: st.DataObject) -> None:
    keys = names(rule)
    maps = st.dictionaries(st.sampled_from(keys), values(keys), max_size=6)
    tokens = sorted(rule.tokens) if isinstance(rule, StackRule) else sorted(rule.types)
    resources = [
        R(data.draw(st.sampled_from(tokens)), data.draw(maps), f"r{number}", outputs={"arn": UNKNOWN})
        for number in range(data.draw(st.integers(1, 3)))
    ]
    outcome = judge(rule.id, *resources, settings=SPECS[rule.id].settings)  # fails on a rule that crashed
    assert SEED not in outcome.text

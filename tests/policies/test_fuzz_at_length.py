"""A sample of the long fuzz, and that it would notice a rule that fails and one that tells a secret."""

from dataclasses import replace
from typing import Any

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import Findings, LocatedFindings, ResourceRule, StackRule, Violation
from policies.values import describe
from tests.policies import fuzz
from tests.policies.harness import BY_ID


def test_a_sample_of_random_inputs_fails_no_rule_and_tells_no_secret() -> None:
    found = fuzz.run(inputs=2_000, seed=7)
    assert not found.failures
    assert found.judged > 10_000


def rule(check: Any, kind: str = "ENC-04") -> Any:
    base = BY_ID[kind]
    assert isinstance(base, ResourceRule | StackRule)
    return replace(base, check=check)


def test_a_rule_that_fails_is_found_with_how_to_try_it_again() -> None:
    def fails_on_lists(resource: Resource, settings: Settings) -> Findings:
        yield from (Violation(key, "", "") for key, value in resource.inputs.items() if value.startswith("x"))

    failures = fuzz.run(inputs=200, seed=1, rules=[rule(fails_on_lists)]).failures
    assert any("AttributeError ENC-04 failed" in failure for failure in failures)
    number = int(failures[0].rpartition("--first ")[2].split()[0])
    assert fuzz.run(inputs=1, seed=1, first=number, rules=[rule(fails_on_lists)]).failures


def test_a_rule_that_tells_what_it_read_is_found() -> None:
    def tells(stack: Stack, settings: Settings) -> LocatedFindings:
        for resource in stack.resources.values():
            yield resource, Violation("all", f"{dict(resource.inputs)}", "nothing")

    failures = fuzz.run(inputs=2_000, seed=1, rules=[rule(tells, "ENC-01")]).failures
    assert any("ENC-01: it repeats a secret" in failure for failure in failures)


def test_a_case_is_the_same_each_time_it_is_tried() -> None:
    seen: list[Any] = []

    def remembers(resource: Resource, settings: Settings) -> Findings:
        seen.append((resource.urn, repr(resource.inputs)))
        yield from ()

    for _ in range(2):
        fuzz.run(inputs=20, seed=3, rules=[rule(remembers)])
    half = len(seen) // 2
    assert seen[:half] == seen[half:]


def test_a_text_that_is_no_valid_unicode_is_described() -> None:
    assert describe("\ud83d").startswith("a string of 1 characters, sha256 ")

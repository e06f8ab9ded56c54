"""The mutation score of the rules, which every survivor lowers, and that the documentation states what is measured."""

import re

import pytest

from tests.policies import mutation
from tests.policies.harness import judge
from tests.support.project import CLONE


@pytest.fixture(scope="module")
def measured() -> mutation.Score:
    return mutation.score()


def test_the_score_is_at_least_the_target(measured: mutation.Score) -> None:
    score, _ = measured.of()
    assert score >= mutation.TARGET


def test_every_survivor_is_accounted_for(measured: mutation.Score) -> None:
    assert [(rule, name) for rule, name, reason in measured.survivors if not reason] == []


def test_a_rule_that_notices_nothing_lowers_the_score(
    measured: mutation.Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(rule: str, *resources: object, **more: object) -> object:
        return judge("ENC-08" if rule == "LOG-08" else rule, *resources, **more)  # type: ignore[arg-type]

    before, _ = measured.of("LOG")
    monkeypatch.setattr(mutation, "judge", blind)
    without = mutation.score()
    assert without.made == measured.made
    assert without.of("LOG")[0] < before - 1
    assert without.of()[0] < measured.of()[0]


def test_the_documentation_states_what_is_measured(measured: mutation.Score) -> None:
    text = (CLONE / "docs" / "policies.md").read_text(encoding="utf-8")
    stated = re.search(
        r"([\d,]+) mutants, of which ([\d,]+) are equivalent; of the other ([\d,]+) the rules notice ([\d,]+): "
        r"([\d.]+) per cent \(([\d.]+) of all\)",
        text,
    )
    assert stated is not None
    made, equivalent, survivors = measured.made.total(), len(measured.equivalent), len(measured.survivors)
    score, raw = measured.of()
    numbers = (made, equivalent, made - equivalent, made - equivalent - survivors)
    assert stated.groups() == (*(f"{number:,}" for number in numbers), f"{score:.1f}", f"{raw:.1f}")

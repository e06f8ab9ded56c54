"""The platform's mutants: the rules notice what they are meant to, and the reasons are about real mutants.

All of them are judged: a sample changes with every resource more, and finds what it missed on somebody else's change.
`python -m tests.policies.platform_mutants` prints them.
"""

import re
from itertools import islice

import pytest

from policies.rules import RULES
from tests.policies.platform.mutants import Mutant
from tests.policies.platform.reasons import UNCOVERED
from tests.policies.platform_mutants import Tally, every_mutant, tally
from tests.support.project import CLONE


@pytest.fixture(scope="module")
def judged() -> Tally:
    return tally(every_mutant())


def test_the_rules_notice_what_the_catalogue_covers(judged: Tally) -> None:
    assert judged.total >= 4000
    assert len(judged.caught) >= 40
    assert not judged.defects, "\n".join(map(str, judged.defects))


def test_every_reason_covers_a_mutant(judged: Tally) -> None:
    assert [entry for entry in UNCOVERED if not judged.excused[entry]] == []


def test_what_the_documentation_states_is_near_what_is_measured(judged: Tally) -> None:
    """It states a day's numbers, and every resource that is added has mutants."""
    text = (CLONE / "docs" / "policies.md").read_text(encoding="utf-8")
    stated = re.search(r"^\| ([\d,]+) \| ([\d,]+), by (\d+) rules \| (\d+) \| ([\d,]+) \|", text, re.MULTILINE)
    assert stated is not None
    total, caught, rules, missed, excused = (int(number.replace(",", "")) for number in stated.groups())
    assert (total, missed) == (caught + excused, len(judged.defects))
    for number, measured in (
        (total, judged.total), (caught, judged.caught.total()), (rules, len(judged.caught)),
        (excused, judged.excused.total()),
    ):  # fmt: skip
        assert abs(number - measured) <= 0.1 * measured


def test_most_mutants_are_noticed(judged: Tally) -> None:
    assert judged.caught.total() > judged.excused.total()


def test_there_are_thousands_of_mutants_of_many_types_each_of_one_change() -> None:
    made: list[Mutant] = [mutant for _, mutant in every_mutant()]
    assert len(made) >= 4000
    assert len({mutant.before.type for mutant in made}) >= 40
    assert len({str(mutant) for mutant in made}) >= 0.99 * len(made)
    for mutant in made:
        assert (
            mutant.after is None
            or mutant.after.inputs != mutant.before.inputs
            or "opts." in mutant.path
            or ("provider." in mutant.path)
        )


@pytest.mark.parametrize("rule", ["ENC-07", "NET-09", "ACC-24"])
def test_a_rule_that_is_gone_is_missed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.policies.platform.mutants.RULES", [other for other in RULES if other.id != rule])
    concerned = {type_ for other in RULES if other.id == rule for type_ in other.tokens}
    judged = (pair for pair in every_mutant() if pair[1].before.type in concerned)
    assert tally(islice(judged, 0, None, 3)).defects

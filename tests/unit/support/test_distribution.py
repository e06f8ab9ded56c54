"""Tests that share an environment run in one worker, and what takes long begins first."""

import pytest

from tests.support.distribution import ENVIRONMENTS, LONGEST_FIRST, TESTS, rank, unit

FILES = sorted(TESTS.rglob("test_*.py"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_is_one_unit_of_several_files(environment: str) -> None:
    of = [path for path in FILES if unit(path) == environment]
    assert len(of) > 1
    assert {rank(path) for path in of} == {LONGEST_FIRST.index(environment)}


def test_every_other_file_is_a_unit_of_its_own() -> None:
    names = [unit(path) for path in FILES if unit(path) not in ENVIRONMENTS]
    assert len(names) == len(set(names))


def test_what_begins_first_is_there_and_comes_before_all_else() -> None:
    assert {unit(path) for path in FILES} >= set(LONGEST_FIRST)
    order = sorted(FILES, key=rank)
    assert list(dict.fromkeys(map(unit, order)))[: len(LONGEST_FIRST)] == list(LONGEST_FIRST)
    assert "twin" not in order[-1].relative_to(TESTS).parts[:1]

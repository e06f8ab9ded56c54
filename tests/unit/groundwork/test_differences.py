"""Differences are as small as they can be, say which entry of a list they mean, and never tell a secret."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groundwork.differences import ABSENT, Difference, at, differences, parsed, said, told
from tests.unit.groundwork.policy.saved import UNKNOWN

BUCKET = "aws:s3/bucket:Bucket"


def found(
    before: dict[str, Any], after: dict[str, Any], *paths: str, type_: str = BUCKET
) -> list[tuple[str, Any, Any]]:
    return [(one.path, one.before, one.after) for one in differences(type_, before, after, paths)]


def test_only_what_differs_is_told_and_a_providers_notes_are_nothing() -> None:
    before = {"days": 30, "name": "a", "__defaults": ["x"]}
    assert found(before, {"days": 7, "name": "a", "__defaults": []}) == [("days", 30, 7)]


def test_the_paths_of_the_engine_limit_it() -> None:
    before, after = {"scaling": {"min": 0, "max": 1}, "other": 1}, {"scaling": {"min": 1, "max": 2}, "other": 2}
    assert found(before, after, "scaling.max") == [("scaling.max", 1, 2)]


def test_a_document_kept_as_text_is_looked_into() -> None:
    before = {"policy": json.dumps({"Statement": [{"Action": ["a", "b"], "Effect": "Allow"}]})}
    after = {"policy": json.dumps({"Statement": [{"Action": ["b", "c"], "Effect": "Allow"}]})}
    assert found(before, after, "policy") == [("policy.Statement[0].Action[0]", "a", "c")]


def test_entries_that_came_and_went_are_told_each_with_its_own_place() -> None:
    rules = [{"port": 1}, {"port": 2}, {"port": 3}]
    assert found({"rules": rules}, {"rules": [{"port": 4}]}) == [
        ("rules[0]", {"port": 1}, ABSENT),
        ("rules[1]", {"port": 2}, ABSENT),
        ("rules[2]", {"port": 3}, ABSENT),
        ("rules[0]", ABSENT, {"port": 4}),
    ]
    assert found({"rules": rules}, {"rules": rules[1:]}) == [("rules[0]", {"port": 1}, ABSENT)]
    assert found({"rules": rules}, {"rules": rules[::-1]}) == [("rules", rules, rules[::-1])]


@pytest.mark.parametrize(
    ("type_", "name", "value"),
    [
        (BUCKET, "password", "[secret]"),
        (BUCKET, "masterPassword", "hunter2-hunter2"),
        (BUCKET, "env", "postgresql://app:hunter2-hunter2@db:5432/x"),
        ("kubernetes:core/v1:Secret", "data", {"x": "aHVudGVyMi1odW50ZXIy"}),
    ],
)
def test_a_secret_is_named_and_not_told(type_: str, name: str, value: Any) -> None:
    (one,) = differences(type_, {name: value}, {name: "[secret]" if value == "[secret]" else "other"}, [name])
    shown = said(one.before, secret=one.secret)
    assert shown == "[secret]"
    assert one.path.startswith(name)


def test_a_secret_that_the_engine_has_hidden_on_both_sides_is_told_to_differ() -> None:
    assert found({"x": "[secret]"}, {"x": "[secret]"}, "x") == [("x", "[secret]", "[secret]")]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (ABSENT, "absent"),
        (UNKNOWN, "not known yet"),
        (True, "true"),
        ("a", '"a"'),
        ({"b": [UNKNOWN]}, '{"b": ["not known yet"]}'),
    ],
)
def test_values_are_said_as_a_reader_knows_them(value: Any, shown: str) -> None:
    assert said(value) == shown


def test_a_long_value_is_cut() -> None:
    assert len(said("x" * 5000)) == 200


names = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda name: not name.isdigit())


@given(st.lists(st.one_of(names, st.integers(0, 99)), min_size=1))
def test_a_path_is_read_as_it_is_written(steps: list[Any]) -> None:
    if isinstance(steps[0], int):
        steps = ["a", *steps]
    assert list(parsed(told(steps))) == steps


trees = st.recursive(
    st.integers(0, 2) | st.sampled_from(["a", "b"]),
    lambda t: st.lists(t, max_size=3) | st.dictionaries(st.sampled_from("xyz"), t, max_size=3),
    max_leaves=12,
)


def parts(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inside:
        yield from parts(one)


@example({"p": [1, 0, 1]}, {"p": [0, [], []]})
@given(st.dictionaries(st.sampled_from("pqr"), trees), st.dictionaries(st.sampled_from("pqr"), trees))
def test_there_is_a_difference_exactly_where_two_are_not_equal_and_its_values_are_those_at_its_path(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    all_of_them: tuple[Difference, ...] = differences(BUCKET, before, after)
    assert bool(all_of_them) == (before != after)
    for one in all_of_them:
        path = parsed(one.path)
        assert one.before in (at(before, path), ABSENT)
        assert one.after in (*parts(after), ABSENT), "entries of lists are compared in pairs, by where they were before"

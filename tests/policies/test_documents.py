"""The parser of IAM documents, and what its patterns cover."""

import json
import time

import pytest

from policies.documents import covers, is_every_action, is_everything, matches, parse
from policies.rule import Undecided, Violation
from policies.values import UNKNOWN, Node


def read(value: object) -> tuple[int, list[type]]:
    statements, problems = parse(Node(value, "policy"))
    return len(statements), [type(problem) for problem in problems]


ONE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.mark.parametrize("value", [{"Statement": ONE}, {"Statement": [ONE]}, json.dumps({"Statement": ONE})])
def test_one_statement_is_read_however_it_is_written(value: object) -> None:
    assert read(value) == (1, [])


@pytest.mark.parametrize(
    "value",
    ["{", "[]", "1", "", None, [], {}, 3, {"statement": [ONE]}, {"Statement": "x"}, "[" * 100_000,
     '{"Statement": [], "Statement": []}'],
)  # fmt: skip
def test_what_is_no_document_is_a_violation(value: object) -> None:
    assert read(value) == (0, [Violation])


@pytest.mark.parametrize(
    "change",
    [{"Effect": "allow"}, {"Effect": None}, {"Action": 3}, {"Action": None}, {"Resource": [{}]},
     {"Principal": {"AWS": 1}},
     {"Condition": "x"}, {"Condition": {"StringEquals": "x"}}],
)  # fmt: skip
def test_a_statement_that_cannot_be_read_is_a_violation_and_the_others_are_read(change: dict[str, object]) -> None:
    assert read({"Statement": [ONE | change, ONE]}) == (1, [Violation])


@pytest.mark.parametrize(
    "change",
    [{"Effect": UNKNOWN}, {"Action": [UNKNOWN]}, {"Condition": UNKNOWN}, {"Condition": {"StringEquals": UNKNOWN}}],
)
def test_a_statement_with_an_unknown_part_is_undecided(change: dict[str, object]) -> None:
    assert read({"Statement": [ONE | change, ONE]}) == (1, [Undecided])
    assert read(UNKNOWN) == (0, [Undecided])
    assert read({"Statement": UNKNOWN}) == (0, [Undecided])


@pytest.mark.parametrize(
    ("pattern", "candidate", "expected"),
    [
        ("s3:*", "s3:GetObject", True),
        ("S3:get*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:*Object*", "s3:GetObjectAcl", True),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("s3:Get*", "s3:Get*", True),
        ("s3:GetObject*", "s3:Get*", False),
        ("*", "s3:*", True),
        ("s3.GetObject", "s3:GetObject", False),
    ],
)
def test_action_patterns(pattern: str, candidate: str, expected: bool) -> None:
    assert matches(pattern, candidate) is expected


def test_resource_patterns_are_case_sensitive() -> None:
    assert not covers("arn:aws:s3:::Data", "arn:aws:s3:::data")


@pytest.mark.parametrize("pattern", ["*", "**", "?*", "arn:*", "arn:aws:*", "arn:aws:*:*:*:*", "a*", "arn:*:*:*:*:*"])
def test_patterns_that_cover_every_resource(pattern: str) -> None:
    assert is_everything(pattern)


@pytest.mark.parametrize("pattern", ["", "?", "arn:aws:s3:::*", "arn:aws:iam::*:role/*", "arn:aws:kms:*:*:key/*"])
def test_patterns_that_do_not(pattern: str) -> None:
    assert not is_everything(pattern)


def test_every_action_has_several_spellings() -> None:
    assert all(is_every_action(pattern) for pattern in ("*", "**", "*:*", "?*"))
    assert not any(is_every_action(pattern) for pattern in ("s3:*", "", "?", "*:Get*"))


def test_a_pattern_of_many_stars_is_decided_at_once() -> None:
    start = time.process_time()
    assert not covers("*a" * 60 + "b", "a" * 2_000)
    assert time.process_time() - start < 2

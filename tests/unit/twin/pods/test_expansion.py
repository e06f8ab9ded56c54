"""Kubernetes' own rules for `$(NAME)`; the cases are those of its documentation and of its tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.pods.expansion import expand

VARIABLES = {"A": "1", "B": "$(A)", "EMPTY": ""}


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("$(A)", "1"),
        ("x$(A)y$(A)", "x1y1"),
        ("$(B)", "$(A)"),
        ("$(EMPTY)", ""),
        ("$(MISSING)", "$(MISSING)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$(A)", "$$(A)"),
        ("$A", "$A"),
        ("$(A", "$(A"),
        ("$", "$"),
        ("$()", "$()"),
        ("a$$b", "a$b"),
        ("${A}", "${A}"),
    ],
)
def test_references_are_expanded_once_and_only_when_known(written: str, expanded: str) -> None:
    assert expand(written, VARIABLES) == expanded


@given(st.text(alphabet=st.characters(exclude_characters="$")))
def test_a_text_without_a_dollar_is_left_as_it_is(text: str) -> None:
    assert expand(text, VARIABLES) == text


@given(st.text(alphabet="$()AB"))
def test_doubling_every_dollar_gives_the_text_back(text: str) -> None:
    assert expand(text.replace("$", "$$"), VARIABLES) == text

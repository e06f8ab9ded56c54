"""Decides how a problem is worded and placed, for models of any shape."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from components.model import Model
from stacks.problems import LONGEST_VALUE, Problem, look_up, problems_of, report, spell


class Cat(Model):
    kind: Literal["cat"] = "cat"
    lives: int = Field(examples=[9])
    """How many are left."""


class Dog(Model):
    kind: Literal["dog"] = "dog"
    tricks: tuple[str, ...] = Field(default=(), examples=[["sit"]])
    """What it can do."""


class House(Model):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    """Who lives here."""
    rooms: dict[str, Dog] = Field(default={})
    """Dogs by room."""
    guest: Cat | None = None
    """Somebody's cat."""


def found(written: object) -> list[Problem]:
    with pytest.raises(ValidationError) as caught:
        House.model_validate(written, strict=False)
    return problems_of(caught.value, written)


def test_a_path_is_what_is_in_the_file_without_what_pydantic_adds() -> None:
    problems = found({"pet": {"kind": "cat", "lives": "x"}, "rooms": {"hall": {"tricks": ["sit", None]}}})
    assert [spell(problem.path) for problem in problems] == [
        "groundwork:settings.pet.lives",
        "groundwork:settings.rooms.hall.tricks[1]",
    ]


def test_a_missing_field_is_placed_where_it_belongs() -> None:
    (problem,) = found({"pet": {"kind": "cat"}})
    assert (problem.path, problem.what) == (("pet", "lives"), "it is missing")


@pytest.mark.parametrize(
    ("path", "name", "description"),
    [
        (("pet", "lives"), "lives", "How many are left."),
        (("pet", "tricks", 0), "tricks", "What it can do."),
        (("rooms", "hall"), "rooms", "Dogs by room."),
        (("rooms", "hall", "tricks"), "tricks", "What it can do."),
        (("guest", "lives"), "lives", "How many are left."),
    ],
)
def test_the_innermost_setting_describes_a_value(path: tuple[str | int, ...], name: str, description: str) -> None:
    place = look_up(House, path)
    assert place.field is not None
    assert (place.name, place.field.description) == (name, description)


def test_an_unknown_name_is_answered_with_the_ones_there_are_and_without_its_value() -> None:
    text = report(found({"pet": {"kind": "dog", "trick": "hunter2"}}), House, "f.yaml")
    assert "allowed: kind, lives, tricks (did you mean tricks?)" in text
    assert "hunter2" not in text


def test_a_long_value_is_cut() -> None:
    text = report([Problem(path=("guest",), what="bad", value="x" * 500)], House, "f.yaml")
    assert "x" * (LONGEST_VALUE - 1) + "…" in text
    assert "x" * LONGEST_VALUE not in text


def test_the_words_fit_one_line_each() -> None:
    text = report(found({"pet": {"kind": "cat", "lives": "x"}}), House, "f.yaml")
    assert text.splitlines() == [
        "f.yaml: 1 setting is wrong, so nothing was started.",
        "",
        "  groundwork:settings.pet.lives",
        '    value:   "x"',
        "    problem: it should be a valid integer, unable to parse string as an integer",
        "    allowed: How many are left.",
        "    example: lives: 9",
    ]

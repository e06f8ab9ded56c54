"""Decides what the base of settings and args refuses."""

import pulumi
import pytest
from pydantic import ValidationError

from components.model import Model, Wire


class Example(Model):
    size_gib: int
    """A described field."""
    key_arn: Wire = "none"
    """A wired one."""


def test_a_misspelt_name_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"size_gb\n.*not permitted"):
        Example.model_validate({"size_gib": 1, "size_gb": 1})


def test_nothing_changes_after_construction() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Example(size_gib=1).size_gib = 2


def test_the_docstring_under_a_field_describes_it() -> None:
    assert Example.model_fields["size_gib"].description == "A described field."


@pytest.mark.usefixtures("recorder")  # an Output needs the event loop that it sets up
def test_a_wire_takes_what_is_known_and_what_is_not_yet() -> None:
    output = pulumi.Output.from_input("arn:aws:kms:eu-west-1:111122223333:key/a")
    assert Example(size_gib=1, key_arn=output).key_arn is output
    with pytest.raises(ValidationError):
        Example.model_validate({"size_gib": 1, "key_arn": 5})

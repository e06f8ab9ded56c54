"""The platform's own program, put to the provider's Check: whatever a component sets is modelled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.providers.aws.examples import ACCOUNT, REGION
from tests.support.program import recorded
from tests.support.stack_files import ENVIRONMENTS
from twin.providers.aws.check import Naming, check
from twin.providers.aws.context import Account
from twin.providers.aws.types import resource_type


def plain(value: Any) -> Any:
    """A recorded value with whole numbers as such: the mocks hand over every number as a float."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_resource_of_the_program_passes_check(environment: str) -> None:
    account = Account(id=ACCOUNT, region=REGION)
    made = [resource for resource in recorded(environment).children() if resource.typ.startswith("aws:")]
    problems = {
        f"{resource.typ}::{resource.name}: {path} {reason}"
        for resource in made
        for path, reason in check(
            resource_type(resource.typ), account, plain(resource.inputs), {}, Naming(resource.name)
        )[1]
    }
    assert problems == set()
    assert len(made) > 50, "the program registers nothing to check"

"""The contracts of every component, held against a program with runners on the cluster: no stack file has any."""

from collections.abc import Callable
from functools import cache

import pytest

from components.cluster.group_rights import SEE
from components.teams.personas import PLATFORM_PERSONAS, PlatformPersona
from tests.contracts import test_components as contracts
from tests.support.program import record
from tests.support.recorder import Recorder
from tests.support.runner_pools import with_scale_set


@cache
def recorded(environment: str, *, preview: bool = False) -> Recorder:
    return record(environment, with_scale_set(environment), preview=preview)


@pytest.mark.parametrize("contract", contracts.HELD_BY_ANY_PROGRAM, ids=lambda contract: str(contract.__name__))
def test_the_contracts_hold_with_runners_on_the_cluster(
    contract: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contracts, "recorded", recorded)
    monkeypatch.setattr(contracts, "record", recorded)
    contract("dev")


def test_they_are_there() -> None:
    """Else the tests above would say nothing."""
    assert any(made.typ.endswith(":AutoscalingRunnerSet") for made in recorded("dev").made)


@pytest.mark.parametrize("persona", PLATFORM_PERSONAS)
def test_people_of_the_platform_see_every_kind_that_the_program_defines(persona: PlatformPersona) -> None:
    """Every definition of the program, of whichever part: what nobody sees nobody can look after."""
    definitions = [
        made.inputs["spec"] for made in recorded("dev").made if made.typ.endswith("CustomResourceDefinition")
    ]
    defined = {(spec["group"], spec["names"]["plural"]) for spec in definitions}
    seen = {
        (rule.group, resource)
        for rule in PLATFORM_PERSONAS[persona].rules
        if set(rule.verbs) >= set(SEE)
        for resource in rule.resources
    }
    assert defined
    assert defined <= seen

"""What `preview`, `up` and `deploy` say of a plan's cost, and where they end at the ceiling."""

import io
import re
from collections.abc import Mapping
from typing import Any

import pytest
import typer
from rich.console import Console

from groundwork.cost.ceiling import ABOVE_CEILING
from groundwork.cost.gate import hold
from groundwork.events import EventLog
from tests.unit.groundwork.preview.digests import state, urn

KEY, BUDGET, NODES = "aws:kms/key:Key", "aws:budgets/budget:Budget", "aws:eks/nodeGroup:NodeGroup"
States = Mapping[str, Mapping[str, Any]]


def budget(limit: int) -> States:
    inputs = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitUnit": "USD", "limitAmount": str(limit)}
    return {urn(BUDGET, "budget"): state(BUDGET, "budget", inputs)}


def key() -> States:
    """One dollar a month."""
    return {urn(KEY, "key"): state(KEY, "key", {"region": "eu-west-1"})}


def nodes(name: str) -> States:
    """A pool of machines that no price table has."""
    inputs = {"region": "eu-west-1", "instanceTypes": ["p9.large"], "scalingConfig": {"minSize": 1}}
    return {urn(NODES, name): state(NODES, name, inputs)}


def said(before: States, after: States, code: int = 0) -> str:
    console, log = Console(file=io.StringIO(), width=200), EventLog()
    log.before.update(before)
    log.after.update(after)
    if code:
        with pytest.raises(typer.Exit) as ended:
            hold(console, "dev", log)
        assert ended.value.exit_code == code
    else:
        hold(console, "dev", log)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_plan_whose_prices_are_all_known_says_what_it_costs_and_nothing_else() -> None:
    assert said({}, {**budget(5), **key()}) == "dev: 1.00 USD a month idle; its ceiling is 5.\n"


def test_a_new_price_that_is_not_known_is_said_first_and_is_no_zero() -> None:
    first, second, *rest = said({**budget(5), **key()}, {**budget(5), **key(), **nodes("gpu")}).splitlines()
    assert first == (
        "Whether dev keeps to its monthly ceiling cannot be said: at least 1.00 USD idle, the ceiling is 5; "
        "not known: gpu (ec2.instance.p9.large), gpu (EBS gp3 volume)"
    )
    assert second.startswith("dev: at least 1.00 USD a month idle (of what is known +0.00 to what is there); its ceil")
    assert [re.sub(r":.*", "", line) for line in rest] == [
        "not counted gpu (ec2.instance.p9.large)",
        "not counted gpu (EBS gp3 volume)",
    ]


def test_the_first_plan_of_an_environment_says_it_as_well() -> None:
    assert said({}, {**budget(5), **nodes("gpu")}).startswith("Whether dev keeps to its monthly ceiling cannot be said")


def test_a_price_that_was_not_known_before_is_named_once_and_makes_the_ceiling_as_undecided() -> None:
    text = said({**budget(5), **nodes("gpu")}, {**budget(5), **nodes("gpu")})
    assert text.startswith("dev: at least 0.00 USD a month idle (of what is known +0.00 to what is there); its ceiling")
    assert "its ceiling is 5, and whether that holds cannot be said.\n" in text
    assert text.count("ec2.instance.p9.large") == text.count("not counted gpu (ec2.instance.p9.large)") == 1


def test_what_is_above_by_what_is_known_ends_the_command_whatever_else_there_is() -> None:
    for more in ({}, nodes("gpu")):
        least = "at least " if more else ""
        text = said({}, {**budget(0), **key(), **more}, ABOVE_CEILING)
        assert f"dev is above its monthly ceiling: {least}1.00 USD idle, the ceiling is 0" in text
        assert "cannot be said" not in text
        assert ("not counted gpu (ec2.instance.p9.large)" in text) is bool(more)

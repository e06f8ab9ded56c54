"""Every type that the program registers is priced or free for a reason, and dev idle costs what it may."""

import json
from collections.abc import Sequence
from functools import cache

import pytest

from groundwork.cost import prices, use
from groundwork.cost.charges import HOURS
from groundwork.cost.estimate import Estimate, estimate
from groundwork.cost.services import CHARGES
from groundwork.cost.services.free import FREE, FREE_PREFIXES, why_free
from groundwork.cost.use import IDLE
from groundwork.events import name_of
from groundwork.policy import sources
from groundwork.policy.sources import Saved
from stacks.exporters import watched_resources
from stacks.settings import StackSettings, parse_settings
from tests.support.program import record
from tests.support.saved import export, export_of
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import ENVIRONMENTS, written

DEV_IDLE_USD = 250


@cache
def resources(environment: str) -> Sequence[Saved]:
    return sources.read(json.dumps(export(environment)), environment).resources


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_type_is_charged_for_or_free_for_a_reason(environment: str) -> None:
    types = {one.type for one in resources(environment) if one.custom}
    neither = {token for token in types if token not in CHARGES and why_free(token) is None}
    assert not neither, "say in groundwork/cost/services what AWS charges for it, or why nothing"


def test_no_type_is_both_charged_for_and_free() -> None:
    assert not CHARGES.keys() & FREE.keys()
    # Kubernetes is free but for what makes AWS charge: those types come first.
    assert {token for token in CHARGES if token.startswith(tuple(FREE_PREFIXES))} == {
        token for token in CHARGES if token.startswith("kubernetes:")
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("used", [False, True], ids=["idle", "in use"])
def test_every_price_that_it_needs_is_known(environment: str, used: bool) -> None:
    assert [f"{line.name}: {line.unknown}" for line in _priced(environment, used).unknown] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_stated_use_names_resources_that_are_there(environment: str) -> None:
    assert use.load(environment).names() <= {name_of(one.urn) for one in resources(environment) if one.custom}


def test_the_cloudwatch_exporter_is_charged_for_what_it_asks() -> None:
    metrics = sum(len(service.metrics) for service, _ in watched_resources(settings("prod")).by_service())
    every = settings("prod").monitoring.cloudwatch_exporter
    assert every is not None
    (line,) = [line for line in _priced("prod", used=False).lines if line.price == "cloudwatch.request"]
    assert line.quantity == HOURS * 3600 / every.interval_seconds * metrics
    assert not [line for line in _priced("dev", used=False).lines if line.price == "cloudwatch.request"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_search_domain_has_a_price(environment: str) -> None:
    made = sources.read(json.dumps(export_of(record(environment, with_search_domain(environment)), environment)), "d")
    found = estimate(made.resources, prices.load(), IDLE)
    assert [f"{line.name}: {line.unknown}" for line in found.unknown] == []
    nodes = [line for line in found.lines if line.price == "opensearch.instance.m7g.large.search"]
    assert [line.quantity for line in nodes] == [HOURS * 2 * len(settings(environment).zones)]


def test_dev_idle_costs_no_more_than_it_may() -> None:
    found = _priced("dev", used=False)
    assert found.usd <= DEV_IDLE_USD, f"{found.usd}: {found.by_component()}"


def settings(environment: str) -> StackSettings:
    return parse_settings(json.dumps(written(environment)), stack=environment, allow_placeholders=True)


def _priced(environment: str, used: bool) -> Estimate:
    return estimate(resources(environment), prices.load(), use.load(environment) if used else IDLE)

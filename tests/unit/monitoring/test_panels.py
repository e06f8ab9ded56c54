"""Puts every query of every panel to a real Prometheus that has the platform's rules: none is refused, none is empty.

What it scrapes are stand-ins that expose what a platform at work would, where things go wrong too (world.yaml), but for
Prometheus itself. Where a panel shows nothing as naught, it is the query without that which has to give something.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.monitoring.dashboards import Dashboard, dashboards
from groundwork.dashboards.asking import Answer, Prometheus, Window
from groundwork.dashboards.html import page
from tests.support.devtools import browsing, needs_browser
from tests.unit.groundwork.preview.page import Page
from tests.unit.monitoring.queries import metrics_of, panel_queries, recorded, rule_queries
from tests.unit.monitoring.running import WORLD, exporters, prometheus

HISTORY_SECONDS = 120
"""Two whole minutes are in it: what is summed up by the minute has one."""

OR_NAUGHT = re.compile(r"\s+or vector\(0\)")
"""What makes a number of nothing, whatever else the query asks for."""

Answers = dict[str, list[Answer]]


def asked(address: str, of: dict[str, Dashboard]) -> tuple[Answers, Window]:
    end = time.time()
    window = Window(end - HISTORY_SECONDS, end)
    server = Prometheus(address)
    return {name: list(server.answers(dashboard, window)) for name, dashboard in of.items()}, window


def taken_apart(dashboard: Dashboard) -> Dashboard:
    """Return it with a panel for each query, without what would make up for an empty answer."""
    panels = [
        panel.model_copy(update={"queries": (query.model_copy(update={"expr": OR_NAUGHT.sub("", query.expr)}),)})
        for panel in dashboard.panels
        for query in panel.queries
    ]
    return dashboard.model_copy(update={"panels": tuple(panels)})


SINGLE_QUERIES = {name: taken_apart(dashboard) for name, dashboard in dashboards().items()}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with exporters() as exposed, prometheus(tmp_path_factory.mktemp("prometheus"), exposed) as address:
        yield address


@pytest.fixture(scope="module")
def single(running: str) -> Answers:
    """What each query says as soon as all of them say something, and after two minutes in any case."""
    for _ in range(HISTORY_SECONDS // 5):
        answers, _ = asked(running, SINGLE_QUERIES)
        if all(answer.series for found in answers.values() for answer in found):
            break
        time.sleep(5)
    return answers


@pytest.fixture(scope="module")
def answered(running: str, single: Answers) -> tuple[Answers, Window]:
    """What the panels say then."""
    return asked(running, dashboards())


def test_no_query_is_refused_or_empty(single: Answers) -> None:
    asked_for = [(name, answer.panel, answer) for name, found in single.items() for answer in found]
    assert len(asked_for) == len(list(panel_queries()))
    refused = [(panel.title, answer.problems) for _, panel, answer in asked_for if answer.problems]
    assert not refused
    empty = [
        f"{name}: {panel.title}: {panel.queries[0].expr}" for name, panel, answer in asked_for if not answer.series
    ]
    assert not empty


def test_what_would_hide_an_empty_answer_is_taken_away_and_nothing_else() -> None:
    left = [query.expr for one in SINGLE_QUERIES.values() for panel in one.panels for query in panel.queries]
    assert not [query for query in left if "vector(" in query]
    written = [query for _, query in panel_queries()]
    assert [metrics_of(query) for query in left] == [metrics_of(query) for query in written]
    assert 10 < sum(one != other for one, other in zip(left, written, strict=True)) < len(written)


def test_no_panel_is_refused_or_empty(answered: tuple[Answers, Window]) -> None:
    answers, _ = answered
    wrong = [
        (name, answer.panel.title, answer.problems)
        for name, found in answers.items()
        for answer in found
        if answer.problems or not answer.series
    ]
    assert not wrong


def test_every_series_has_a_name_of_its_own(answered: tuple[Answers, Window]) -> None:
    answers, _ = answered
    for name, found in answers.items():
        for answer in found:
            names = [series.name for series in answer.series]
            assert len(names) == len(set(names)), f"{name}: {answer.panel.title}: {names}"
            assert all(names), f"{name}: {answer.panel.title}"


def test_gpus_are_told_by_team(answered: tuple[Answers, Window]) -> None:
    answers, _ = answered
    panels = {answer.panel.title: {one.name: one.last for one in answer.series} for answer in answers["gpus"]}
    assert panels["GPUs that there are"] == {"allocatable": 4}
    assert panels["GPUs that are reserved"] == {"reserved": 3}
    assert panels["Reserved by team"] == {"language": 1, "vision": 2}
    assert panels["Use by team"] == {"language": 0.31, "vision": 0.92}
    assert panels["Pods that wait for a GPU"] == {"waiting": 1}


def test_the_stand_ins_expose_what_is_asked_for_and_no_more() -> None:
    exposed = {series.split("{")[0] for told in WORLD.values() for series, _, _ in told}
    known = {metric for _, query in [*panel_queries(), *rule_queries()] for metric in metrics_of(query)} - recorded()
    assert exposed <= known
    left = known - exposed
    assert all(metric.startswith("prometheus_") for metric in left - {"up", "scrape_duration_seconds", "ALERTS"}), left


@needs_browser
def test_a_browser_draws_the_page_and_complains_of_nothing(answered: tuple[Answers, Window], tmp_path: Path) -> None:
    answers, window = answered
    text = page(dashboards(), answers, "http://prometheus", window)
    assert Page(text).unclosed == []
    (tmp_path / "dashboards.html").write_text(text, "utf-8")
    with browsing(tmp_path) as browser:
        for scheme in ("light", "dark"):
            browser.prefer(scheme)
            browser.open((tmp_path / "dashboards.html").as_uri(), "Platform health")
            assert browser.complaints() + browser.logged() == []

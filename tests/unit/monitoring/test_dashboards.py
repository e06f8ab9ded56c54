"""Decides that Grafana can read each dashboard, and that what its panels ask for is exposed by somebody.

Whether a query has an answer is tried with a real Prometheus, on the twin.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard as GrafanaDashboard

from components.monitoring.dashboards import COLUMNS, DATA_SOURCE, Panel, dashboard_files, dashboards, grafana_dashboard
from tests.unit.monitoring.queries import metrics_of, panel_queries, recorded, rule_queries

EXPORTERS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "exporters.yaml").read_text())
DASHBOARDS = dashboards()
FILES = dashboard_files()
each_dashboard = pytest.mark.parametrize("name", sorted(DASHBOARDS))


def exposed() -> set[str]:
    return {metric for exporter in EXPORTERS.values() for metric in exporter["metrics"]}


def test_there_is_one_for_each_question() -> None:
    assert set(DASHBOARDS) == {
        "database-and-queues",
        "gpus",
        "jobs",
        "monitoring",
        "platform-health",
        "tracking-server",
    }


@each_dashboard
def test_a_dashboard_says_for_whom_it_is_and_what_it_answers(name: str) -> None:
    description = DASHBOARDS[name].description
    assert description.startswith("For ")
    assert description.endswith("?")


@each_dashboard
def test_grafanas_own_types_lose_nothing_of_a_dashboard(name: str) -> None:
    """A field that the schema does not have would be dropped, a value of another type refused or changed."""
    written = json.loads(FILES[f"{name}.json"])
    read = json.loads(json.dumps(GrafanaDashboard.from_json(written), cls=JSONEncoder))
    assert list(lost(written, read)) == []


def lost(written: Any, read: Any, path: str = "") -> Any:
    """Give the paths of what was written and is not there, or is another, after reading."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            if key in read:
                yield from lost(value, read[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for index, (one, other) in enumerate(zip(written, read, strict=True)):
            yield from lost(one, other, f"{path}[{index}]")
    elif written != read or isinstance(written, bool) != isinstance(read, bool):
        yield path


def test_a_field_that_grafana_does_not_know_would_be_seen() -> None:
    written = json.loads(FILES["gpus.json"])
    written["panels"][0]["colour"] = "red"
    read = json.loads(json.dumps(GrafanaDashboard.from_json(written), cls=JSONEncoder))
    assert list(lost(written, read)) == [".panels[0].colour"]


@each_dashboard
def test_panels_are_on_the_page_and_none_covers_another(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in grafana_dashboard(name, DASHBOARDS[name])["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells


@each_dashboard
def test_panels_are_told_apart_and_ask_the_one_data_source(name: str) -> None:
    panels = grafana_dashboard(name, DASHBOARDS[name])["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    assert all(target["datasource"] == DATA_SOURCE for panel in panels for target in panel["targets"])
    assert all(len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) for panel in panels)


def test_lines_are_asked_over_time_and_numbers_for_now() -> None:
    for name, dashboard in DASHBOARDS.items():
        for panel in grafana_dashboard(name, dashboard)["panels"]:
            for target in panel["targets"]:
                assert target["range"] is (panel["type"] == "timeseries")
                assert target["instant"] is not target["range"]


@pytest.mark.parametrize(("where", "query"), [*panel_queries(), *rule_queries()])
def test_every_metric_of_a_query_is_one_that_somebody_exposes_or_that_is_recorded(where: str, query: str) -> None:
    unknown = metrics_of(query) - exposed() - recorded()
    assert not unknown, f"{where}: nobody exposes {sorted(unknown)}"


def test_no_metric_is_listed_that_nothing_asks_for() -> None:
    asked = {metric for _, query in [*panel_queries(), *rule_queries()] for metric in metrics_of(query)}
    assert exposed() <= asked


def test_a_metric_is_read_out_of_a_query_and_nothing_else() -> None:
    query = 'sum by (le, verb) (rate(a_bucket{verb!="x"}[5m])) / on (verb) group_left (team) b:c:sum offset 1h'
    assert metrics_of(query) == {"a_bucket", "b:c:sum"}


def test_a_panel_that_is_too_wide_is_refused() -> None:
    with pytest.raises(ValueError, match="width"):
        Panel.model_validate({"title": "t", "kind": "stat", "width": 25, "queries": [{"expr": "up", "legend": ""}]})

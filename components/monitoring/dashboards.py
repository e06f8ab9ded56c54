"""Dashboards as data, and the JSON that Grafana provisions of them.

A dashboard answers the question in its description, top left first. What Grafana wants beside it (places on the grid,
the data source of each query) is the same for all and made here.

Source: Grafana documentation, "Dashboard JSON model" (the classic schema, version 41), "Provision Grafana".
Errors: pydantic.ValidationError naming the field.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from components.model import Model
from components.monitoring.data_files import documents

DATA_SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
SCHEMA_VERSION: Final = 41
COLUMNS: Final = 24
HEIGHTS: Final = {"stat": 4}
HEIGHT: Final = 8
TYPES: Final = {"stat": "stat", "timeseries": "timeseries", "table": "table", "bars": "bargauge"}
"""Grafana's own name for each kind of panel."""
HISTORY: Final = frozenset({"timeseries"})
"""Kinds that show how it came about; the others show what is now."""


class Query(Model):
    """One query of a panel."""

    expr: str
    """PromQL."""
    legend: str
    """What its series are called; `{{label}}` stands for a label's value."""


class Panel(Model):
    """One panel: what is asked, and how the answer is drawn."""

    title: str
    """What it shows."""
    description: str = ""
    """What one has to know to read it, where the title does not say it."""
    kind: Literal["stat", "timeseries", "table", "bars"]
    """A number, lines over time, a table, or bars."""
    width: Annotated[int, Field(ge=4, le=COLUMNS)]
    """How many of the 24 columns it takes."""
    unit: str = "short"
    """Grafana's id of the unit."""
    queries: Annotated[tuple[Query, ...], Field(min_length=1)]
    """What is asked."""
    warn_from: float | None = None
    """From this value on it is red; absent, no value is bad in itself."""


class Dashboard(Model):
    """One dashboard."""

    title: str
    """Its name."""
    description: str
    """For whom it is, and the question that it answers."""
    panels: Annotated[tuple[Panel, ...], Field(min_length=1)]
    """Its panels, in the order in which one reads."""


def dashboards() -> dict[str, Dashboard]:
    """Return the platform's dashboards by the name of their file."""
    return {name: Dashboard.model_validate(content) for name, content in documents("dashboards")}


def dashboard_files() -> dict[str, str]:
    """Return the JSON of each dashboard by the name of its file."""
    return {
        f"{name}.json": json.dumps(grafana_dashboard(name, dashboard), indent=1, sort_keys=True)
        for name, dashboard in dashboards().items()
    }


def grafana_dashboard(name: str, dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard in Grafana's own words."""
    places = _places(dashboard.panels)
    return {
        "uid": f"groundwork-{name}",
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["groundwork"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": []},
        "templating": {"list": []},
        "panels": [
            _panel(number, panel, place)
            for number, (panel, place) in enumerate(zip(dashboard.panels, places, strict=True), start=1)
        ],
    }


def _places(panels: tuple[Panel, ...]) -> Iterator[dict[str, int]]:
    """Give each panel its place: in rows as on a page, a row as high as its highest panel."""
    x = y = row = 0
    for panel in panels:
        height = HEIGHTS.get(panel.kind, HEIGHT)
        if x + panel.width > COLUMNS:
            x, y, row = 0, y + row, 0
        yield {"x": x, "y": y, "w": panel.width, "h": height}
        x, row = x + panel.width, max(row, height)


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"value": None, "color": "green"}]
    if panel.warn_from is not None:
        steps.append({"value": panel.warn_from, "color": "red"})
    return {
        "id": number,
        "type": TYPES[panel.kind],
        "title": panel.title,
        "description": panel.description,
        "gridPos": place,
        "datasource": DATA_SOURCE,
        "targets": [_target(chr(ord("A") + index), panel, query) for index, query in enumerate(panel.queries)],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {},
    }


def _target(reference: str, panel: Panel, query: Query) -> dict[str, Any]:
    history = panel.kind in HISTORY
    return {
        "refId": reference,
        "datasource": DATA_SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
        "range": history,
        "instant": not history,
        "format": "table" if panel.kind == "table" else "time_series",
    }

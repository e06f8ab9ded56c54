"""The dashboards as one page: it asks for nothing from outside, runs nothing, and says both to the browser."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from components.monitoring.dashboards import Dashboard
from groundwork.dashboards.asking import Answer, Window
from groundwork.dashboards.drawing import HEIGHT, LEFT, SHOWN, WIDTH, chart
from groundwork.dashboards.units import told
from groundwork.policy.html import security_policy, templates

FOLDER: Final = Path(__file__).with_name("templates")


def page(
    dashboards: Mapping[str, Dashboard], answers: Mapping[str, Sequence[Answer]], address: str, window: Window
) -> str:
    """Return the page."""
    style = (FOLDER / "dashboards.css").read_text(encoding="utf-8")
    return (
        templates(FOLDER)
        .get_template("dashboards.html.j2")
        .render(
            dashboards=dashboards,
            panels={name: [_panel(answer, window) for answer in found] for name, found in answers.items()},
            address=address,
            start=_moment(window.start),
            end=_moment(window.end),
            empty=sum(not answer.series for found in answers.values() for answer in found),
            count=sum(len(found) for found in answers.values()),
            size={"width": WIDTH, "height": HEIGHT, "left": LEFT},
            style=style,
            policy=security_policy(style),
        )
    )


def _panel(answer: Answer, window: Window) -> dict[str, Any]:
    panel = answer.panel
    warned = panel.warn_from is not None and any(series.last >= panel.warn_from for series in answer.series)
    return {
        "panel": panel,
        "problems": answer.problems,
        "rows": [(series.name, told(series.last, panel.unit)) for series in answer.series[:SHOWN]],
        "chart": chart(answer, window) if panel.kind == "timeseries" and answer.series else None,
        "bars": _bars(answer) if panel.kind == "bars" else [],
        "left_out": max(0, len(answer.series) - SHOWN),
        "warned": warned,
    }


def _bars(answer: Answer) -> list[int]:
    """Return each series' share of the largest, in percent."""
    most = max((abs(series.last) for series in answer.series), default=0)
    return [round(100 * abs(series.last) / most) if most else 0 for series in answer.series[:SHOWN]]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")

"""Lines over time as the numbers of an inline SVG: what the template writes down."""

import math
from datetime import UTC, datetime
from typing import Final, NamedTuple

from groundwork.dashboards.asking import Answer, Series, Window
from groundwork.dashboards.units import told

WIDTH: Final = 640
HEIGHT: Final = 180
LEFT: Final = 70
BELOW: Final = 22
ABOVE: Final = 6
"""So that a line at the very top is drawn whole."""
COLOURS: Final = 8
"""Classes of the style sheet, taken in turn."""
SHOWN: Final = 40
"""Series of a panel that are drawn; of more the page says how many."""
TICKS: Final = 4
GAP: Final = 3
"""Steps without a point after which a line is broken off."""


class Line(NamedTuple):
    """One series on the drawing."""

    name: str
    colour: int
    path: str
    last: str


class Tick(NamedTuple):
    """A mark on an axis."""

    at: float
    label: str


class Chart(NamedTuple):
    """What is drawn of one panel."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def chart(answer: Answer, window: Window) -> Chart:
    """Return the drawing of a panel's series."""
    shown = answer.series[:SHOWN]
    values = [value for series in shown for _, value in series.points]
    low, high = _span(values)

    def x(time: float) -> float:
        return LEFT + (WIDTH - LEFT) * (time - window.start) / (window.end - window.start)

    def y(value: float) -> float:
        return ABOVE + (HEIGHT - BELOW - ABOVE) * (1 - (value - low) / (high - low))

    def path(series: Series) -> str:
        parts, before = [], -math.inf
        for time, value in series.points:
            command = "L" if time - before <= GAP * window.step else "M"
            parts.append(f"{command}{x(time):.1f} {y(value):.1f}")
            before = time
        # A point alone is drawn too: a line of no length with round ends.
        return " ".join(parts) + (
            f" L{x(series.points[0][0]):.1f} {y(series.points[0][1]):.1f}" if len(parts) == 1 else ""
        )

    lines = tuple(
        Line(series.name, number % COLOURS, path(series), told(series.last, answer.panel.unit))
        for number, series in enumerate(shown)
    )
    step = (high - low) / TICKS
    up = tuple(Tick(y(low + n * step), told(low + n * step, answer.panel.unit)) for n in range(TICKS + 1))
    every = (window.end - window.start) / TICKS
    across = tuple(
        Tick(
            x(window.start + n * every),
            datetime.fromtimestamp(window.start + n * every, UTC).strftime("%H:%M"),
        )
        for n in range(TICKS)
    )
    return Chart(lines, across, up)


def _span(values: list[float]) -> tuple[float, float]:
    """Return the bounds of the axis: from nought where nothing is below, never of no height."""
    low, high = min([0.0, *values]), max([0.0, *values])
    return (low, high) if high > low else (low, low + 1)

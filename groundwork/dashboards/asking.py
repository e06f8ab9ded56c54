"""What a Prometheus answers to the queries of panels.

Source: Prometheus documentation, "HTTP API" ("Instant queries", "Range queries").
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import requests

from components.monitoring.dashboards import HISTORY, Dashboard, Panel, Query
from groundwork.errors import GroundworkError

TIMEOUT_SECONDS: Final = (5, 60)
"""To be reached; to answer."""
POINTS: Final = 240
"""Of a line, at most."""
SHORTEST_STEP: Final = 15

_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Series(NamedTuple):
    """One series of an answer."""

    name: str
    points: tuple[tuple[float, float], ...]
    """Times and values; what is no number is left out."""

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]


class Answer(NamedTuple):
    """What came of one panel."""

    panel: Panel
    series: tuple[Series, ...]
    problems: tuple[str, ...]
    """What Prometheus said of queries that it refused."""


class Window(NamedTuple):
    """The time that is asked about, in seconds since 1970."""

    start: float
    end: float

    @property
    def step(self) -> int:
        """Seconds between two points."""
        return max(SHORTEST_STEP, math.ceil((self.end - self.start) / POINTS))


class Prometheus:
    """A server, by the address under which its HTTP API is."""

    def __init__(self, address: str) -> None:
        if not re.match(r"https?://[^/\s]+", address):
            raise GroundworkError(
                f"{address} is no address of a Prometheus; one is expected such as http://127.0.0.1:9090, which "
                "`kubectl -n monitoring port-forward statefulset/prometheus 9090` gives"
            )
        self.address = re.sub(r"//[^/@]*@", "//", address).rstrip("/")
        """As it is shown: without a password."""
        self._url = address.rstrip("/")
        self._session = requests.Session()

    def answers(self, dashboard: Dashboard, window: Window) -> Iterator[Answer]:
        """Give what comes of each panel. Raises GroundworkError if the server cannot be reached."""
        for panel in dashboard.panels:
            series: list[Series] = []
            problems: list[str] = []
            for query in panel.queries:
                try:
                    series += self._of(panel, query, window)
                except QueryError as refused:
                    problems.append(str(refused))
            yield Answer(panel, tuple(sorted(series)), tuple(problems))

    def _of(self, panel: Panel, query: Query, window: Window) -> list[Series]:
        if panel.kind in HISTORY:
            asked: dict[str, Any] = {"start": window.start, "end": window.end, "step": window.step}
            result = self._ask("query_range", {"query": query.expr} | asked)
            return _series(query.legend, [(one["metric"], one["values"]) for one in result])
        result = self._ask("query", {"query": query.expr, "time": window.end})
        return _series(query.legend, [(one["metric"], [one["value"]]) for one in result])

    def _ask(self, path: str, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            answer = self._session.post(f"{self._url}/api/v1/{path}", data=data, timeout=TIMEOUT_SECONDS)
            said = answer.json()
        except requests.exceptions.JSONDecodeError:
            raise GroundworkError(f"{self.address} answers, but not as a Prometheus does") from None
        except requests.RequestException as error:
            raise GroundworkError(
                f"no Prometheus answers at {self.address} ({type(error).__name__}): start it, or forward its port by "
                "`kubectl -n monitoring port-forward statefulset/prometheus 9090`"
            ) from None
        if not isinstance(said, dict) or said.get("status") != "success":
            raise QueryError(str(said.get("error", "refused")) if isinstance(said, dict) else "refused")
        if said["data"]["resultType"] not in ("vector", "matrix"):
            raise QueryError(f"the answer is a {said['data']['resultType']}, not series")
        return list(said["data"]["result"])


class QueryError(Exception):
    """Prometheus refused a query."""


def legend(template: str, labels: Mapping[str, str]) -> str:
    """Return what a series is called."""
    return " ".join(_LABEL.sub(lambda found: labels.get(found[1], ""), template).split())


def _series(template: str, found: Sequence[tuple[Mapping[str, str], Sequence[Sequence[Any]]]]) -> list[Series]:
    made = []
    for labels, values in found:
        points = tuple((float(time), float(value)) for time, value in values if math.isfinite(float(value)))
        if points:
            made.append(Series(legend(template, labels), points))
    return made

"""Decides what is asked of a Prometheus and what the page makes of its answers; a real one is asked on the twin."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from components.monitoring.dashboards import Dashboard, dashboards
from groundwork.__main__ import app
from groundwork.dashboards.asking import Answer, Prometheus, Window, legend
from groundwork.dashboards.drawing import SHOWN, chart
from groundwork.dashboards.html import page
from groundwork.dashboards.units import FORMATS, told
from groundwork.errors import GroundworkError
from tests.unit.groundwork.dashboards.server import Asked, prometheus, series, success
from tests.unit.groundwork.preview.page import Page

WINDOW = Window(1_800_000_000, 1_800_021_600)
EVIL = '<script>alert("x")</script>'


def dashboard(*panels: Mapping[str, Any]) -> Dashboard:
    usual: dict[str, Any] = {
        "title": "T",
        "kind": "timeseries",
        "width": 12,
        "queries": [{"expr": "up", "legend": "{{job}}"}],
    }
    filled = [usual | dict(panel) for panel in panels]
    return Dashboard.model_validate({"title": "D", "description": "For us: does it work?", "panels": filled})


def answers(address: str, one: Dashboard) -> list[Answer]:
    return list(Prometheus(address).answers(one, WINDOW))


def test_lines_are_asked_over_time_and_numbers_for_now() -> None:
    seen: list[tuple[str, Asked]] = []

    def answer(path: str, asked: Asked) -> Any:
        seen.append((path, asked))
        return series(path, asked)

    with prometheus(answer) as address:
        answers(address, dashboard({"kind": "timeseries"}, {"kind": "stat"}))
    (over_time, ranged), (now, instant) = seen
    assert over_time == "/api/v1/query_range"
    assert (float(ranged["start"]), float(ranged["end"])) == WINDOW
    assert now == "/api/v1/query"
    assert float(instant["time"]) == WINDOW.end


def test_a_series_is_called_by_its_labels() -> None:
    assert legend("{{team}} {{namespace}}/{{pod}}", {"namespace": "n", "pod": "p"}) == "n/p"


def test_what_is_no_number_is_no_point() -> None:
    def answer(path: str, asked: Asked) -> Any:
        return success(
            "matrix",
            [
                {"metric": {}, "values": [[WINDOW.start, "NaN"], [WINDOW.end, "1"]]},
                {"metric": {"a": "b"}, "values": [[WINDOW.start, "+Inf"]]},
            ],
        )

    with prometheus(answer) as address:
        (found,) = answers(address, dashboard({}))
    assert [one.points for one in found.series] == [((WINDOW.end, 1.0),)]


def test_a_query_that_is_refused_is_told_of_in_its_panel_and_the_rest_goes_on() -> None:
    def answer(path: str, asked: Asked) -> Any:
        if asked["query"] == "bad":
            return {"status": "error", "error": "parse error at 1"}
        return series(path, asked)

    one = dashboard({"title": "B", "queries": [{"expr": "bad", "legend": ""}]}, {"title": "G"})
    with prometheus(answer) as address:
        bad, good = answers(address, one)
    assert bad.problems == ("parse error at 1",)
    assert good.series
    text = page({"d": one}, {"d": [bad, good]}, "http://p", WINDOW)
    assert "Prometheus refused: parse error at 1" in text
    assert "1 of 2 panels have an answer" in text


@pytest.mark.parametrize(
    ("address", "says"),
    [("localhost:9090", "no address of a Prometheus"), ("http://127.0.0.1:1", "no Prometheus answers at")],
)
def test_where_there_is_no_prometheus_one_is_told_how_to_get_at_one(address: str, says: str) -> None:
    with pytest.raises(GroundworkError, match=says) as raised:
        answers(address, dashboard({}))
    assert "kubectl -n monitoring port-forward" in str(raised.value)


def test_another_server_is_not_taken_for_one() -> None:
    with prometheus(lambda *_: "<html>") as address, pytest.raises(GroundworkError, match="not as a Prometheus does"):
        answers(address, dashboard({}))


def test_a_password_in_the_address_is_not_shown() -> None:
    assert Prometheus("http://me:secret@127.0.0.1:9090/").address == "http://127.0.0.1:9090"


def test_the_page_runs_nothing_asks_for_nothing_and_escapes_what_labels_say() -> None:
    one = dashboard({"kind": "timeseries"}, {"kind": "table", "title": EVIL}, {"kind": "bars"}, {"kind": "stat"})
    with prometheus(lambda path, asked: series(path, asked, job=EVIL)) as address:
        text = page({"d": one}, {"d": answers(address, one)}, address, WINDOW)
    seen = Page(text)
    assert seen.unclosed == []
    assert seen.scripts == 0
    assert seen.handlers == []
    assert {link for link in seen.links if not link.startswith("#")} == {"data:,"}
    assert seen.policy.startswith("default-src 'none'")
    assert EVIL not in text
    assert len(seen.ids) == len(set(seen.ids))


def test_the_page_says_that_it_is_not_grafana() -> None:
    assert "Grafana is not run here" in page({}, {}, "http://p", WINDOW)


def test_a_line_is_broken_where_there_were_no_points() -> None:
    step = WINDOW.step
    times = [WINDOW.start, WINDOW.start + step, WINDOW.start + 20 * step]

    def answer(path: str, asked: Asked) -> Any:
        return success("matrix", [{"metric": {}, "values": [[time, "1"] for time in times]}])

    with prometheus(answer) as address:
        (found,) = answers(address, dashboard({}))
    assert chart(found, WINDOW).lines[0].path.count("M") == 2


def test_of_very_many_series_some_are_drawn_and_the_rest_is_counted() -> None:
    one = dashboard({})
    many = [{"metric": {"job": str(n)}, "values": [[WINDOW.start, "1"]]} for n in range(SHOWN + 5)]
    with prometheus(lambda *_: success("matrix", many)) as address:
        text = page({"d": one}, {"d": answers(address, one)}, address, WINDOW)
    assert "5 more series are left out" in text


def test_a_number_that_is_too_high_is_marked_by_words_too() -> None:
    one = dashboard({"kind": "stat", "warn_from": 1})
    with prometheus(lambda path, asked: series(path, asked)) as address:
        text = page({"d": one}, {"d": answers(address, one)}, address, WINDOW)
    assert "(too many)" in text


def test_every_unit_of_a_dashboard_can_be_told() -> None:
    assert {panel.unit for one in dashboards().values() for panel in one.panels} <= set(FORMATS)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "short", "0"),
        (1234, "short", "1.23 k"),
        (0.1234, "percentunit", "12.3 %"),
        (3 * 2**30, "bytes", "3 GiB"),
        (0.025, "s", "25 ms"),
        (90, "s", "1.5 min"),
        (7200, "s", "2 h"),
        (2.5, "h", "2.5 h"),
    ],
)
def test_values_are_told_as_people_read_them(value: float, unit: str, text: str) -> None:
    assert told(value, unit) == text


def test_the_command_writes_the_page_and_names_what_has_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "page.html"

    def answer(path: str, asked: Asked) -> Any:
        return success("vector", []) if "DCGM" in asked["query"] else series(path, asked, job="a", node="n")

    with prometheus(answer) as address:
        done = CliRunner().invoke(app, ["dashboards", "--prometheus", address, "--output", str(file)])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "Without one: Memory that is used; Temperature; Power." in said
    text = file.read_text()
    assert all(one.title in text for one in dashboards().values())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with prometheus(lambda path, asked: series(path, asked)) as address:
        done = CliRunner().invoke(
            app, ["dashboards", "--prometheus", address, "--output", str(tmp_path / "no" / "page.html")]
        )
    assert done.exit_code == 1
    assert isinstance(done.exception, GroundworkError)

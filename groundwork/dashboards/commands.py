"""`groundwork dashboards`: put the queries of all panels to a Prometheus and draw one page."""

import time
from pathlib import Path
from typing import Annotated

import typer

from components.monitoring.dashboards import dashboards as platform_dashboards
from groundwork.console import console
from groundwork.dashboards.asking import Answer, Prometheus, Window
from groundwork.dashboards.html import page
from groundwork.errors import GroundworkError

HOUR = 3600


def dashboards(
    prometheus: Annotated[
        str, typer.Option(metavar="URL", help="Which Prometheus is asked, by its address.")
    ] = "http://127.0.0.1:9090",
    output: Annotated[Path, typer.Option(metavar="FILE", help="Where the page is put.")] = Path("dashboards.html"),
    hours: Annotated[float, typer.Option(min=0.1, max=24 * 30, help="How far back lines go.")] = 6,
) -> None:
    """Draw the platform's dashboards as one page, as a Prometheus answers their queries. Grafana is not run.

    Panels without an answer are named: their exporter is not there, or nothing has happened yet.
    """
    server = Prometheus(prometheus)
    end = time.time()
    window = Window(end - hours * HOUR, end)
    found: dict[str, list[Answer]] = {}
    with console.status(f"Asking {server.address}") as status:
        for name, dashboard in platform_dashboards().items():
            status.update(f"Asking {server.address}: {dashboard.title}")
            found[name] = list(server.answers(dashboard, window))
    text = page(platform_dashboards(), found, server.address, window)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GroundworkError(f"{output} cannot be written: {error.strerror}; name another file by --output") from None
    answers = [answer for all_of_one in found.values() for answer in all_of_one]
    empty = [answer.panel.title for answer in answers if not answer.series]
    console.print(f"{output}: {len(answers) - len(empty)} of {len(answers)} panels have an answer.")
    if empty:
        console.print(f"Without one: {'; '.join(empty)}.")


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command()(dashboards)

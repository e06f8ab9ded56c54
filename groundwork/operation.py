"""One operation of the engine, for people: mended before, with progress while it runs, with reasons when it fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from groundwork import show
from groundwork.console import console
from groundwork.deployment import Deployment, EngineError, OnEvent
from groundwork.events import EventLog
from groundwork.progress import Progress
from groundwork.recovery import recover
from groundwork.target import find_resource


def mend(deployment: Deployment) -> bool:
    """Mend the state after an `up` that was killed, and say so. Returns whether there was anything to mend."""
    log = EventLog()
    with told(log):
        mended = recover(deployment, find_resource(deployment.variables), log.on_event)
    if mended:
        console.print(f"[yellow]{mended.describe()}[/]")
    return bool(mended)


def run(operation: Callable[[OnEvent], object], title: str) -> EventLog:
    """Run one operation of the engine with progress; on failure say why and end."""
    log = EventLog()
    with Progress(console, title, log) as progress, told(log):
        operation(progress.on_event)
    show.warnings(console, log.warnings)
    show.violations(console, log.violations)
    return log


@contextmanager
def told(log: EventLog) -> Iterator[None]:
    """Say what the log holds when the engine fails, and end with exit code 2 for a violation, else 1."""
    try:
        yield
    except EngineError as error:
        show.violations(console, log.violations)
        show.errors(console, log)
        if not (log.errors or log.violations or log.program_output):
            console.print(error.output, highlight=False, markup=False)
        console.print(f"[red bold]{error}[/]")
        raise typer.Exit(2 if log.blocking() else 1) from None

"""`groundwork deploy`: bring an environment on AWS to what the program says, without anybody to ask."""

from typing import Annotated

import typer

from groundwork import show
from groundwork.console import console
from groundwork.cost.gate import hold
from groundwork.events import EventLog
from groundwork.operation import run, told
from groundwork.progress import Progress
from groundwork.target import Target, on


def deploy(environment: Annotated[str, typer.Argument(metavar="ENV", help="dev or prod")]) -> None:
    """Plan, judge by the policies and the monthly ceiling, then make the changes, with this shell's credentials.

    What the engine protects is neither deleted nor replaced. Exit code 2: a policy objects; 4: it would cost more than
    its ceiling while nobody uses it; 1: it failed, and what was made is in the state.
    """
    deployment = on(Target.AWS, environment, console)
    planned = run(deployment.preview, f"Planning {environment}")
    hold(console, environment, planned)
    log = EventLog()
    with Progress(console, f"Deploying {environment}", log, sum(planned.counts.values())) as progress, told(log):
        deployment.up(progress.on_event)
    show.warnings(console, [text for text in log.warnings if text not in planned.warnings])
    console.print(f"{environment} is deployed: {show.counted(log)}.")


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command()(deploy)

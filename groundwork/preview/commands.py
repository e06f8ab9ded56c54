"""`groundwork preview`: what a change would do, to what runs on the twin, or as a report against a commit or AWS."""

from pathlib import Path
from typing import Annotated

import typer

from groundwork import show
from groundwork.console import console
from groundwork.cost.gate import hold
from groundwork.errors import GroundworkError
from groundwork.events import EventLog
from groundwork.operation import mend, run
from groundwork.preview import reporting
from groundwork.target import Target, on_twin

DEFAULT: str = "dev"


def preview(
    environments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ENV]...", help="dev, prod; with --base or --against: both, unless some are named."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="COMMIT", help="Report against this branch, tag or commit, brought up on its own twin."),
    ] = None,
    against: Annotated[
        Target,
        typer.Option(
            help="aws: report against the real stacks, with this shell's credentials; the preview role will do."
        ),
    ] = Target.TWIN,
    output: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where comment.md, report.html, report.json, policies.sarif are put.")
    ] = Path("preview"),
    confirm_destructive: Annotated[
        bool, typer.Option("--confirm-destructive", help="What is deleted or replaced with its data is meant to be.")
    ] = False,
) -> None:
    """Show what `up` would change on the twin; or, with --base or --against aws, write a report for a pull request.

    Exit code 2: a policy objects; 3, of a report: it deletes or replaces what holds data, and nobody confirmed that;
    4: it would cost more than its ceiling while nobody uses it; 1: it failed.
    """
    chosen = environments or []
    if base is not None and against is Target.AWS:
        raise GroundworkError("--base and --against aws: give one of them, not both")
    if base is not None:
        reporting.against_base(chosen, base, output, confirmed=confirm_destructive)
    elif against is Target.AWS:
        reporting.against_aws(chosen, output, confirmed=confirm_destructive)
    else:
        for environment in chosen or [DEFAULT]:
            _shown(environment)


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command()(preview)


def _shown(environment: str) -> None:
    """Show the plan against what runs on this clone's twin."""
    deployment = on_twin(environment, console)
    mend(deployment)
    log = run(deployment.preview, f"Planning {environment}")
    show.changes(console, log)
    console.print(f"{environment}: {_planned(log)}; policies: {len(log.blocking())} objections.")
    hold(console, environment, log)


def _planned(log: EventLog) -> str:
    words = {"create": "to create", "update": "to update", "replace": "to replace", "delete": "to delete"}
    parts = [f"{log.counts[op]} {word}" for op, word in words.items() if log.counts[op]]
    return f"{', '.join(parts) or 'no change'}; {log.counts['same']} unchanged"

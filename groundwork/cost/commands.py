"""`groundwork cost`: what an environment costs in a month, and what a change costs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from groundwork import reading
from groundwork.console import console
from groundwork.cost import document, prices, show
from groundwork.cost import use as use_of
from groundwork.cost.ceiling import ceiling
from groundwork.cost.compare import Comparison
from groundwork.cost.estimate import Estimate, estimate
from groundwork.cost.use import IDLE, Use
from groundwork.errors import GroundworkError
from groundwork.events import name_of
from groundwork.operation import mend, run
from groundwork.policy import sources
from groundwork.policy.sources import Saved
from groundwork.target import on_twin

RUNNING: Final = "running"

What = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="dev or prod: what `up` would build; or a file with what `pulumi stack export`, `pulumi preview --json "
        "--show-sames` or `pulumi preview --save-plan` wrote, `-` for standard input.",
    ),
]


def cost(
    what: What = "dev",
    against: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Compare with this: such a file, or `running`, what the environment has on the twin."
        ),
    ] = None,
    idle: Annotated[bool, typer.Option("--idle", help="Only what it costs while nobody uses it.")] = False,
    use: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How much it is used: docs/cost.md says what such a file holds.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `pulumi stack export` printed: a saved plan needs it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what an environment costs in a month, or what a change costs, and where the money goes."""
    if idle and use:
        raise GroundworkError("--idle and --use: give one of them, not both")
    console.stderr = as_json  # standard output is then a program's: progress and warnings go elsewhere
    resources, environment = _after(what, state)
    uses = (IDLE,) if idle else (IDLE, use_of.load(environment, use))
    after = _estimates(resources, uses)
    if against is None:
        _refuse_strange_names(use, resources)
        limit = ceiling(resources)
        if as_json:
            _print_json(
                {"subject": environment, "ceiling_usd": None if limit is None else float(limit)}
                | {name: document.of_estimate(one) for name, one in zip(("idle", "use"), after, strict=False)}
            )
        else:
            show.estimates(console, environment, after[0], after[1] if len(after) > 1 else None, limit)
        return
    earlier = _before(what, against, environment)
    _refuse_strange_names(use, (*resources, *earlier))
    before = _estimates(earlier, uses)
    found = [Comparison(*pair) for pair in zip(before, after, strict=True)]
    if as_json:
        _print_json(
            {"subject": environment}
            | {name: document.of_comparison(one) for name, one in zip(("idle", "use"), found, strict=False)}
        )
    else:
        show.comparison(console, environment, found[0], found[1] if len(found) > 1 else None)


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command()(cost)


def _after(what: str, state: Path | None) -> tuple[Sequence[Saved], str]:
    """Return the resources that are priced, and whose use they have."""
    if reading.is_environment(what):
        deployment = on_twin(what, console)
        mend(deployment)
        return sources.planned(run(deployment.preview, f"Planning {what}").after.values()), what
    source = reading.written(what, state)
    return source.resources, source.stack or use_of.DEFAULT


def _before(what: str, against: str, environment: str) -> Sequence[Saved]:
    if against == RUNNING and not Path(against).is_file():
        if not reading.is_environment(what):
            raise GroundworkError(f"--against {RUNNING}: name an environment, not a file")
        return reading.running(environment).resources
    if what == against == reading.STANDARD_INPUT:
        raise GroundworkError("standard input can be read once: give a file for one of the two")
    if reading.is_environment(against):
        raise GroundworkError(f"--against {against}: give a file, or {RUNNING} for what {against} has on the twin")
    return reading.written(against).resources


def _estimates(resources: Sequence[Saved], uses: Sequence[Use]) -> list[Estimate]:
    table = prices.load()
    return [estimate(resources, table, use) for use in uses]


def _refuse_strange_names(own: Path | None, resources: Sequence[Saved]) -> None:
    """Raise GroundworkError where a person's file names what is not there: its amount would count for nothing."""
    names = use_of.merged([own]).names() if own else frozenset()
    if missing := sorted(names - {name_of(one.urn) for one in resources if one.custom}):
        raise GroundworkError(f"{own}: there is no resource {', '.join(missing)}; names are logical names")


def _print_json(document_: dict[str, Any]) -> None:
    print(json.dumps(document_, indent=2, ensure_ascii=False))

"""What a plan costs, said in one line, and the end of a command whose plan is above the monthly ceiling."""

import typer
from rich.console import Console

from groundwork.cost import prices, show
from groundwork.cost.ceiling import ABOVE_CEILING, ceiling, is_above
from groundwork.cost.estimate import estimate
from groundwork.cost.use import IDLE
from groundwork.events import EventLog
from groundwork.policy import sources


def hold(console: Console, environment: str, planned: EventLog) -> None:
    """Say what a plan costs a month, beside what is there; end with code 4 when that is above the ceiling."""
    table, after = prices.load(), sources.planned(planned.after.values())
    idle = estimate(after, table, IDLE)
    before = estimate(sources.planned(planned.before.values()), table, IDLE)
    limit = ceiling(after)
    show.in_a_line(console, environment, idle, before if before.lines else None, limit)
    if limit is not None and is_above(idle, limit):
        show.above(console, environment, idle, limit)
        raise typer.Exit(ABOVE_CEILING)

"""What a plan costs, said in one line, and the end of a command whose plan is above the monthly ceiling.

A price that is not known ends no command (docs/decisions.md says why): it is said before anything else.
"""

import typer
from rich.console import Console

from groundwork.cost import prices, show
from groundwork.cost.ceiling import ABOVE_CEILING, ceiling, is_above, is_undecided
from groundwork.cost.compare import Comparison
from groundwork.cost.estimate import estimate
from groundwork.cost.use import IDLE
from groundwork.events import EventLog
from groundwork.policy import sources


def hold(console: Console, environment: str, planned: EventLog) -> None:
    """Say what a plan costs a month, beside what is there; end with code 4 when that is above the ceiling.

    What the change brings without a known price, so that nobody can say whether the ceiling holds, is said first.
    """
    table, after = prices.load(), sources.planned(planned.after.values())
    idle = estimate(after, table, IDLE)
    before = estimate(sources.planned(planned.before.values()), table, IDLE)
    limit = ceiling(after)
    new = Comparison(before, idle).newly_unknown()
    if limit is not None and is_undecided(idle, limit) and new:
        show.undecided(console, environment, idle, limit, new)
    show.in_a_line(console, environment, idle, before if before.lines else None, limit)
    if limit is not None and is_above(idle, limit):
        show.above(console, environment, idle, limit)
        raise typer.Exit(ABOVE_CEILING)

"""The monthly ceiling of an environment: the limit of its own budget, which AWS watches, held against the idle cost.

What an environment costs idle it costs for certain: above the ceiling, every month ends in an alarm.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from groundwork.cost.charges import number
from groundwork.cost.estimate import Estimate
from groundwork.policy.sources import Saved
from policies.values import Node, plain

ABOVE_CEILING: Final = 4
"""Exit code of a command that stops at the ceiling."""
_BUDGET: Final = "aws:budgets/budget:Budget"
_MONTHLY: Final = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitUnit": "USD"}


def ceiling(resources: Iterable[Saved]) -> Decimal | None:
    """Return the lowest monthly budget among resources, in dollars; None where there is none or it is not known."""
    limits = []
    for one in resources:
        if one.type == _BUDGET:
            inputs = Node(plain(dict(one.inputs)), "")
            if all(inputs[key].value == value for key, value in _MONTHLY.items()):
                limits.append(number(inputs["limitAmount"]))
    return min((limit for limit in limits if limit is not None), default=None)


def is_above(idle: Estimate, limit: Decimal | None) -> bool:
    """Whether the idle cost, of what is known of it, is above the ceiling."""
    return limit is not None and idle.usd > limit


def is_undecided(idle: Estimate, limit: Decimal | None) -> bool:
    """Whether nobody can say if the ceiling holds: what is known is below it, and something has no known price."""
    return limit is not None and not is_above(idle, limit) and bool(idle.unknown)

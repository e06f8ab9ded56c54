"""CST-01: somebody is told before an environment costs more than was planned."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import LocatedFindings, Rule, StackRule, Undecided, Violation
from policies.tokens import STACK, aws
from policies.values import Node

BUDGET = aws("budgets/budget:Budget")
KINDS = ("ACTUAL", "FORECASTED")


def _told(notification: Node) -> bool | None:
    """Whether somebody gets a notification; None while that is not known."""
    lists = [notification[f"subscriber{name}"] for name in ("EmailAddresses", "SnsTopicArns")]
    if any(isinstance(entry.value, str) and entry.value for node in lists for entry in node.each()):
        return True
    # An entry that is not known yet, of a list that is, is somebody.
    if any(entry.unknown and not entry.inherited for node in lists for entry in node.each()):
        return True
    return None if any(node.unknown for node in lists) else False


def _notifies(budget: Resource, kind: str) -> Iterator[tuple[bool | None, Node]]:
    for node in budget["notifications"].each():
        told, type_ = _told(node), node["notificationType"]
        if type_.value == kind:
            yield told, node
        elif type_.unknown and told is not False:
            yield None, type_


def _somebody_is_told(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    budgets = [budget for budget in stack.of(BUDGET) if budget["budgetType"].value == "COST"]
    perhaps = [budget for budget in stack.of(BUDGET) if budget["budgetType"].unknown]
    for root in stack.of({STACK}):
        if not budgets and not perhaps:
            missing = "a budgets.Budget of type COST with notifications"
            yield root, Violation("", "nobody is told what the environment costs", missing, companion=True)
            continue
        for kind in KINDS:
            answers = [(budget, *answer) for budget in budgets for answer in _notifies(budget, kind)]
            if any(told for _, told, _ in answers):
                continue
            unknown = [(budget, node) for budget, told, node in answers if told is None]
            unknown += [(budget, budget["budgetType"]) for budget in perhaps]
            if unknown:
                budget, node = unknown[0]
                yield budget, Undecided(node.path)
            else:
                what = f"nobody is told of {'a cost that is' if kind == 'ACTUAL' else 'a forecast that is'} over budget"
                yield budgets[0], Violation("notifications", what, f"a subscriber of a notification {kind}")


RULES: tuple[Rule, ...] = (
    StackRule(
        id="CST-01",
        requirement="Every environment has a budget that tells somebody of its cost and of the forecast.",
        why="A mistake in spending is otherwise found on the invoice.",
        fix='budgets.Budget(budget_type="COST", notifications=[{"notification_type": "ACTUAL", ...}, '
        '{"notification_type": "FORECASTED", "subscriber_email_addresses": [...], ...}])',
        types=frozenset({STACK}) | BUDGET,
        joins=frozenset(),
        severity=Severity.MEDIUM,
        controls=(),
        check=_somebody_is_told,
    ),
)

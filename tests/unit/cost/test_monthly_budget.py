"""Decides whom AWS is asked to tell and when, not whether it does."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.cost.monthly_budget import MonthlyBudget, MonthlyBudgetArgs, MonthlyBudgetSettings
from tests.support.recorder import Recorder, run_program

GOOD = {"monthly_usd": 500, "emails": ("ml@example.org", "finance@example.org")}


def build(**settings: Any) -> MonthlyBudget:
    args = MonthlyBudgetArgs(settings=MonthlyBudgetSettings.model_validate(GOOD | settings), environment="dev")
    return run_program(lambda: MonthlyBudget("budget", args))


def test_everybody_is_told_at_each_step_and_of_the_forecast(recorder: Recorder) -> None:
    build()
    budget = recorder.one("budget-monthly").inputs
    assert (budget["budgetType"], budget["timeUnit"], budget["limitAmount"]) == ("COST", "MONTHLY", "500")
    assert [(told["notificationType"], told["threshold"]) for told in budget["notifications"]] == [
        ("ACTUAL", 50),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    assert all(told["subscriberEmailAddresses"] == list(GOOD["emails"]) for told in budget["notifications"])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"monthly_usd": 0}, "monthly_usd"), ({"emails": ()}, "emails"), ({"emails": ("ml",)}, "emails")],
)
def test_a_budget_of_nothing_or_for_nobody_is_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        build(**settings)


def test_the_topic_of_alarms_is_told_too(recorder: Recorder) -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:groundwork-dev-alarms"
    args = MonthlyBudgetArgs(settings=MonthlyBudgetSettings.model_validate(GOOD), environment="dev", topic_arn=topic)
    run_program(lambda: MonthlyBudget("budget", args))
    told = recorder.one("budget-monthly").inputs["notifications"]
    assert {tuple(one["subscriberSnsTopicArns"]) for one in told} == {(topic,)}

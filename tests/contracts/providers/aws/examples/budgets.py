"""Budgets."""

from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import Example, World


def _told(kind: str, threshold: float, **people: list[str]) -> dict[str, Any]:
    return {
        "notificationType": kind,
        "comparisonOperator": "GREATER_THAN",
        "threshold": threshold,
        "thresholdType": "PERCENTAGE",
        **people,
    }


_MAIL = {"subscriberEmailAddresses": ["ml@example.org", "finance@example.org"]}
_TOPIC = {"subscriberSnsTopicArns": ["arn:aws:sns:eu-west-1:000000000000:costs"]}


def _inputs(world: World) -> dict[str, Any]:
    return {
        "name": world.name("groundwork-test"),
        "budgetType": "COST",
        "limitAmount": "250",
        "limitUnit": "USD",
        "timeUnit": "MONTHLY",
        "notifications": [_told("ACTUAL", 50, **_MAIL), _told("FORECASTED", 100, **_MAIL)],
        "tags": {"data-classification": "internal"},
    }


def _holds(world: World, budget_id: str, inputs: Mapping[str, Any]) -> None:
    budgets = world.client("budgets")
    account, _, name = budget_id.partition(":")
    of = {"AccountId": account, "BudgetName": name}
    budget = budgets.describe_budget(**of)["Budget"]
    assert budget["BudgetLimit"] == {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]}
    assert (budget["BudgetType"], budget["TimeUnit"]) == (inputs["budgetType"], inputs["timeUnit"])
    told = {}
    for found in budgets.describe_notifications_for_budget(**of).get("Notifications", ()):
        key = {k: found[k] for k in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")}
        people = budgets.describe_subscribers_for_notification(**of, Notification=key)["Subscribers"]
        told[found["NotificationType"], found["Threshold"]] = sorted(one["Address"] for one in people)
    assert told == {
        (one["notificationType"], one["threshold"]): sorted(
            (one.get("subscriberEmailAddresses") or []) + (one.get("subscriberSnsTopicArns") or [])
        )
        for one in inputs.get("notifications") or ()
    }
    tags = budgets.list_tags_for_resource(ResourceARN=f"arn:aws:budgets::{account}:budget/{name}")["ResourceTags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


EXAMPLES = (
    Example(
        "aws:budgets/budget:Budget",
        inputs=_inputs,
        holds=_holds,
        updates=(
            {"limitAmount": "300"},
            {"notifications": [_told("ACTUAL", 80, **_MAIL, **_TOPIC)]},
            {"tags": {"a": "b"}, "notifications": None},
        ),
    ),
)

"""Budgets: what an account may cost, and who is told.

A budget is the account's, of no region. AWS' own list of what a budget counts is not modelled: the twin costs nothing.

Source: AWS Budgets API reference; the official provider's id is `<account>:<name>`.
"""

from datetime import UTC, datetime
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import NUMBER, STRING, Block, ListOf
from twin.providers.aws.schema import TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

_GONE = ("NotFoundException",)
_TIME = "%Y-%m-%d_%H:%M"
_SUBSCRIBERS = {"EMAIL": "subscriberEmailAddresses", "SNS": "subscriberSnsTopicArns"}
_WHAT = ("budgetType", "limitAmount", "limitUnit", "timePeriodEnd", "timePeriodStart", "timeUnit")
_ADDRESSES = ListOf(STRING, ordered=False)


def _name(ctx: Context) -> str:
    return ctx.id.partition(":")[2]


def _arn(ctx: Context) -> str:
    return f"arn:{ctx.account.partition}:budgets::{ctx.account.id}:budget/{_name(ctx)}"


def _budget(ctx: Context) -> dict[str, Any]:
    wanted = ctx.inputs
    start, end = (wanted.get(f"timePeriod{edge}") for edge in ("Start", "End"))
    period = {edge: _time(text) for edge, text in (("Start", start), ("End", end)) if text}
    return {
        "BudgetName": wanted["name"],
        "BudgetType": wanted["budgetType"],
        "TimeUnit": wanted["timeUnit"],
        "BudgetLimit": {"Amount": wanted["limitAmount"], "Unit": wanted["limitUnit"]},
        **({"TimePeriod": period} if period else {}),
    }


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _notification(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "NotificationType": wanted["notificationType"],
        "ComparisonOperator": wanted["comparisonOperator"],
        "Threshold": wanted["threshold"],
        "ThresholdType": wanted["thresholdType"],
    }


def _subscribers(wanted: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"SubscriptionType": kind, "Address": address}
        for kind, name in _SUBSCRIBERS.items()
        for address in wanted.get(name) or ()
    ]


def _create(ctx: Context) -> str:
    tags = ctx.inputs.get("tagsAll") or {}
    ctx.call(
        "create_budget",
        AccountId=ctx.account.id,
        Budget=_budget(ctx),
        NotificationsWithSubscribers=[
            {"Notification": _notification(wanted), "Subscribers": _subscribers(wanted)}
            for wanted in ctx.inputs.get("notifications") or ()
        ],
        ResourceTags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    return f"{ctx.account.id}:{ctx.inputs['name']}"


def _read(ctx: Context) -> dict[str, Any] | None:
    described = Call("describe_budget", {"AccountId": "{account}", "BudgetName": _name(ctx)}, "", "Budget", _GONE)
    found = ctx.run(described)
    if not found:
        return None
    period, limit = found["TimePeriod"], found.get("BudgetLimit") or {}
    return {
        "Name": found["BudgetName"],
        "BudgetType": found["BudgetType"],
        "TimeUnit": found["TimeUnit"],
        "LimitAmount": limit.get("Amount"),
        "LimitUnit": limit.get("Unit"),
        "TimePeriodStart": period["Start"].astimezone(UTC).strftime(_TIME),
        "TimePeriodEnd": period["End"].astimezone(UTC).strftime(_TIME),
    }


def _update(ctx: Context) -> None:
    ctx.call("update_budget", AccountId=ctx.account.id, NewBudget=_budget(ctx))


def _read_notifications(ctx: Context) -> dict[str, Any]:
    of = {"AccountId": ctx.account.id, "BudgetName": _name(ctx)}
    found = []
    for told in ctx.call("describe_notifications_for_budget", **of).get("Notifications", ()):
        key = {name: told[name] for name in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")}
        people = ctx.call("describe_subscribers_for_notification", **of, Notification=key).get("Subscribers", ())
        addresses = {
            name: [one["Address"] for one in people if one["SubscriptionType"] == kind]
            for kind, name in _SUBSCRIBERS.items()
        }
        found.append(key | {name: listed for name, listed in addresses.items() if listed})
    return {"Notifications": found}


def _write_notifications(ctx: Context) -> None:
    """As the official provider does: all are taken away and made anew."""
    of = {"AccountId": ctx.account.id, "BudgetName": _name(ctx)}
    for told in ctx.old.get("notifications") or ():
        ctx.call("delete_notification", **of, Notification=_notification(told))
    for wanted in ctx.inputs.get("notifications") or ():
        ctx.call("create_notification", **of, Notification=_notification(wanted), Subscribers=_subscribers(wanted))


def _find(ctx: Context) -> str | None:
    named = Call("describe_budget", {"AccountId": "{account}", "BudgetName": "{name}"}, "", "Budget", _GONE)
    return f"{ctx.account.id}:{ctx.inputs['name']}" if ctx.run(named) else None


_OWNER = {"ResourceARN": _arn}
_UNCOUNTED = "the twin costs nothing: what a budget counts is not modelled"
_REFUSED = dict.fromkeys(
    ("autoAdjustData", "billingViewArn", "costFilters", "costTypes", "filterExpression", "metrics", "plannedLimits"),
    _UNCOUNTED,
) | {"namePrefix": "give the name itself, or none and get one made from the logical name"}

BUDGET = ResourceType(
    "aws:budgets/budget:Budget",
    "budgets",
    id="=name",  # account and name, told by `create`
    properties={
        "accountId": Property(computed=True, replaces=True, sent=False, derived="{account}"),
        "arn": Property(output=True, derived=_arn),
        "budgetType": Property(required=True),
        "limitAmount": Property(computed=True),
        "limitUnit": Property(computed=True),
        "name": Property(replaces=True, autoname=Autoname(limit=100)),
        "notifications": Property(
            kind=ListOf(
                Block(
                    {
                        "comparisonOperator": Property(required=True),
                        "notificationType": Property(required=True),
                        "subscriberEmailAddresses": Property(kind=_ADDRESSES),
                        "subscriberSnsTopicArns": Property(kind=_ADDRESSES),
                        "threshold": Property(kind=NUMBER, required=True),
                        "thresholdType": Property(required=True),
                    }
                ),
                ordered=False,
            )
        ),
        "timePeriodEnd": Property(default="2087-06-15_00:00"),
        "timePeriodStart": Property(computed=True),
        "timeUnit": Property(required=True),
        "tags": TAGS["tags"],
        "tagsAll": Property(kind=TAGS["tagsAll"].kind, computed=True, api="ResourceTags"),
    },
    create=_create,
    read=_read,
    facets=(
        Facet(properties=_WHAT, put=_update, created=True),
        Facet(properties=("notifications",), get=_read_notifications, put=_write_notifications, created=True),
        tag_facet(
            Call("list_tags_for_resource", _OWNER),
            "tag_resource",
            "untag_resource",
            _OWNER,
            tags="ResourceTags",
            keys="ResourceTagKeys",
        ),
    ),
    delete=lambda ctx: ctx.run(
        Call("delete_budget", {"AccountId": "{account}", "BudgetName": _name(ctx)}, missing=_GONE)
    ),
    find=_find,
    refused=_REFUSED,
    absent=_REFUSED,
)

TYPES = (BUDGET,)

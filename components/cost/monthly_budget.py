"""The budget of an environment: AWS tells people when the month's cost comes near the ceiling, or is going to.

It watches and stops nothing. AWS counts the whole account, since the tags of an environment tell costs apart only once
somebody has made them cost allocation tags of the organisation: an account of its own is what makes the number true.

Units:  whole US dollars a calendar month; thresholds in per cent of them.
Source: AWS Cost Management user guide, "Best practices for AWS Budgets" (costs are updated up to three times a day).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Annotated, Final

import pulumi
from pulumi_aws import budgets
from pydantic import Field

from components.model import Model, Wire
from components.naming import physical_name

NAME_LIMIT: Final = 100
ALARMS: Final = (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""What is compared with the ceiling, and the per cent from which on people are told."""

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]


class MonthlyBudgetSettings(Model):
    """What the stack file says about costs."""

    monthly_usd: int = Field(ge=1, examples=[500])
    """What the environment may cost in a calendar month, in whole US dollars; `groundwork preview` and `up` refuse a
    plan that costs more while nobody uses it."""
    emails: Annotated[tuple[Email, ...], Field(min_length=1, max_length=10)] = Field(examples=[["ml@example.org"]])
    """Who is told at 50, 80 and 100 per cent, and when the forecast is above: one to ten addresses."""


class MonthlyBudgetArgs(Model):
    """What the budget is wired to."""

    settings: MonthlyBudgetSettings
    """What the stack file says."""
    environment: str
    """Part of the budget's name."""
    topic_arn: Wire | None = None
    """A topic that is told too, once its policy lets Budgets publish; none by default."""


class MonthlyBudget(pulumi.ComponentResource):
    """The one budget of an environment."""

    budget_name: pulumi.Output[str]

    def __init__(self, name: str, args: MonthlyBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cost:MonthlyBudget", name, None, opts)
        topics = [args.topic_arn] if args.topic_arn is not None else None
        budget = budgets.Budget(
            f"{name}-monthly",
            name=physical_name(args.environment, "monthly", limit=NAME_LIMIT),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.settings.monthly_usd),
            limit_unit="USD",
            notifications=[
                {
                    "notification_type": kind,
                    "comparison_operator": "GREATER_THAN",
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": list(args.settings.emails),
                    "subscriber_sns_topic_arns": topics,
                }
                for kind, percent in ALARMS
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.budget_name = budget.name
        self.register_outputs({"budget_name": self.budget_name})

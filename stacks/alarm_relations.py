"""What alarms and logs demand of other settings.

Source: Amazon RDS user guide, "Managing capacity automatically with Amazon RDS storage autoscaling".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stacks.problems import Problem

if TYPE_CHECKING:
    from stacks.settings import StackSettings

BURSTABLE = "db.t"
RDS_GROWS_AT_A = 10
"""The part of its storage that is free when RDS enlarges it: one of so many."""


def credits_are_of_burstable_classes(settings: StackSettings, _: str) -> Iterable[Problem]:
    """An alarm on a metric that the class does not have never fires, and nobody would notice."""
    wanted = settings.monitoring.alarms.database.cpu_credits
    instance_class = settings.database.instance_class
    if wanted is not None and not instance_class.startswith(BURSTABLE):
        yield Problem(
            path=("monitoring", "alarms", "database", "cpu_credits"),
            value=wanted,
            what=f"{instance_class} has no CPU credits, so nobody would ever be told: take cpu_percent",
        )


def storage_has_grown_before_somebody_is_told(settings: StackSettings, _: str) -> Iterable[Problem]:
    """RDS enlarges storage at a tenth that is free, up to the most it may, which here always is more than it has.

    Somebody has to know when it does not. The tenth is of what is allocated at first: it only becomes more.
    """
    wanted, allocated = settings.monitoring.alarms.database.free_storage_gib, settings.database.allocated_storage_gib
    if wanted is not None and wanted * RDS_GROWS_AT_A >= allocated:
        yield Problem(
            path=("monitoring", "alarms", "database", "free_storage_gib"),
            value=wanted,
            what=(
                f"RDS enlarges the database by itself at a tenth of its {allocated} GiB, and somebody would be told "
                f"each time: take {(allocated - 1) // RDS_GROWS_AT_A} or less"
            ),
        )


def production_tells_somebody(settings: StackSettings, stack: str) -> Iterable[Problem]:
    """In production somebody hears of alarms, and logs are not deleted by mistake."""
    if not settings.environment == stack == "prod":
        return
    if not settings.monitoring.alarms.emails:
        yield Problem(
            path=("monitoring", "alarms", "emails"),
            value=[],
            what="prod needs somebody who is told of security events: at least one address",
        )
    logs = settings.monitoring.logs
    if logs is not None and not logs.protect:
        yield Problem(
            path=("monitoring", "logs", "protect"),
            value=False,
            what="prod needs true: it holds what happened",
        )

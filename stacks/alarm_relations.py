"""What alarms and logs demand of other settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stacks.problems import Problem

if TYPE_CHECKING:
    from stacks.settings import StackSettings

BURSTABLE = "db.t"


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

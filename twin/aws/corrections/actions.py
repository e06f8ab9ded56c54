"""Which action of IAM an operation is, where the two do not bear the same name: Budgets, and SQS' batches.

ministack 1.5.33 takes every operation for an action of its own name; the rights on budgets are two, and those on their
tags, and a batch of messages needs the right that one message needs. A policy that is right for AWS allowed nothing.

Source: Service authorization reference, "AWS Budget Service"; Amazon SQS API reference, SendMessageBatch.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


def install() -> None:
    """Let the emulator's evaluation know."""
    known: Callable[..., str | None] = getattr(iam_actions.extract_iam_action, "known", iam_actions.extract_iam_action)

    def action(service: str, *request: Any) -> str | None:
        found = known(service, *request)
        if found and service == "budgets":
            return of_budgets(found)
        return found.removesuffix("Batch") if found and service == "sqs" else found

    action.known = known  # type: ignore[attr-defined]
    iam_actions.extract_iam_action = action


def of_budgets(action: str) -> str:
    """The action of IAM that an operation of Budgets asks for."""
    operation = action.partition(":")[2]
    if operation in _TAGS:
        return action
    return "budgets:ViewBudget" if operation.startswith("Describe") else "budgets:ModifyBudget"

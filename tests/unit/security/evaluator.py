"""A small reading of IAM's evaluation logic: enough to ask a policy what it says, not a stand-in for AWS.

It knows the operators that the platform's policies use and fails on any other. An action is matched without regard to
case, a resource and a value with regard to it. Keys of a request that a condition asks for and the request lacks make
the condition false, except for the negated operators, `...IfExists` and `Null`.
"""

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def decision(
    policy: str, action: str, resource: str, context: Mapping[str, str], *, principal: str | None = None
) -> str:
    """Return what a policy says of one request: `Deny`, `Allow`, or `none` where no statement matches."""
    effects = {
        statement["Effect"]
        for statement in json.loads(policy)["Statement"]
        if _matches(statement, action, resource, context, principal)
    }
    return "Deny" if "Deny" in effects else "Allow" if effects else "none"


def _matches(
    statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str], principal: str | None
) -> bool:
    if not any(_like(action.lower(), pattern.lower()) for pattern in statement["Action"]):
        return False
    if not any(_like(resource, pattern) for pattern in statement.get("Resource", ["*"])):
        return False
    if principal is not None and not _names(statement["Principal"], principal):
        return False
    return all(
        _holds(operator, key, [wanted] if isinstance(wanted, str) else wanted, context)
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def _names(element: str | Mapping[str, list[str]], principal: str) -> bool:
    """Tell whether a Principal element names a service, a role, or (by its root) the account of a role."""
    if element == "*":
        return True
    assert isinstance(element, Mapping)
    named = [each for names in element.values() for each in names]
    parts = principal.split(":")
    return principal in named or (len(parts) > 4 and f"arn:aws:iam::{parts[4]}:root" in named)


def _holds(operator: str, key: str, wanted: Iterable[str], context: Mapping[str, str]) -> bool:
    value = context.get(key)
    if operator == "Null":
        return (value is None) == (list(wanted) == ["true"])
    if operator == "BoolIfExists":
        return value is None or value in wanted
    if operator == "StringNotLike":
        return value is None or not any(_like(value, pattern) for pattern in wanted)
    if operator in ("StringNotEquals", "ArnNotEquals"):
        return value is None or value not in wanted
    if value is None:
        return False
    if operator in ("StringEquals", "Bool"):
        return value in wanted
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(_like(value, pattern) for pattern in wanted)
    raise NotImplementedError(f"the evaluator does not know {operator}")


def _like(value: str, pattern: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]"))

"""When two JSON policy documents mean the same.

AWS hands a policy back in its own layout: one-element lists as their element, an account's root as its ARN or its id,
actions in another case, lists in another order. None of that is a difference.
Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

import json
import re
from typing import Any

_ROOT = re.compile(r"^arn:[\w-]+:iam::(\d{12}):root$")
_ORDERLESS = {"Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}


def same_document(one: str, other: str) -> bool:
    """Compare by meaning; texts that are no JSON compare as they stand."""
    if one == other:
        return True
    try:
        return bool(_canonical(json.loads(one)) == _canonical(json.loads(other)))
    except ValueError:
        return False


def _canonical(document: Any) -> Any:
    if not isinstance(document, dict) or "Statement" not in document:
        return document
    statements = document["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    return {**document, "Statement": [_statement(statement) for statement in statements]}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    return {key: _element(key, value) if key in _ORDERLESS else value for key, value in statement.items()}


def _element(key: str, value: Any) -> Any:
    if key in ("Action", "NotAction"):
        return _unordered(value, str.casefold)
    if key in ("Principal", "NotPrincipal"):
        if not isinstance(value, dict):
            return {"AWS": ["*"]} if value == "*" else value
        return {kind: _unordered(names, _account) for kind, names in value.items()}
    if key == "Condition" and isinstance(value, dict):
        return {
            operator: {name.casefold(): _unordered(values, _text) for name, values in tests.items()}
            for operator, tests in value.items()
        }
    return _unordered(value, _text)


def _unordered(value: Any, canonical: Any) -> list[str]:
    return sorted(canonical(item) for item in (value if isinstance(value, list) else [value]))


def _account(principal: str) -> str:
    found = _ROOT.match(principal)
    return found.group(1) if found else principal


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)

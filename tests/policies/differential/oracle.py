"""A slow reading of policy documents, straight from the user guide, that shares no code with the pack.

It takes a document as plain JSON and one request of which everything is known, tries whatever a star may stand for, and
replaces policy variables character by character.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

Json = dict[str, Any]
Tokens = tuple[tuple[str, bool], ...]
"""Characters, each with whether it is a wildcard."""


@dataclass(frozen=True)
class Asked:
    """A request."""

    action: str
    resource: str
    kind: str
    """AWS, Service or Federated; empty for the holder of an identity policy."""
    names: tuple[str, ...]
    """A principal's ARNs, most specific first, and its account."""
    context: Mapping[str, tuple[str, ...]]
    """Values by key in lower case; a key that is not there is absent."""


def decide(document: Json, asked: Asked) -> str:
    """Return allowed, explicitDeny or implicitDeny."""
    statements = _list(document["Statement"])
    effects = {statement["Effect"] for statement in statements if _about(statement, asked)}
    return "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"


def may_grant(document: Json, asked: Asked) -> bool:
    """Whether some Allow is about the action and the principal: without one, no resource or context is granted."""
    return any(
        statement["Effect"] == "Allow" and _action(statement, asked) and _principal(statement, asked)
        for statement in _list(document["Statement"])
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _about(statement: Json, asked: Asked) -> bool:
    return (
        _action(statement, asked)
        and _in(statement, "Resource", lambda pattern: _resource(pattern, asked))
        and _principal(statement, asked)
        and all(
            _condition(operator, key, _list(values), asked.context)
            for operator, tests in statement.get("Condition", {}).items()
            for key, values in tests.items()
        )
    )


def _in(statement: Json, element: str, test: Any) -> bool:
    if element in statement:
        return any(test(pattern) for pattern in _list(statement[element]))
    if f"Not{element}" in statement:
        return not any(test(pattern) for pattern in _list(statement[f"Not{element}"]))
    return True


def _action(statement: Json, asked: Asked) -> bool:
    return _in(statement, "Action", lambda pattern: glob(_written(pattern.lower()), asked.action.lower()))


def _resource(pattern: str, asked: Asked) -> bool:
    wanted = tokens(pattern, asked.context)
    return wanted is not None and glob(wanted, asked.resource)


# Principals


def _principal(statement: Json, asked: Asked) -> bool:
    if not asked.kind:
        return True
    if "Principal" in statement:
        return any(_is_one_of(statement["Principal"], asked.kind, name) for name in asked.names)
    if "NotPrincipal" in statement:
        return not all(_is_one_of(statement["NotPrincipal"], asked.kind, name) for name in asked.names)
    return True


def _is_one_of(principal: Any, kind: str, name: str) -> bool:
    if principal == "*" or principal == ["*"]:
        return True
    if "*" in _list(principal.get("AWS", [])):
        return True
    for entry in _list(principal.get(kind, [])):
        if kind == "Service" and entry.lower() == name.lower():
            return True
        if entry == name or (name.isdigit() and entry in (f"arn:aws:iam::{name}:root", name)):
            return True
    return False


# Texts


@cache
def _written(text: str) -> Tokens:
    return tuple((char, char in "*?") for char in text)


def tokens(text: str, context: Mapping[str, tuple[str, ...]]) -> Tokens | None:
    """Return a pattern as characters and wildcards, variables replaced; None where one cannot be."""
    if "${" not in text:
        return _written(text)
    found: list[tuple[str, bool]] = []
    while text:
        if text.startswith("${"):
            name, _, text = text[2:].partition("}")
            value = _variable(name, context)
            if value is None:
                return None
            found += [(char, False) for char in value]
        else:
            found.append((text[0], text[0] in "*?"))
            text = text[1:]
    return tuple(found)


def _variable(name: str, context: Mapping[str, tuple[str, ...]]) -> str | None:
    if name in ("*", "?", "$"):
        return name
    key, comma, default = name.partition(",")
    values = context.get(key.strip().lower(), ())
    if len(values) == 1:
        return values[0]
    return default.strip().strip("'") if comma and not values else None


@cache
def glob(pattern: Tokens | None, text: str) -> bool:
    """Whether a text matches: tries everything that a star may stand for."""
    if pattern is None:
        return False
    if not pattern:
        return not text
    (char, wild), rest = pattern[0], pattern[1:]
    if wild and char == "*":
        return any(glob(rest, text[taken:]) for taken in range(len(text) + 1))
    return bool(text) and (wild or char == text[0]) and glob(rest, text[1:])


# Conditions


def _condition(operator: str, key: str, listed: Sequence[Any], context: Mapping[str, tuple[str, ...]]) -> bool:
    name = operator.lower()
    values = context.get(key.lower(), ())
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]
    if name == "null":
        return any((text.lower() == "true") is (not values) for text in texts)
    if_exists = name.endswith("ifexists")
    every, some = name.startswith("forallvalues:"), name.startswith("foranyvalue:")
    name = name.split(":")[-1][: -len("ifexists") if if_exists else None]
    negated = "not" in name
    test = name.replace("not", "")
    if not values:
        return if_exists or every or (negated and not some)
    hits = [any(_test(test, text, value, context) for text in texts) for value in values]
    if some:
        return not all(hits) if negated else any(hits)
    if every or negated:
        return not any(hits) if negated else all(hits)
    return any(hits)


def _test(test: str, listed: str, value: str, context: Mapping[str, tuple[str, ...]]) -> bool:
    pattern = tokens(listed, context)
    if pattern is None:
        return False
    literal = "".join(char for char, _ in pattern)
    if test in ("stringequals", "binaryequals"):
        return literal == value
    if test in ("stringequalsignorecase", "bool"):
        return literal.lower() == value.lower()
    if test == "stringlike":
        return glob(pattern, value)
    if test in ("arnequals", "arnlike"):
        return _arn(pattern, value)
    try:
        if test == "ipaddress":
            return ip_address(value) in ip_network(literal, strict=False)
        of = _moment if test.startswith("date") else float
        left, right = of(value), of(literal)
    except ValueError:
        return False
    return {
        "equals": left == right,
        "lessthan": left < right,
        "lessthanequals": left <= right,
        "greaterthan": left > right,
        "greaterthanequals": left >= right,
    }[test.removeprefix("numeric").removeprefix("date")]


def _moment(text: str) -> float:
    if text.replace(".", "").isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _arn(pattern: Tokens, value: str) -> bool:
    wanted: list[list[tuple[str, bool]]] = [[]]
    for token in pattern:
        if token == (":", False) and len(wanted) < 6:
            wanted.append([])
        else:
            wanted[-1].append(token)
    while len(wanted) < 6 and wanted[-1] and wanted[-1][-1] == ("*", True):
        wanted.append([("*", True)])
    parts = value.split(":", 5)
    return len(parts) == len(wanted) == 6 and all(
        glob(tuple(one), part) for one, part in zip(wanted, parts, strict=True)
    )

"""Whether a condition holds, for a context of which some may be open.

A key that the context does not mention is absent in a closed request; in an open one it may be anything. A value may be
`Some(pattern)`: a text that whoever asks chooses, as long as it matches. What stays open is answered with None.

Source: IAM user guide, "IAM JSON policy elements: Condition operators", "Set operators for multi-valued context keys",
"IAM policy elements: Variables and tags".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Final, TypeAlias

from policies.documents import Condition, covers
from policies.iam.texts import Truth, all_of, any_of, opposite, overlaps


@dataclass(frozen=True)
class Some:
    """A text that is not fixed, but matches a pattern."""

    pattern: str


Value: TypeAlias = str | Some
Values: TypeAlias = tuple[Value, ...]
"""Of one key; empty where the request lacks the key."""


@dataclass(frozen=True)
class Context:
    """What a request says of itself."""

    keys: Mapping[str, Values]
    """By the key in lower case."""
    is_open: bool = False
    """A key that is not in `keys` may have any value, or be absent."""

    def values(self, key: str) -> Values | None:
        """Return the values of a key; None where they are open."""
        if key in self.keys:
            return self.keys[key]
        return None if self.is_open else ()


_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_LITERALS: Final = {"*": "\1", "?": "\2", "$": "$"}
"""What stands for a wildcard that is meant as a character."""


def expanded(text: str, context: Context) -> str | None:
    """Return a text with its policy variables replaced; None where one is open or has no single value."""
    found: list[str | None] = []

    def replace(match: re.Match[str]) -> str:
        name, comma, default = match[1].partition(",")
        if name in _LITERALS:
            return _LITERALS[name]
        values = context.values(name.strip().lower())
        if values == () and comma:
            return default.strip().strip("'")
        if values and len(values) == 1 and isinstance(values[0], str):
            return _literal(values[0])
        found.append(None)
        return ""

    result = _VARIABLE.sub(replace, text) if "${" in text else text
    return None if found else result


def _literal(text: str) -> str:
    return text.replace("*", _LITERALS["*"]).replace("?", _LITERALS["?"])


def _plain(text: str) -> str:
    return text.replace(_LITERALS["*"], "*").replace(_LITERALS["?"], "?")


# One value of the request against one of the condition


def _equals(listed: str, value: Value) -> Truth:
    if isinstance(value, Some):
        # Nothing equals a wildcard, but whoever wrote one meant anything.
        return None if not listed.strip("*?") or overlaps(_literal(_plain(listed)), value.pattern) else False
    return _plain(listed) == value


def _equals_ignoring_case(listed: str, value: Value) -> Truth:
    return _equals(listed.lower(), Some(value.pattern.lower()) if isinstance(value, Some) else value.lower())


def _like(listed: str, value: Value) -> Truth:
    if isinstance(value, Some):
        if value.pattern.startswith("arn:"):
            return _arn(listed, value)  # the parts of an ARN that is not fixed are: a wildcard spans one of them only
        return True if covers(listed, value.pattern) else None if overlaps(listed, value.pattern) else False
    return covers(listed, _literal(value))


def _arn(listed: str, value: Value) -> Truth:
    """Each of the six parts is compared by itself, with wildcards."""
    pattern = value.pattern if isinstance(value, Some) else _literal(value)
    wanted, parts = _parts(listed), _parts(pattern)
    if parts is None or wanted is None:
        return False
    pairs = list(zip(wanted, parts, strict=True))
    if isinstance(value, Some) and not all(covers(one, part) for one, part in pairs):
        return None if all(overlaps(one, part) for one, part in pairs) else False
    return all(covers(one, part) for one, part in pairs)


def _parts(arn: str) -> list[str] | None:
    """Return the six parts of an ARN or a pattern of one; a star at the end stands for the parts that are not there."""
    parts = arn.split(":", 5)
    if len(parts) < 6 and parts[-1].endswith("*"):
        parts += ["*"] * (6 - len(parts))
    return parts if len(parts) == 6 else None


def _on_fixed(test: Callable[[str, str], bool]) -> Callable[[str, Value], Truth]:
    """Return a test that is open for a value that is not fixed, and false for what cannot be read."""

    def tested(listed: str, value: Value) -> Truth:
        if isinstance(value, Some):
            return None
        try:
            return test(_plain(listed), value)
        except (ValueError, OverflowError):
            return False

    return tested


def _date(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(read: Callable[[str], float]) -> dict[str, Callable[[str, Value], Truth]]:
    return {
        "equals": _on_fixed(lambda listed, value: read(value) == read(listed)),
        "lessthan": _on_fixed(lambda listed, value: read(value) < read(listed)),
        "lessthanequals": _on_fixed(lambda listed, value: read(value) <= read(listed)),
        "greaterthan": _on_fixed(lambda listed, value: read(value) > read(listed)),
        "greaterthanequals": _on_fixed(lambda listed, value: read(value) >= read(listed)),
    }


_POSITIVE: Final[dict[str, Callable[[str, Value], Truth]]] = {
    "stringequals": _equals,
    "stringequalsignorecase": _equals_ignoring_case,
    "stringlike": _like,
    "arnequals": _arn,
    "arnlike": _arn,
    "bool": _equals_ignoring_case,
    "binaryequals": _equals,
    "ipaddress": _on_fixed(lambda listed, value: ip_address(value) in ip_network(listed, strict=False)),
    **{f"numeric{name}": test for name, test in _ordered(float).items()},
    **{f"date{name}": test for name, test in _ordered(_date).items()},
}
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}


def holds(condition: Condition, context: Context) -> Truth:
    """Whether a condition holds. An operator that IAM does not have may hold."""
    values = context.values(condition.key)
    if condition.operator == "null":
        return _null(condition, values)
    negated = condition.operator in _NEGATED
    test = _POSITIVE.get(_NEGATED.get(condition.operator, condition.operator))
    if test is None or values is None:
        return None
    if not values:
        return condition.optional or (negated and condition.quantifier != "foranyvalue")
    listed = [expanded(text, context) for text in condition.values]

    unresolved = None if context.is_open else False  # a variable that the request lacks equals nothing

    def among(value: Value) -> Truth:
        return any_of(unresolved if text is None else test(text, value) for text in listed)

    def passes(value: Value) -> Truth:
        return opposite(among(value)) if negated else among(value)

    # Without a quantifier a key has one value; where it has several, one that is listed is enough to match.
    together: Callable[[Iterable[Truth]], Truth] = any_of
    if condition.quantifier == "forallvalues" or (negated and not condition.quantifier):
        together = all_of
    return together(passes(value) for value in values)


def _null(condition: Condition, values: Values | None) -> Truth:
    if values is None:
        return None
    return any((wanted.lower() == "true") == (not values) for wanted in condition.values)

"""One parser of IAM policy documents for all rules.

It takes a JSON string or an object, one statement or a list, one value or a list, and keeps the path of each part.
Action names, condition operators and condition keys ignore case; `*` and `?` are wildcards in actions and resources.
What is not a document is a violation that says so; what is not known yet is undecided.

Source: IAM user guide, "Grammar of the IAM JSON policy language".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from policies.rule import Undecided, Violation
from policies.values import Node, plain

_A_DOCUMENT = "an IAM policy document as JSON: an object with Statement"
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
_EVERY = "\0"  # what stands for "any text" in a candidate: only * covers it


@dataclass(frozen=True)
class Condition:
    """One key of one operator."""

    operator: str
    """Lower case, without a ForAnyValue or ForAllValues prefix and without the IfExists suffix."""
    key: str
    """Lower case, such as aws:sourceaccount."""
    values: tuple[str, ...]
    if_exists: bool
    quantifier: str
    """foranyvalue, forallvalues, or empty."""

    @property
    def optional(self) -> bool:
        """It holds also when the request lacks the key."""
        return self.if_exists or self.quantifier == "forallvalues"

    def pins(self) -> bool:
        """Whether it demands a value: an operator that must match, and no value that is only a wildcard."""
        positive = self.operator in ("stringequals", "stringlike", "stringequalsignorecase", "arnequals", "arnlike")
        open_ended = any(is_everything(value) or not value.strip("*?") for value in self.values)
        return positive and not self.optional and bool(self.values) and not open_ended


@dataclass(frozen=True)
class Statement:
    """One statement, with the path of each part as a node."""

    path: str
    allows: bool
    actions: tuple[Node, ...]
    not_actions: tuple[Node, ...]
    resources: tuple[Node, ...]
    not_resources: tuple[Node, ...]
    principals: tuple[tuple[str, Node], ...]
    """Kind in lower case (aws, service, federated, canonicaluser, or * ) and value."""
    not_principals: tuple[tuple[str, Node], ...]
    conditions: tuple[Condition, ...]

    def grants(self, action: str) -> bool:
        """Whether `action` is among its actions; wildcards in them count."""
        if self.not_actions:
            return not any(matches(node.value, action) for node in self.not_actions)
        return any(matches(node.value, action) for node in self.actions)


Parsed: TypeAlias = tuple[tuple[Statement, ...], tuple[Violation | Undecided, ...]]


def parse(node: Node) -> Parsed:
    """Return the statements of the document that `node` holds, and what stands in the way of reading all of it."""
    if isinstance(node.value, str):
        return _parse_text(node.value, node.path)
    return _parse(node.value, node.path)


@lru_cache(maxsize=256)
def _parse_text(text: str, path: str) -> Parsed:
    """Read a text once for all rules that look at it."""
    try:
        return _parse(plain(json.loads(text, object_pairs_hook=_object)), path)
    except (ValueError, RecursionError):
        return (), (Violation(path, "the policy is not valid JSON", _A_DOCUMENT),)


def _parse(value: Any, path: str) -> Parsed:
    document = Node(value, path)
    if document.unknown:
        return (), (Undecided(path),)
    if not isinstance(value, dict) or not (
        document["Statement"].unknown or isinstance(value.get("Statement"), dict | list)
    ):
        return (), (Violation(path, "the policy is not an IAM policy document", _A_DOCUMENT),)
    statements: list[Statement] = []
    problems: list[Violation | Undecided] = []
    for entry in document["Statement"].each():
        try:
            statements.append(_statement(entry))
        except _NotKnownError as unknown:
            problems.append(Undecided(unknown.path))
        except _NotAStatementError as wrong:
            problems.append(Violation(wrong.path, "the policy cannot be read", _A_DOCUMENT))
    return tuple(statements), tuple(problems)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. A key given twice is refused: readers differ on which of the two counts."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


class _NotKnownError(Exception):
    def __init__(self, path: str) -> None:
        self.path = path


class _NotAStatementError(Exception):
    def __init__(self, path: str) -> None:
        self.path = path


def _statement(node: Node) -> Statement:
    if node.unknown:
        raise _NotKnownError(node.path)
    if not isinstance(node.value, dict) or node.value.get("Effect") not in ("Allow", "Deny"):
        raise (_NotKnownError if node["Effect"].unknown else _NotAStatementError)(node.path)
    _one_of_each(node)
    return Statement(
        path=node.path,
        allows=node.value["Effect"] == "Allow",
        actions=_texts(node["Action"]),
        not_actions=_texts(node["NotAction"]),
        resources=_texts(node["Resource"]),
        not_resources=_texts(node["NotResource"]),
        principals=tuple(_principals(node["Principal"])),
        not_principals=tuple(_principals(node["NotPrincipal"])),
        conditions=tuple(_conditions(node["Condition"])),
    )


def _one_of_each(node: Node) -> None:
    """Refuse what the grammar does: no action, an element with its negation, an empty list."""
    for element, required in (("Action", True), ("Resource", False), ("Principal", False)):
        given = [name for name in (element, f"Not{element}") if node[name].value is not None]
        empty = any(node[name].value in ("", [], {}) for name in given)
        if len(given) > 1 or (required and not given) or empty:
            raise _NotAStatementError(node.path)


def _texts(node: Node) -> tuple[Node, ...]:
    for entry in node.each():
        if entry.unknown:
            raise _NotKnownError(entry.path)
        if not isinstance(entry.value, str):
            raise _NotAStatementError(entry.path)
    return node.each()


def _principals(node: Node) -> Iterator[tuple[str, Node]]:
    if node.unknown:
        raise _NotKnownError(node.path)
    if isinstance(node.value, dict):
        for kind in node.value:
            if not node[kind].each():
                raise _NotAStatementError(node.path)
            yield from ((kind.lower(), entry) for entry in _texts(node[kind]))
        return
    for entry in _texts(node):
        if entry.value != "*":  # only everyone is named without a kind
            raise _NotAStatementError(entry.path)
        yield "*", entry


def _conditions(node: Node) -> Iterator[Condition]:
    if node.unknown:
        raise _NotKnownError(node.path)
    if node.value is None:
        return
    if not isinstance(node.value, dict):
        raise _NotAStatementError(node.path)
    for operator in node.value:
        if not isinstance(node[operator].value, dict):
            raise (_NotKnownError if node[operator].unknown else _NotAStatementError)(node.path)
        name = operator.lower()
        quantifier, _, bare = name.rpartition(":")
        bare = bare.removesuffix("ifexists")
        for key in node.value[operator]:
            entries = node[operator][key].each()
            if any(entry.unknown for entry in entries):
                raise _NotKnownError(node.path)
            if any(not isinstance(entry.value, str | int | float) for entry in entries):
                raise _NotAStatementError(node.path)
            values = tuple(str(e.value).lower() if isinstance(e.value, bool) else str(e.value) for e in entries)
            yield Condition(bare, key.lower(), values, name.endswith("ifexists"), quantifier)


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression that never backtracks: each part matches at the first place it can."""
    first, *others = (_literal(part) for part in re.sub(r"\*+", "*", pattern).split("*"))
    if not others:
        return re.compile(first, re.DOTALL)
    *middle, last = others
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + ".*" + last, re.DOTALL)


def _literal(text: str) -> str:
    return "".join(f"[^{_EVERY}]" if char == "?" else re.escape(char) for char in text)


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern covers an action, case ignored.

    `action` may hold wildcards itself: they must be covered as a whole.

    >>> matches("s3:Get*", "S3:getObject"), matches("s3:GetObject", "s3:Get*")
    (True, False)
    """
    return covers(pattern.lower(), action.lower())


def covers(pattern: str, candidate: str) -> bool:
    """Whether every text that `candidate` stands for matches `pattern`.

    >>> covers("arn:aws:s3:::data*", "arn:aws:s3:::data/*"), covers("arn:aws:s3:::data/?", "arn:aws:s3:::data/*")
    (True, False)
    """
    return _pattern(pattern).fullmatch(candidate.replace("*", _EVERY)) is not None


def is_every_action(pattern: str) -> bool:
    """Whether an action pattern covers every action of every service."""
    return "*" in pattern and not pattern.strip("*?:")


def is_everything(pattern: str) -> bool:
    """Whether a resource pattern covers every resource of a partition: `*`, `arn:aws:*` and the like."""
    return any(covers(pattern, f"arn:{partition}:*:*:*:*") for partition in PARTITIONS)


def is_public(kind: str, principal: str) -> bool:
    """Whether a principal is anyone: `*`, or `*` as an AWS principal."""
    return kind in ("*", "aws") and not principal.strip("*") and bool(principal)

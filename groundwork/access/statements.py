"""Rights that IAM statements give or deny: of an identity, of those who may assume a role, of those whom a resource's
own policy names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from groundwork.access.rights import Right
from policies.documents import Condition, Statement, covers
from policies.iam.evaluator import Decision, Request, actions_of, decide
from policies.iam.texts import Texts

_WORDS: Final = {
    "stringequals": "is", "stringlike": "is like", "stringequalsignorecase": "is", "arnequals": "is",
    "arnlike": "is like", "bool": "is", "ipaddress": "is in", "stringnotequals": "is not",
    "stringnotlike": "is not like", "stringnotequalsignorecase": "is not", "arnnotequals": "is not",
    "arnnotlike": "is not like", "notipaddress": "is not in", "null": "is absent:",
}  # fmt: skip
_EVERYTHING, _ALL_BUT = "everything", "everything but"
BOUNDARY: Final = "boundary"
_NEGATED: Final = re.compile(r".*not.*")


@dataclass(frozen=True)
class Allowed:
    """One action pattern on one resource pattern for one principal, under conditions."""

    subject: str
    kind: str
    who: str
    action: Texts
    resource: Texts
    principal: tuple[str, str] | None
    conditions: frozenset[Condition]
    prohibits: bool
    action_said: str
    """The action as it is written: IAM ignores its case, a reader does not."""
    place: str = ""
    """What the document is of, where the statement itself does not name it."""

    @property
    def is_limit(self) -> bool:
        """A boundary or a prohibition says something only of whom there was before."""
        return self.prohibits or self.kind == BOUNDARY

    def covers(self, other: Right) -> bool:
        """Whether it gives the other as well: as much or more, to as many or more, under as few conditions or fewer."""
        return (
            isinstance(other, Allowed)
            and self.kind == other.kind
            and self.action.includes(other.action) is True
            and self.resource.includes(other.resource) is True
            and _names(self.principal, other.principal)
            and all(any(_as_strict(one, mine) for one in other.conditions) for mine in self.conditions)
        )

    def grouped(self) -> tuple[str, ...]:
        """Return what it is told together with."""
        return self.kind, self.who, self.place, self._when()

    def said(self, together: list[Right]) -> Iterator[str]:
        """Yield a text for each set of resources: the actions, the resources, the conditions."""
        by_resource: dict[str, list[str]] = defaultdict(list)
        for one in together:
            if isinstance(one, Allowed):
                resource = _listed(one.resource)
                actions = by_resource[self.place if self.place and resource == _EVERYTHING else resource]
                if one.action_said not in actions:
                    actions.append(one.action_said)
        by_actions: dict[str, list[str]] = defaultdict(list)
        for resource, actions in by_resource.items():
            by_actions[", ".join(sorted(actions))].append(resource)
        for text, resources in by_actions.items():
            # A right in words, of a document that is not at hand, says by itself what it is about.
            where = (
                ""
                if " " in text.replace(", ", ",") and not text.startswith(_ALL_BUT)
                else f" on {', '.join(resources)}"
            )
            yield f"{'be given ' if self.kind == BOUNDARY and not self.prohibits else ''}{text}{where}{self._when()}"

    def _when(self) -> str:
        said = sorted(_condition(one) for one in self.conditions)
        return f", if {' and '.join(said)}" if said else ""


def allowed(
    statements: Iterable[Statement], subject: str, kind: str, who: str = "", place: str = ""
) -> Iterator[Allowed]:
    """Yield the rights in statements. Empty `who`: whoever the statement names.

    What an Allow gives and a Deny of the same document takes away in every case is no right.
    """
    statements = tuple(statements)
    denies = [
        one for one in statements if not one.allows and not one.conditions and not one.not_principals
    ]  # in every case
    for statement in statements:
        for action, action_said in _actions(statement):
            for resource in _singles(_resources(statement)):
                for principal in _principals(statement):
                    if statement.allows and _is_denied(denies, action, resource, principal):
                        continue
                    yield Allowed(
                        subject, kind, who or _said(principal), action, resource, principal,
                        frozenset(statement.conditions), not statement.allows, action_said, place,
                    )  # fmt: skip


def _is_denied(denies: Iterable[Statement], action: Texts, resource: Texts, principal: tuple[str, str] | None) -> bool:
    about = [
        one
        for one in denies
        if not one.principals or any(_names((kind, node.value), principal) for kind, node in one.principals)
    ]
    return bool(about) and decide(about, Request(action, resource)) is Decision.EXPLICIT_DENY


def _actions(statement: Statement) -> Iterator[tuple[Texts, str]]:
    written = Texts(
        tuple(node.value for node in statement.not_actions or statement.actions), bool(statement.not_actions)
    )
    for lower, one in zip(_singles(actions_of(statement)), _singles(written), strict=True):
        yield lower, _listed(one)


def _resources(statement: Statement) -> Texts:
    nodes = statement.not_resources or statement.resources
    if not nodes:
        return Texts(("*",))
    return Texts(tuple(node.value for node in nodes), complement=bool(statement.not_resources))


def _singles(texts: Texts) -> Iterator[Texts]:
    if texts.complement:
        yield texts
    else:
        yield from (Texts((pattern,)) for pattern in texts.patterns)


def _principals(statement: Statement) -> Iterator[tuple[str, str] | None]:
    if statement.not_principals:
        yield "not", ", ".join(sorted(node.value for _, node in statement.not_principals))
    elif statement.principals:
        yield from ((kind, node.value) for kind, node in statement.principals)
    else:
        yield None


def _names(mine: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    if mine is None or other is None:
        return mine == other
    if mine == other:
        return True
    return mine[0] in ("*", "aws") and mine[1] == "*" and other[0] in ("*", "aws")


def _as_strict(one: Condition, than: Condition) -> bool:
    """Whether a condition holds only where another does."""
    if one == than:
        return True
    same = (one.operator, one.key, one.quantifier) == (than.operator, than.key, than.quantifier)
    if not same or (one.if_exists and not than.if_exists):
        return False
    if _NEGATED.fullmatch(one.operator):
        return set(one.values) >= set(than.values)
    if one.operator.endswith("like"):
        return all(any(covers(pattern, value) for pattern in than.values) for value in one.values)
    return set(one.values) <= set(than.values)


def _said(principal: tuple[str, str] | None) -> str:
    """Return who is meant, in words."""
    if principal is None:
        return "whoever holds it"
    kind, name = principal
    if name == "*":
        return "everyone"
    if kind == "not":
        return f"everyone but {name}"
    if kind == "service":
        return f"the service {name}"
    if kind == "federated":
        return f"whoever {name.rpartition('oidc-provider/')[2]} vouches for"
    parts = name.split(":", 5)
    if len(parts) == 6 and parts[2] in ("iam", "sts"):
        return f"account {parts[4]}" if parts[5] == "root" else parts[5].replace("/", " ", 1)
    return f"account {name}" if name.isdigit() else name


def _listed(texts: Texts) -> str:
    text = ", ".join(texts.patterns)
    if texts.complement:
        return f"{_ALL_BUT} {text}"
    return _EVERYTHING if text.strip("*:") == "" else text


def _condition(condition: Condition) -> str:
    """Return a condition in words.

    >>> _condition(Condition("stringequals", "aws:principalaccount", ("111122223333",), False, ""))
    'aws:principalaccount is 111122223333'
    """
    word = _WORDS.get(condition.operator, condition.operator)
    key = f"each {condition.key}" if condition.quantifier == "forallvalues" else condition.key
    optional = " or absent" if condition.optional else ""
    return f"{key} {word} {' or '.join(condition.values)}{optional}"

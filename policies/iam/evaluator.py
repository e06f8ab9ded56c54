"""Whether a set of statements allows a request, as IAM decides it for one document.

A Deny that applies wins, then an Allow that applies, else the request is denied because nothing allows it. A request
may be open: it stands for every request of its kind, so that an Allow counts when it may apply to one of them, and a
Deny only when it applies to all of them.

Source: IAM user guide, "Policy evaluation logic", "IAM JSON policy elements reference".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from policies.documents import Statement
from policies.iam.conditions import Context, expanded, holds
from policies.iam.texts import EVERYTHING, Texts, Truth, all_of, overlaps
from policies.values import Node


class Decision(Enum):
    """What a document says to a request."""

    ALLOW = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True)
class Principal:
    """Who asks."""

    kind: str
    """aws, service, federated or canonicaluser."""
    names: tuple[str, ...]
    """All names that it goes by: of a role its ARN and its account; of a session that of the session too. One that is
    not fixed is a pattern."""


CLOSED: Final = Context({})
OPEN: Final = Context({}, is_open=True)


@dataclass(frozen=True)
class Request:
    """One request, or all requests of a kind."""

    action: Texts
    resource: Texts = EVERYTHING
    principal: Principal | None = None
    """None: whoever holds the policy, of an identity; only a document without Principal is asked so."""
    context: Context = field(default=OPEN)


def decide(statements: Iterable[Statement], request: Request) -> Decision:
    """Return what a document says to a request."""
    answer = Decision.IMPLICIT_DENY
    for statement in statements:
        applied = applies(statement, request)
        if not statement.allows and applied is True:
            return Decision.EXPLICIT_DENY
        if statement.allows and applied is not False:
            answer = Decision.ALLOW
    return answer


def applies(statement: Statement, request: Request) -> Truth:
    """Whether a statement is about a request; None: about some of the requests that it stands for."""
    return all_of(
        (
            actions_of(statement).includes(_lower(request.action)),
            resources_of(statement, request.context).includes(request.resource),
            concerns(statement, request.principal, request.context),
        )
    )


def concerns(statement: Statement, principal: Principal | None, context: Context) -> Truth:
    """Whether a statement is about a principal in a context, whatever is asked for."""
    if not _names(statement, principal):
        return False
    return all_of(holds(condition, context) for condition in statement.conditions)


def actions_of(statement: Statement) -> Texts:
    """Return the actions that a statement is about, in lower case."""
    nodes = statement.not_actions or statement.actions
    return Texts(tuple(node.value.lower() for node in nodes), complement=bool(statement.not_actions))


def resources_of(statement: Statement, context: Context = OPEN) -> Texts:
    """Return the resources that a statement is about; a trust policy names none and means all.

    Policy variables that are open make an Allow no narrower than it may be, and a Deny no broader.
    """
    nodes = statement.not_resources or statement.resources
    if not nodes:
        return EVERYTHING
    complement = bool(statement.not_resources)
    if not any("${" in node.value for node in nodes):
        return Texts(tuple(node.value for node in nodes), complement)
    if context.is_open and statement.allows != complement:
        # A variable may be anything there; elsewhere what cannot be replaced is about nothing.
        return Texts(tuple(_widened(node.value, context) for node in nodes), complement)
    patterns = [expanded(node.value, context) for node in nodes]
    return Texts(tuple(pattern for pattern in patterns if pattern is not None), complement)


def _widened(pattern: str, context: Context) -> str:
    """Return a pattern with a star for each variable that is open."""
    parts = re.split(r"(\$\{[^}]*\})", pattern)
    return "".join("*" if (text := expanded(part, context)) is None else text for part in parts)


def _lower(texts: Texts) -> Texts:
    return Texts(tuple(pattern.lower() for pattern in texts.patterns), texts.complement)


def _names(statement: Statement, principal: Principal | None) -> bool:
    if principal is None:
        return True
    if statement.not_principals:
        # Whoever is to be left out has to be named in full, the account included.
        return not all(_is_left_out(statement, Principal(principal.kind, (name,))) for name in principal.names)
    if not statement.principals:
        return statement.allows  # AWS refuses such a statement of a resource: a Deny of nobody is nothing to rely on
    return any(is_named(kind, node, principal, generous=statement.allows) for kind, node in statement.principals)


def _is_left_out(statement: Statement, principal: Principal) -> bool:
    listed = statement.not_principals
    return any(is_named(kind, node, principal, generous=not statement.allows) for kind, node in listed)


def is_named(kind: str, node: Node, principal: Principal, *, generous: bool) -> bool:
    """Whether an entry of Principal is about a principal.

    IAM knows no wildcard but `*` alone, for everyone. `generous`: any other counts as one too, since what such an Allow
    does is nothing to rely on.
    """
    value: str = node.value
    everyone = bool(value) and not value.strip("*")
    if everyone and (kind in ("*", "aws") or generous):
        return True
    if kind != principal.kind:
        return False
    if any(_canonical(kind, value) == _canonical(kind, name) for name in principal.names):
        return True
    return generous and "*" in value and any(overlaps(value, name) for name in principal.names)


def _canonical(kind: str, name: str) -> str:
    """Return an account's id for the ARN of its root, a service in lower case, any other name as it is."""
    if kind == "service":
        return name.lower()
    parts = name.split(":")
    return parts[4] if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root" else name

"""What rules ask of a document: is a grant left after every Deny, and does it reach a stranger.

A stranger is a principal of an account that no document names. Whatever it can choose, it chooses: any context key but
those that AWS fills in and that tell where it comes from. Those narrow a grant when they must match a value that is not
the stranger's (the catalogue, section 4).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from policies.documents import Statement
from policies.iam.conditions import Context, Some, Values
from policies.iam.evaluator import (
    OPEN,
    Principal,
    Request,
    actions_of,
    applies,
    concerns,
    is_named,
    resources_of,
)
from policies.iam.texts import EVERYTHING, Texts

_ACCOUNT: Final = "strangeracct"
"""No account has such an id, so that no document names it; it is as long as one, so that wildcards match it."""
STRANGER: Final = Principal("aws", (f"arn:*:iam::{_ACCOUNT}:*", _ACCOUNT))
_ARNS: Final = (f"arn:*:*:*:{_ACCOUNT}:*",)
NARROWING: Final[dict[str, tuple[str, ...]]] = {
    "aws:principalorgid": ("o-stranger",),
    "aws:principalorgpaths": ("o-stranger/*",),
    "aws:principalaccount": (_ACCOUNT,),
    "aws:principalarn": _ARNS,
    "aws:sourceaccount": (_ACCOUNT,),
    "aws:sourcearn": (*_ARNS, "arn:aws:s3:::stranger-bucket"),  # the ARN of a bucket names no account
    "aws:sourceorgid": ("o-stranger",),
    "aws:sourcevpc": ("vpc-stranger",),
    "aws:sourcevpce": ("vpce-stranger",),
    "aws:vpceaccount": (_ACCOUNT,),
}
"""Keys that narrow a public principal, with what they hold of a stranger, as patterns."""
KMS_NARROWING: Final[dict[str, tuple[str, ...]]] = {
    "kms:calleraccount": (_ACCOUNT,),
    "kms:viaservice": ("stranger.stranger.amazonaws.com",),
}
"""The same in a key policy."""
SOURCES: Final = {key: NARROWING[key] for key in ("aws:sourceaccount", "aws:sourcearn")}
"""What a service says of the resource on whose behalf it acts."""
_OWNER: Final[dict[str, Values]] = {
    "aws:resourceaccount": ("owner-acct",),
    "aws:resourceorgid": ("o-owner",),
    "aws:resourceorgpaths": ("o-owner/r-owner/",),
}
"""Of whom the resource is: not the stranger."""
_MOST_KEYS: Final = 6
"""Narrowing keys of one document that are tried in every combination; further ones are left open."""


@dataclass(frozen=True)
class Document:
    """The statements of one document, which are judged together."""

    statements: tuple[Statement, ...]

    @property
    def allows(self) -> tuple[Statement, ...]:
        """The statements that grant."""
        return tuple(statement for statement in self.statements if statement.allows)

    @property
    def denies(self) -> tuple[Statement, ...]:
        """The statements that take back."""
        return tuple(statement for statement in self.statements if not statement.allows)

    def leaves(self, action: Texts, resource: Texts = EVERYTHING) -> bool:
        """Whether no Deny takes an action on a resource back from whoever holds the document."""
        return not self._denied(Request(action, resource, None, OPEN))

    def reaches(
        self,
        statement: Statement,
        principal: Principal | None,
        told: Mapping[str, tuple[str, ...]],
        actions: Texts | None = None,
    ) -> bool:
        """Whether a grant, or some of its actions, reach a principal, any Deny considered.

        `told`: what it cannot choose. None as the principal: whoever is named.
        """
        return any(
            not self._denied(Request(action, resource, principal, context))
            for context in self._contexts(told)
            if concerns(statement, principal, context) is not False
            for action in singles(actions or actions_of(statement))
            for resource in singles(resources_of(statement, context))
        )

    def _denied(self, request: Request) -> bool:
        return any(applies(statement, request) is True for statement in self.denies)

    def _contexts(self, told: Mapping[str, tuple[str, ...]]) -> Iterator[Context]:
        """Yield the contexts of a caller: each key that tells of it, if the document asks for it, is there or not."""
        asked = {condition.key for statement in self.statements for condition in statement.conditions}
        keys = sorted(asked & set(told))[:_MOST_KEYS]
        choices: list[Sequence[Values]] = [((), *((Some(pattern),) for pattern in told[key])) for key in keys]
        for chosen in product(*choices):
            yield Context(_OWNER | dict(zip(keys, chosen, strict=True)), is_open=True)


def singles(texts: Texts) -> Iterator[Texts]:
    """Yield a set as sets of one pattern each, or as it is where it is a complement."""
    if texts.complement:
        if not any(pattern and not pattern.strip("*") for pattern in texts.patterns):  # all but everything is nothing
            yield texts
    else:
        yield from (Texts((pattern,)) for pattern in texts.patterns)


def public_grants(
    statements: Iterable[Statement], narrowing: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Statement, str]]:
    """Yield each grant that reaches a stranger, with the path of what lets it in."""
    document = Document(tuple(statements))
    for statement in document.allows:
        ways = list(_ways_in(statement))
        if ways and document.reaches(statement, STRANGER, narrowing):
            yield from ((statement, path) for path in ways)


def _ways_in(statement: Statement) -> Iterator[str]:
    """Yield the paths of what a stranger is named by."""
    if not statement.principals:
        yield statement.path
    yield from (node.path for kind, node in statement.principals if is_named(kind, node, STRANGER, generous=True))


def account_of(name: str) -> str | None:
    """Return the account of a principal, by its ARN or the account's own id; None where the name does not tell."""
    if name.isdigit():
        return name
    parts = name.split(":")
    return parts[4] if len(parts) >= 6 and parts[0] == "arn" else None

"""Our answers beside the oracle's, and what a rule concludes beside every request that a stranger could make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from random import Random

from policies.documents import Statement, parse
from policies.iam.conditions import Context
from policies.iam.evaluator import Decision, Principal, Request, decide
from policies.iam.exposure import Document, public_grants
from policies.iam.texts import Texts
from policies.values import Node
from tests.policies.differential import documents, oracle
from tests.policies.differential.documents import ACTIONS, RESOURCES, SAID
from tests.policies.differential.oracle import Asked, Json

STRANGER = ("AWS", ("arn:aws:iam::777788889999:role/anyone", "777788889999"))
TOLD: Mapping[str, tuple[str, ...]] = {
    "aws:principalorgid": ("o-stranger",),
    "aws:sourcevpce": ("vpce-stranger",),
    "aws:sourcearn": ("arn:aws:sns:eu-west-1:777788889999:topic", "arn:aws:s3:::strangers-own"),
}
"""What those keys may say of a stranger; the rest it chooses."""
NARROWING: Mapping[str, tuple[str, ...]] = {
    "aws:principalorgid": ("o-stranger",),
    "aws:sourcevpce": ("vpce-stranger",),
    "aws:sourcearn": ("arn:*:*:*:strangeracct:*", "arn:aws:s3:::stranger-bucket"),
}


@dataclass
class Tally:
    """What was compared, and what differed."""

    documents: int = 0
    requests: int = 0
    decisions: dict[str, int] = field(default_factory=dict)
    public: int = 0
    """Documents that let a stranger in, by both."""
    cautious: int = 0
    """Documents of which we say that they may, and the oracle finds no such request."""
    differences: list[str] = field(default_factory=list)


def read(document: Json) -> tuple[Statement, ...]:
    """Return the statements of a document, which our parser must be able to read."""
    statements, problems = parse(Node(document, "policy"))
    assert not problems, (document, problems)
    return statements


def ours(statements: tuple[Statement, ...], asked: Asked) -> str:
    """Return our decision about a request of which everything is known."""
    principal = Principal(asked.kind.lower(), asked.names) if asked.kind else None
    request = Request(Texts((asked.action,)), Texts((asked.resource,)), principal, Context(asked.context))
    decision: Decision = decide(statements, request)
    return decision.value


def compare(seed: int, count: int, requests: int = 12, *, first_only: bool = False) -> Tally:
    """Generate documents and compare every answer about them, or until one differs."""
    tally = Tally()
    for number in range(count):
        random = Random(f"{seed}-{number}")  # noqa: S311 - the same documents for the same seed
        of_a_resource = number % 2 == 0
        document = documents.document(random, of_a_resource=of_a_resource)
        statements = read(document)
        tally.documents += 1
        for _ in range(requests):
            asked = documents.request(random, of_a_resource=of_a_resource)
            mine, theirs = ours(statements, asked), oracle.decide(document, asked)
            tally.requests += 1
            tally.decisions[theirs] = tally.decisions.get(theirs, 0) + 1
            if mine != theirs:
                tally.differences.append(f"{document} {asked}: ours {mine}, oracle {theirs}")
        if of_a_resource:
            _compare_exposure(document, statements, tally)
        else:
            _compare_what_is_left(document, statements, random, tally)
        if first_only and tally.differences:
            break
    return tally


def _compare_exposure(document: Json, statements: tuple[Statement, ...], tally: Tally) -> None:
    """A document that lets a stranger in must be called public."""
    called = any(public_grants(statements, NARROWING))
    found = any(oracle.decide(document, asked) == "allowed" for asked in _of_a_stranger(document))
    if found and not called:
        tally.differences.append(f"{document}: lets a stranger in, and is not called public")
    tally.public += found
    tally.cautious += called and not found


def _of_a_stranger(document: Json) -> Iterator[Asked]:
    """Yield every request of a stranger over the alphabet."""
    kind, names = STRANGER
    granted = [Asked(action, resource, kind, names, {}) for action, resource in product(ACTIONS, RESOURCES)]
    granted = [asked for asked in granted if oracle.may_grant(document, asked)]
    for context in _contexts(document) if granted else ():
        yield from (replace(asked, context=context) for asked in granted)


def _contexts(document: Json) -> Iterator[Mapping[str, tuple[str, ...]]]:
    """Yield what a request may say by the keys that a document reads."""
    text = str(document).lower()
    keys = sorted(key for key in SAID if key.lower() in text)
    choices = [[(), *((value,) for value in TOLD.get(key.lower(), SAID[key]))] for key in keys]
    for chosen in product(*choices):
        yield {key.lower(): values for key, values in zip(keys, chosen, strict=True) if values}


def _compare_what_is_left(document: Json, statements: tuple[Statement, ...], random: Random, tally: Tally) -> None:
    """What we say a Deny takes back must be denied to every request of that kind."""
    whole = Document(statements)
    action, resource = random.choice(documents.ACTION_PATTERNS), random.choice(documents.RESOURCE_PATTERNS)
    if "${" in resource or whole.leaves(Texts((action,)), Texts((resource,))):
        return
    for context in _contexts(document):
        for one, other in product(ACTIONS, RESOURCES):
            inside = oracle.glob(oracle.tokens(action.lower(), {}), one.lower()) and oracle.glob(
                oracle.tokens(resource, {}), other
            )
            if inside and oracle.decide(document, Asked(one, other, "", (), context)) != "explicitDeny":
                tally.differences.append(f"{document}: {action} on {resource} is not taken back, e.g. {one} on {other}")
                return

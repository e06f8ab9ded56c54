"""A rule: what it requires as data, and one function that looks for what breaks it.

A rule yields findings, a `Violation` where an input is wrong and an `Undecided` where it is not known yet; none means
`Pass`. A violation anywhere wins, then an undecided value. Messages name paths and what is expected, never a value: any
input may be a secret.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from pulumi_policy import EnforcementLevel, Severity

from policies.config import Settings
from policies.families import FAMILIES, Family
from policies.index import Resource, Stack
from policies.tokens import KEYS, with_twins
from policies.values import UNKNOWN, Node, describe


@dataclass(frozen=True)
class Pass:
    """Nothing breaks the rule."""


@dataclass(frozen=True)
class Violation:
    """The input at `path` breaks the rule."""

    path: str
    what: str
    """What is wrong, in words, such as `storage is not encrypted`."""
    expected: str
    """What would be right."""
    found: str = ""
    """What the value is like, as `values.describe` says it."""
    companion: bool = False
    """What is wrong is that a companion resource is missing, which may be in another stack."""


@dataclass(frozen=True)
class Undecided:
    """The input at `path` is not known yet, and the rule depends on it."""

    path: str
    accepts: frozenset[str] = frozenset()
    """Types of which the value must come; a property dependency on one of them settles it, for ANY_TYPE on any."""


Finding: TypeAlias = Violation | Undecided
Verdict: TypeAlias = Pass | Violation | Undecided
Findings: TypeAlias = Iterator[Finding]
LocatedFindings: TypeAlias = Iterator[tuple[Resource | None, Finding]]
"""With the resource that each is about; None for the stack as a whole."""
A_KEY = "the ARN or id of a customer managed key"


def weigh(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that count: the violations, else what is undecided, each once."""
    unique = tuple(dict.fromkeys(findings))
    return tuple(f for f in unique if isinstance(f, Violation)) or unique


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Return the one answer that findings make."""
    return next(iter(weigh(findings)), Pass())


def _no_other_type(token: str, settings: Settings) -> bool:
    del token, settings
    return False


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has. Use `ResourceRule` or `StackRule`."""

    id: str
    """Family and number of the catalogue, such as ENC-01."""
    requirement: str
    """One sentence: what must hold."""
    why: str
    """What goes wrong otherwise."""
    fix: str
    """One line of Pulumi that repairs it."""
    types: frozenset[str]
    """Current tokens of the types that are judged; older twins count as well."""
    severity: Severity
    controls: tuple[str, ...]
    """Control ids of frameworks that it supports, such as F:S3.17."""
    also: Callable[[str, Settings], bool] = _no_other_type
    """Whether a type that is not in `types` is judged too: one that the settings name, or any."""
    remediate: Callable[[Any], bool] | None = None
    """Repairs the SDK's mutable inputs of one resource in place; True when something changed. Runs only at the level
    `remediate`. A stack rule repairs what one resource alone shows."""
    remediate_as_set: Callable[[Any, Settings], bool] | None = None
    """As `remediate`, for a repair whose value is a setting."""
    repairs: frozenset[str] = frozenset()
    """Current tokens of the types that it may repair, where those are not all that the rule looks at."""

    @property
    def family(self) -> Family:
        """The group that the id names."""
        return FAMILIES[self.id.partition("-")[0]]

    @property
    def default_level(self) -> EnforcementLevel:
        """The catalogue's level: it follows from the severity."""
        grave = self.severity in (Severity.CRITICAL, Severity.HIGH)
        return EnforcementLevel.MANDATORY if grave else EnforcementLevel.ADVISORY

    @property
    def reads(self) -> frozenset[str]:
        """Current tokens of all types that the rule looks at."""
        return self.types

    @cached_property
    def tokens(self) -> frozenset[str]:
        """All tokens that the rule looks at, older twins included."""
        return with_twins(self.reads)

    def concerns(self, token: str, settings: Settings) -> bool:
        """Whether the rule looks at a type."""
        return token in self.tokens or self.also(token, settings)

    @property
    def can_repair(self) -> bool:
        """Whether there is a repair."""
        return self.remediate is not None or self.remediate_as_set is not None

    def repair(self, props: Any, settings: Settings) -> bool:
        """Repair inputs in place. Return whether something changed."""
        if self.remediate is not None:
            return self.remediate(props)
        return self.remediate_as_set is not None and self.remediate_as_set(props, settings)

    def may_repair(self, token: str, settings: Settings) -> bool:
        """Whether a resource of a type is one that the rule can repair without replacing it."""
        return token in with_twins(self.repairs) if self.repairs else self.concerns(token, settings)


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule about one resource, judged before it is created; unknown values are judged again with the whole stack."""

    check: Callable[[Resource, Settings], Findings]


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule about resources together, judged once all of them are registered."""

    joins: frozenset[str]
    """Current tokens of the companions."""
    check: Callable[[Stack, Settings], LocatedFindings]

    @property
    def reads(self) -> frozenset[str]:
        """What it judges and what it joins."""
        return self.types | self.joins


def lacking(subject: Resource, possible: Sequence[tuple[Resource, Node]], otherwise: Finding) -> LocatedFindings:
    """Yield what it comes to that a resource has no companion for certain.

    It is not known where one is `possible`, a resource with the value that decides whether it is one; `otherwise` if
    none is.
    """
    if possible:
        resource, node = possible[0]
        yield resource, Undecided(node.path)
    else:
        yield subject, otherwise


def one_is_right(
    subject: Resource,
    answers: Sequence[tuple[Resource, tuple[Finding, ...]]],
    possible: Sequence[tuple[Resource, Node]],
    missing: Violation,
) -> LocatedFindings:
    """Yield what is wrong with the companions of a resource, of which one has to be right; see `lacking` for none."""
    if not answers:
        yield from lacking(subject, possible, missing)
    elif all(findings for _, findings in answers):
        yield from ((resource, finding) for resource, findings in answers for finding in findings)


def require(
    node: Node, good: Callable[[Any], bool], what: str, expected: str, accepts: frozenset[str] = frozenset()
) -> Findings:
    """Yield a finding unless `node` is known and `good`."""
    if node.unknown:
        # An unknown parent may hold anything: where it comes from says nothing about the value inside it.
        yield Undecided(node.path, frozenset() if node.inherited else accepts)
    elif not good(node.value):
        yield Violation(node.path, what, expected, describe(node.value))


def is_true(node: Node, what: str) -> Findings:
    """Yield a finding unless `node` is true."""
    return require(node, lambda value: value is True, what, "true")


def not_true(node: Node, what: str, *, as_text: bool = False) -> Findings:
    """Yield a finding unless `node` is false or absent. `as_text`: the schema has it as a string."""
    allowed: tuple[object, ...] = (None, False, "false", "") if as_text else (None, False)
    return require(node, lambda value: any(value is a or (as_text and value == a) for a in allowed), what, "false")


def is_set(node: Node, what: str, expected: str, accepts: frozenset[str] = frozenset()) -> Findings:
    """Yield a finding unless `node` holds a text."""
    return require(node, lambda value: isinstance(value, str) and bool(value), what, expected, accepts)


def is_cmk(node: Node, what: str) -> Findings:
    """Yield a finding unless `node` refers to a key that is not one of AWS' own (`alias/aws/...`)."""

    def good(value: object) -> bool:
        return isinstance(value, str) and bool(value) and not value.rpartition(":")[2].startswith("alias/aws/")

    return require(node, good, what, A_KEY, KEYS)


def tier(resource: Resource, settings: Settings) -> Node:
    """Return the tier of a resource: its tag, else the provider's default tag, else the default tier."""
    node = set_tag(resource, settings.tier_tag)
    return node if node.unknown or node.is_set else Node(settings.default_tier, "tags")


def set_tag(resource: Resource, key: str) -> Node:
    """Return the value of a tag that is set or not known yet: the resource's own, else the provider's default one."""
    for tags in (resource["tags"], Node(resource.default_tags, "tags")):
        node = tags[key]
        if node.unknown or node.is_set:
            return node
    return Node(None, "tags")


def is_confidential(resource: Resource, settings: Settings) -> bool | None:
    """Whether the tier is confidential or above; None while the tag is not known."""
    node = tier(resource, settings)
    if node.value is UNKNOWN:
        return None
    return not isinstance(node.value, str) or settings.at_least(node.value, "confidential")

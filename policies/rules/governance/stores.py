"""MLG-02: a store says how sensitive its content is, and one that is says so for a reason.

At confidential and above the rules about keys, versions, logs and private access hold at the level of this rule,
whatever their own is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import S3_IDENTITIES, Resource, Stack
from policies.labels import tag
from policies.rule import (
    Finding,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    require,
    weigh,
)
from policies.rules import access, audit, encryption, resilience
from policies.tokens import aws

BUCKET = aws("s3/bucket:Bucket")
DATABASE = aws("rds/instance:Instance", "rds/cluster:Cluster")
TABLE = aws("dynamodb/table:Table")
STORES = BUCKET | DATABASE | TABLE | aws("sagemaker/featureGroup:FeatureGroup", "glue/catalogTable:CatalogTable")
NAMES: Final = (
    *("ENC-01", "ENC-04", "ENC-05", "ENC-20"),
    *("ACC-09", "ACC-11", "ACC-12", "ACC-17"),
    *("LOG-03", "LOG-07", "RES-01"),
)
_FAMILIES = (*encryption.RULES, *access.RULES, *audit.RULES, *resilience.RULES)
RULES_OF_STORES: Final[Mapping[str, Rule]] = {rule.id: rule for rule in _FAMILIES if rule.id in NAMES}


def findings_by_store(stack: Stack, settings: Settings, rule: Rule) -> dict[str, list[tuple[Resource, Finding]]]:
    """Return what a rule finds, by the URN of the store that it is about, with the resource that has it."""
    found: dict[str, list[tuple[Resource, Finding]]] = defaultdict(list)
    every_bucket = replace(settings, data_bucket_names=("*",))  # RES-01 alone would judge those for data only
    for subject, finding in _findings(stack, every_bucket, rule):
        for store in _stores(stack, subject):
            found[store.urn].append((subject, finding))
    return found


def _findings(stack: Stack, settings: Settings, rule: Rule) -> Iterator[tuple[Resource, Finding]]:
    if isinstance(rule, ResourceRule):
        for resource in stack.of(rule.types):
            yield from ((resource, finding) for finding in weigh(rule.check(resource, settings)))
    elif isinstance(rule, StackRule):
        for subject, finding in rule.check(stack, settings):
            if subject is not None:
                yield subject, finding


def _stores(stack: Stack, subject: Resource) -> tuple[Resource, ...]:
    """Return the stores that a resource is about: itself, or the bucket that it configures, or may configure."""
    if subject.type in STORES:
        return (subject,)
    reference = stack.reference(subject, subject["bucket"], BUCKET, S3_IDENTITIES)
    return reference.targets if reference.certain else reference.targets or tuple(stack.of(BUCKET))


def _confidential(store: Resource, settings: Settings) -> bool | None:
    node = tag(store, settings.tier_tag)
    if node.unknown:
        return None
    return settings.at_least(node.value if isinstance(node.value, str) else settings.default_tier, "confidential")


def _sensitive_stores_are_guarded(stack: Stack, settings: Settings) -> LocatedFindings:
    stores = stack.of(STORES)
    if not stores:
        return
    broken = {id_: findings_by_store(stack, settings, rule) for id_, rule in RULES_OF_STORES.items()}
    for store in stores:
        node = tag(store, settings.tier_tag)
        allowed = require(node, lambda v: v is None or v in settings.tiers, "no such class of data", "one of tiers")
        yield from ((store, finding) for finding in allowed)
        confidential = _confidential(store, settings)
        if confidential is False:
            continue
        found = {id_: findings[store.urn] for id_, findings in broken.items() if findings.get(store.urn)}
        violations = {id_: [f for _, f in entries if isinstance(f, Violation)] for id_, entries in found.items()}
        violated = [id_ for id_, entries in violations.items() if entries]
        if violated and confidential:
            what = f"the store is for confidential data, and {', '.join(violated)} do not hold"
            elsewhere = all(finding.companion for entries in violations.values() for finding in entries)
            yield store, Violation("", what, "what those rules demand", companion=elsewhere)
        elif violated:
            yield store, Undecided(node.path)
        elif confidential:
            yield from (entry for entries in found.values() for entry in entries)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="MLG-02",
        requirement="A store has a known class of data, and from confidential on it is encrypted with a customer "
        "managed key, versioned, logged and private.",
        why="How data may be used follows from its class; without one every other rule guesses.",
        fix='tags={"data-classification": "confidential"}, and what the rules that are named demand',
        types=STORES,
        joins=frozenset().union(*(rule.reads for rule in RULES_OF_STORES.values())),
        severity=Severity.HIGH,
        controls=("F:Macie.1", "C7:3.1.3", "AISF-DATA-01", "AIA-10", "ISO42-A.7.2"),
        check=_sensitive_stores_are_guarded,
    ),
)

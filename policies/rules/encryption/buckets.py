"""ENC-01 to ENC-03: encryption of buckets, at rest and on the way."""

from typing import Any

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.index import S3_IDENTITIES, Resource, Stack
from policies.repair import maps, switch_on
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_cmk,
    is_true,
    lacking,
    one_is_right,
    require,
    weigh,
)
from policies.tokens import aws
from policies.values import Node

BUCKET = aws("s3/bucket:Bucket")
BUCKET_ENCRYPTION = aws("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
BUCKET_POLICY = aws("s3/bucketPolicy:BucketPolicy")
KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")


def _encryption_entries(resource: Resource) -> tuple[Node, ...]:
    """Return the default-encryption settings of a configuration resource, or inline ones of either bucket type."""
    if resource.type in BUCKET_ENCRYPTION:
        entries: tuple[Node, ...] = resource["rules"].each()
    else:
        inline = resource["serverSideEncryptionConfiguration"].each()  # older twin: the plurals
        older = resource["serverSideEncryptionConfigurations"].each()
        entries = tuple(e for c in (*inline, *older) for e in (*c["rule"].each(), *c["rules"].each()))
    singular = tuple(entry["applyServerSideEncryptionByDefault"] for entry in entries)
    plural = tuple(entry["applyServerSideEncryptionByDefaults"] for entry in entries)
    return tuple(
        default
        for one, several in zip(singular, plural, strict=True)
        for default in ((one,) if several.value is None or one.unknown else several.each())
    )


def _default_encryption(resource: Resource) -> Findings:
    for default in _encryption_entries(resource):
        algorithm = default["sseAlgorithm"]
        yield from require(algorithm, lambda v: v in KMS_ALGORITHMS, "objects are not encrypted with KMS", "aws:kms")
        yield from is_cmk(default["kmsMasterKeyId"], "objects are not encrypted with a customer managed key")


def _bucket_has_kms_default(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for bucket in stack.of(BUCKET):
        companions = stack.companions(bucket, BUCKET_ENCRYPTION, "bucket", S3_IDENTITIES)
        sources = [source for source in (bucket, *companions.certain) if _encryption_entries(source)]
        for source in sources:
            yield from ((source, finding) for finding in weigh(_default_encryption(source)))
        if not sources:
            missing = Violation(
                "serverSideEncryptionConfiguration",
                "the bucket has no default encryption",
                "a BucketServerSideEncryptionConfiguration with aws:kms and a customer managed key",
                companion=True,
            )
            yield from lacking(bucket, companions.possible, missing)


def _every_rule_uses_a_bucket_key(resource: Resource, settings: Settings) -> Findings:
    del settings
    rules = resource["rules"]
    if not rules.each():
        yield Violation("rules", "there is no encryption rule", "one rule with aws:kms and a bucket key")
    for rule in rules.each():
        algorithm = rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
        yield from require(algorithm, lambda v: v in KMS_ALGORITHMS, "objects are not encrypted with KMS", "aws:kms")
        yield from is_true(rule["bucketKeyEnabled"], "the bucket key is off: every object costs a call to KMS")


def _turn_bucket_keys_on(props: Any) -> bool:
    changed = [switch_on(rule, "bucketKeyEnabled") for rule in maps(props.get("rules"))]
    return any(changed)


# ENC-03: TLS to buckets


def _tls_resources(statement: documents.Statement) -> tuple[str, ...]:
    """Return the resources on which a statement refuses everyone everything that comes without TLS."""
    refuses = (
        not statement.allows
        and any(documents.is_public(kind, node.value) for kind, node in statement.principals)
        and any(documents.matches(node.value, "s3:*") for node in statement.actions)
        # A second condition would narrow it: all conditions of a statement must hold.
        and len(statement.conditions) == 1
        and statement.conditions[0].operator == "bool"
        and statement.conditions[0].key == "aws:securetransport"
        and [value.lower() for value in statement.conditions[0].values] == ["false"]
    )
    return tuple(node.value for node in statement.resources) if refuses else ()


def _tls_policy(bucket: Resource, source: Resource) -> Findings:
    statements, problems = documents.parse(source["policy"])
    yield from (problem for problem in problems if isinstance(problem, Violation))
    name = bucket.known("bucket")
    patterns = [pattern for statement in statements for pattern in _tls_resources(statement)]
    arns = [f"arn:{partition}:s3:::{name or '*'}" for partition in documents.PARTITIONS]

    def on_bucket_and_objects(arn: str) -> bool:
        return all(any(documents.covers(p, part) for p in patterns) for part in (arn, f"{arn}/*"))

    if any(on_bucket_and_objects(arn) for arn in arns):
        return  # whatever else the policy says, once it is known, cannot lift a Deny
    yield from problems
    if name is None and patterns:
        yield Undecided("policy")  # the statement is there; which bucket it names shows when the bucket has its name
    elif not problems:
        yield Violation(
            "policy",
            "requests without TLS are not denied on the bucket and all its objects",
            "Deny, Principal *, Action s3:*, Resource the bucket's ARN and ARN/*, Bool aws:SecureTransport false",
        )


def _bucket_denies_plain_http(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for bucket in stack.of(BUCKET):
        companions = stack.companions(bucket, BUCKET_POLICY, "bucket", S3_IDENTITIES)
        inline = (bucket,) if bucket["policy"].value is not None else ()
        answers = [(source, weigh(_tls_policy(bucket, source))) for source in (*inline, *companions.certain)]
        expected = "a BucketPolicy that denies requests without TLS"
        missing = Violation("policy", "the bucket has no policy", expected, companion=True)
        yield from one_is_right(bucket, answers, companions.possible, missing)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="ENC-01",
        requirement="Every bucket encrypts new objects with a customer managed key by default.",
        why=(
            "S3's own key admits whoever may read the bucket; a key of ours is a second lock, whose use is logged and "
            "can be withdrawn."
        ),
        fix='s3.BucketServerSideEncryptionConfiguration(bucket=bucket.bucket, rules=[{"apply_server_side_encryption_by_'
        'default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}, "bucket_key_enabled": True}])',
        types=BUCKET,
        joins=BUCKET_ENCRYPTION,
        severity=Severity.HIGH,
        controls=("F:S3.17", "800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_bucket_has_kms_default,
    ),
    ResourceRule(
        id="ENC-02",
        requirement="Default encryption of a bucket uses KMS, through a bucket key.",
        why=(
            "Without a bucket key each object asks KMS for a key of its own: cost and throttling grow with the data, "
            "and people switch encryption off."
        ),
        fix='rules=[{..., "bucket_key_enabled": True}] with sse_algorithm "aws:kms"',
        types=BUCKET_ENCRYPTION,
        severity=Severity.MEDIUM,
        controls=("F:S3.17", "AISF-INFRA-05"),
        check=_every_rule_uses_a_bucket_key,
        remediate=_turn_bucket_keys_on,
    ),
    StackRule(
        id="ENC-03",
        requirement="Every bucket denies requests that come without TLS.",
        why="Whoever sits between a client and S3 can read and alter what is sent in plain HTTP.",
        fix="s3.BucketPolicy(bucket=bucket.bucket, policy=...) with a Deny of s3:* on the bucket's ARN and ARN/* "
        'when {"Bool": {"aws:SecureTransport": "false"}}',
        types=BUCKET,
        joins=BUCKET_POLICY,
        severity=Severity.HIGH,
        controls=("F:S3.5", "C7:3.1.1", "800-53 SC-8/SC-13", "AISF-INFRA-06"),
        check=_bucket_denies_plain_http,
    ),
)

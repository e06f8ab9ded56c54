"""ENC: encryption at rest and in transit, and the keys it needs."""

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.index import S3_IDENTITIES, Resource, Stack
from policies.rule import (
    Finding,
    Findings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_confidential,
    is_set,
    is_true,
    require,
    weigh,
)
from policies.tokens import KEYS, aws
from policies.values import Node

BUCKET = aws("s3/bucket:Bucket")
BUCKET_ENCRYPTION = aws("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
BUCKET_POLICY = aws("s3/bucketPolicy:BucketPolicy")
INSTANCE, CLUSTER = aws("rds/instance:Instance"), aws("rds/cluster:Cluster")
GLOBAL_CLUSTER = aws("rds/globalCluster:GlobalCluster")
PARAMETER_GROUP = aws("rds/parameterGroup:ParameterGroup")
CLUSTER_PARAMETER_GROUP = aws("rds/clusterParameterGroup:ClusterParameterGroup")
KEY = aws("kms/key:Key")

KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")
A_CMK = "the ARN or id of a customer managed key"
LocatedFindings = Iterator[tuple[Resource | None, Finding]]


def is_cmk(node: Node, what: str) -> Findings:
    """Yield a finding unless `node` refers to a key that is not one of AWS' own (`alias/aws/...`)."""

    def good(value: object) -> bool:
        return isinstance(value, str) and bool(value) and not value.rpartition(":")[2].startswith("alias/aws/")

    return require(node, good, what, A_CMK, KEYS)


# ENC-01, ENC-02: default encryption of buckets


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
        if not sources and companions.possible:
            child, node = companions.possible[0]
            yield child, Undecided(node.path)
        elif not sources:
            yield (
                bucket,
                Violation(
                    "serverSideEncryptionConfiguration",
                    "the bucket has no default encryption",
                    "a BucketServerSideEncryptionConfiguration with aws:kms and a customer managed key",
                    companion=True,
                ),
            )


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
    changed = False
    rules = props.get("rules")
    for index in range(len(rules) if rules is not None and not isinstance(rules, str) else 0):
        rule = rules[index]
        if not isinstance(rule, str) and rule.get("bucketKeyEnabled") is not True:
            rule["bucketKeyEnabled"], changed = True, True
    return changed


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
        if any(not findings for _, findings in answers):
            continue
        for source, findings in answers:
            yield from ((source, finding) for finding in findings)
        if not answers and companions.possible:
            child, node = companions.possible[0]
            yield child, Undecided(node.path)
        elif not answers:
            missing = "a BucketPolicy that denies requests without TLS"
            yield bucket, Violation("policy", "the bucket has no policy", missing, companion=True)


# ENC-04 to ENC-06: databases


def _instance_is_encrypted(resource: Resource, settings: Settings) -> Findings:
    source = resource["replicateSourceDb"]
    if source.is_set:
        return
    confidential = is_confidential(resource, settings)
    findings = list(is_true(resource["storageEncrypted"], "storage is not encrypted"))
    key = weigh(is_cmk(resource["kmsKeyId"], "storage is not encrypted with a customer managed key"))
    if confidential is None and any(isinstance(finding, Violation) for finding in key):
        findings.append(Undecided("tags"))
    elif confidential is not False:
        findings.extend(key)
    if source.unknown and any(isinstance(finding, Violation) for finding in findings):
        yield Undecided(source.path, INSTANCE)  # a replica is encrypted as its source is
    else:
        yield from findings


def _cluster_is_encrypted(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from is_true(resource["storageEncrypted"], "storage is not encrypted")
    if resource.type in CLUSTER:
        yield from is_set(resource["kmsKeyId"], "the cluster names no key", A_CMK, KEYS)


_TLS_PARAMETERS = {
    "postgres": "rds.force_ssl",
    "aurora-postgresql": "rds.force_ssl",
    "sqlserver": "rds.force_ssl",
    "mysql": "require_secure_transport",
    "aurora-mysql": "require_secure_transport",
    "mariadb": "require_secure_transport",
}
"""Parameter that forces TLS, by how the name of a parameter group family begins."""


def _forces_tls(group: Resource) -> Findings:
    family = group["family"]
    if family.unknown:
        yield Undecided(family.path)
        return
    names = [
        p for prefix, p in _TLS_PARAMETERS.items() if isinstance(family.value, str) and family.value.startswith(prefix)
    ]
    if not names:
        yield Violation(
            "family", "no parameter is known that forces TLS for this family", "a PostgreSQL or MySQL family"
        )
        return
    expected = f"a parameter {names[0]} with value 1"
    parameters = group["parameters"].each()
    named = [parameter for parameter in parameters if parameter["name"].value == names[0]]
    for parameter in named:
        forced = parameter["value"]
        yield from require(forced, lambda v: str(v).lower() in ("1", "on", "true"), "TLS is not forced", expected)
    unknown = [parameter["name"] for parameter in parameters if parameter["name"].unknown]
    if not named and unknown:
        yield Undecided(unknown[0].path)
    elif not named:
        yield Violation("parameters", "TLS is not forced", expected)


def _database_forces_tls(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    kinds = (
        (INSTANCE, "parameterGroupName", PARAMETER_GROUP),
        (CLUSTER, "dbClusterParameterGroupName", CLUSTER_PARAMETER_GROUP),
    )
    for databases, property_name, groups in kinds:
        for database in stack.of(databases):
            node = database[property_name]
            reference = stack.reference(database, node, groups, ("name", "id"))
            if not node.unknown and not node.is_set:
                missing = "the name of a parameter group that forces TLS"
                yield database, Violation(node.path, "the database uses the engine's default parameter group", missing)
            elif not reference.certain:
                yield database, Undecided(node.path)
            elif not reference.targets:
                missing = "a parameter group of this stack that forces TLS"
                yield (
                    database,
                    Violation(node.path, "the parameter group is not in this stack", missing, companion=True),
                )
            else:
                for group in reference.targets:
                    yield from ((group, finding) for finding in weigh(_forces_tls(group)))


# ENC-07, ENC-08: keys


_ROTATED = {
    "keyUsage": "ENCRYPT_DECRYPT",
    "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "customKeyStoreId": "",
    "xksKeyId": "",
}
"""What a key is that KMS can rotate: symmetric, with material that KMS made itself. Absent counts as this value."""


def _key_rotates(resource: Resource, settings: Settings) -> Findings:
    del settings
    findings = list(is_true(resource["enableKeyRotation"], "the key material is never replaced"))
    kinds = [(resource[name], ordinary) for name, ordinary in _ROTATED.items()]
    if any(isinstance(node.value, str) and node.value not in ("", ordinary) for node, ordinary in kinds):
        return
    unknown = [node for node, _ in kinds if node.unknown]
    if findings and unknown:
        yield Undecided(unknown[0].path)
    else:
        yield from findings


def _key_is_hard_to_lose(resource: Resource, settings: Settings) -> Findings:
    days = settings.key_deletion_window_days

    def long_enough(value: object) -> bool:
        return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= days)

    window = resource["deletionWindowInDays"]
    yield from require(window, long_enough, "a deleted key is gone too soon", f"{days} days or more, or absent for 30")
    yield from require(
        resource["isEnabled"], lambda v: v is None or v is True, "the key is disabled", "true, or absent"
    )
    if not resource.protect:
        yield Violation("opts.protect", "the key can be deleted", "the resource option protect=True")


def _rotate(props: Any) -> bool:
    if props.get("enableKeyRotation") is True:
        return False
    props["enableKeyRotation"] = True
    return True


RULES: tuple[Rule, ...] = (
    StackRule(
        id="ENC-01",
        requirement="Every bucket encrypts new objects with a customer managed key by default.",
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
        fix="s3.BucketPolicy(bucket=bucket.bucket, policy=...) with a Deny of s3:* on the bucket's ARN and ARN/* "
        'when {"Bool": {"aws:SecureTransport": "false"}}',
        types=BUCKET,
        joins=BUCKET_POLICY,
        severity=Severity.HIGH,
        controls=("F:S3.5", "C7:3.1.1", "800-53 SC-8/SC-13", "AISF-INFRA-06"),
        check=_bucket_denies_plain_http,
    ),
    ResourceRule(
        id="ENC-04",
        requirement="A database instance encrypts its storage, confidential data with a customer managed key.",
        fix="rds.Instance(..., storage_encrypted=True, kms_key_id=key.arn): a new instance, the setting is immutable",
        types=INSTANCE,
        severity=Severity.CRITICAL,
        controls=("F:RDS.3", "C7:3.2.1", "800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_instance_is_encrypted,
    ),
    ResourceRule(
        id="ENC-05",
        requirement="A database cluster encrypts its storage and names its key.",
        fix="rds.Cluster(..., storage_encrypted=True, kms_key_id=key.arn): a new cluster, the setting is immutable",
        types=CLUSTER | GLOBAL_CLUSTER,
        severity=Severity.CRITICAL,
        controls=("F:RDS.27",),
        check=_cluster_is_encrypted,
    ),
    StackRule(
        id="ENC-06",
        requirement="Every database instance and cluster uses a parameter group that forces TLS.",
        fix='rds.ParameterGroup(family="postgres17", parameters=[{"name": "rds.force_ssl", "value": "1"}]) and '
        "parameter_group_name=group.name",
        types=INSTANCE | CLUSTER,
        joins=PARAMETER_GROUP | CLUSTER_PARAMETER_GROUP,
        severity=Severity.HIGH,
        controls=("F:RDS.38", "F:RDS.39"),
        check=_database_forces_tls,
    ),
    ResourceRule(
        id="ENC-07",
        requirement="A symmetric key is rotated.",
        fix="kms.Key(..., enable_key_rotation=True)",
        types=KEY,
        severity=Severity.HIGH,
        controls=("F:KMS.4", "C7:4.6", "800-53 SC-12", "AISF-INFRA-07"),
        check=_key_rotates,
        remediate=_rotate,
    ),
    ResourceRule(
        id="ENC-08",
        requirement="A key is enabled, protected, and deleted only after a long wait.",
        fix="kms.Key(..., deletion_window_in_days=30, opts=pulumi.ResourceOptions(protect=True))",
        types=KEY,
        severity=Severity.MEDIUM,
        controls=("F:KMS.3", "AISF-INFRA-07"),
        check=_key_is_hard_to_lose,
    ),
)

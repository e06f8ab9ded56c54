"""ENC-04 to ENC-06: encryption of databases, at rest and on the way."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import (
    A_KEY,
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_cmk,
    is_confidential,
    is_set,
    is_true,
    require,
    weigh,
)
from policies.tokens import KEYS, aws

INSTANCE, CLUSTER = aws("rds/instance:Instance"), aws("rds/cluster:Cluster")
GLOBAL_CLUSTER = aws("rds/globalCluster:GlobalCluster")
PARAMETER_GROUP = aws("rds/parameterGroup:ParameterGroup")
CLUSTER_PARAMETER_GROUP = aws("rds/clusterParameterGroup:ClusterParameterGroup")


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
        yield from is_set(resource["kmsKeyId"], "the cluster names no key", A_KEY, KEYS)


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


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-04",
        requirement="A database instance encrypts its storage, confidential data with a customer managed key.",
        why="A stolen snapshot of a database without encryption is the whole database.",
        fix="rds.Instance(..., storage_encrypted=True, kms_key_id=key.arn): a new instance, the setting is immutable",
        types=INSTANCE,
        severity=Severity.CRITICAL,
        controls=("F:RDS.3", "C7:3.2.1", "800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_instance_is_encrypted,
    ),
    ResourceRule(
        id="ENC-05",
        requirement="A database cluster encrypts its storage and names its key.",
        why="Encryption of a cluster cannot be added later: everything has to move to a new one.",
        fix="rds.Cluster(..., storage_encrypted=True, kms_key_id=key.arn): a new cluster, the setting is immutable",
        types=CLUSTER | GLOBAL_CLUSTER,
        severity=Severity.CRITICAL,
        controls=("F:RDS.27",),
        check=_cluster_is_encrypted,
    ),
    StackRule(
        id="ENC-06",
        requirement="Every database instance and cluster uses a parameter group that forces TLS.",
        why="A client that is not forced to use TLS sends its password and its rows in the clear.",
        fix='rds.ParameterGroup(family="postgres17", parameters=[{"name": "rds.force_ssl", "value": "1"}]) and '
        "parameter_group_name=group.name",
        types=INSTANCE | CLUSTER,
        joins=PARAMETER_GROUP | CLUSTER_PARAMETER_GROUP,
        severity=Severity.HIGH,
        controls=("F:RDS.38", "F:RDS.39"),
        check=_database_forces_tls,
    ),
)

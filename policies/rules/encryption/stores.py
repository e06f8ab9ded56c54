"""ENC-18 to ENC-22: managed stores, at rest and on the way."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.repair import put, switch_on
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, is_true, require
from policies.rules.encryption.references import names_key
from policies.tokens import aws
from policies.values import Node

DOMAIN = aws("opensearch/domain:Domain")
TABLE, TABLE_REPLICA = aws("dynamodb/table:Table"), aws("dynamodb/tableReplica:TableReplica")
REPLICATION_GROUP = aws("elasticache/replicationGroup:ReplicationGroup")
SERVERLESS_CACHE = aws("elasticache/serverlessCache:ServerlessCache")
FILE_SYSTEM, VAULT = aws("efs/fileSystem:FileSystem"), aws("backup/vault:Vault")
USER_GROUP = aws("elasticache/userGroup:UserGroup")
PASSWORDS = frozenset({"random:index/randomPassword:RandomPassword"}) | aws(
    "secretsmanager/secretVersion:SecretVersion"
)
_NO_KEY = "data is encrypted with no key of yours"
_IN_CLEAR = "data is not encrypted at rest"


def _domain_is_encrypted(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from is_true(resource["encryptAtRest"]["enabled"], _IN_CLEAR)
    yield from names_key(resource["encryptAtRest"]["kmsKeyId"], _NO_KEY)
    yield from is_true(resource["nodeToNodeEncryption"]["enabled"], "traffic between nodes is not encrypted")


def _domain_demands_tls(resource: Resource, settings: Settings) -> Findings:
    allowed = settings.domain_tls_policies
    options = resource["domainEndpointOptions"]
    yield from is_true(options["enforceHttps"], "plain HTTP is answered")
    policy, what = options["tlsSecurityPolicy"], "a version of TLS before 1.2 is accepted"
    yield from require(policy, lambda v: v in allowed, what, f"one of {', '.join(allowed)}")


def _demand_tls(props: Any, settings: Settings) -> bool:
    if props.get("domainEndpointOptions") is None:
        props["domainEndpointOptions"] = {}
    options = props["domainEndpointOptions"]
    if not isinstance(options, Mapping):
        return False
    allowed = settings.domain_tls_policies
    newer = put(options, "tlsSecurityPolicy", allowed[0], unless=lambda value: value in allowed)
    return switch_on(options, "enforceHttps") or newer


def _table_names_its_keys(resource: Resource, settings: Settings) -> Findings:
    del settings
    if resource.type in TABLE_REPLICA:
        yield from names_key(resource["kmsKeyArn"], _NO_KEY)
        return
    encryption = resource["serverSideEncryption"]
    yield from is_true(encryption["enabled"], _NO_KEY)
    yield from names_key(encryption["kmsKeyArn"], _NO_KEY)
    for replica in resource["replicas"].each():
        yield from names_key(replica["kmsKeyArn"], "data of a replica is encrypted with no key of yours")


def _cache_is_encrypted(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from names_key(resource["kmsKeyId"], _NO_KEY)
    if resource.type in SERVERLESS_CACHE:  # it is encrypted at rest and on the way, always
        yield from _asks_who_calls((resource["userGroupId"], USER_GROUP))
        return
    yield from is_true(resource["atRestEncryptionEnabled"], _IN_CLEAR)
    yield from is_true(resource["transitEncryptionEnabled"], "traffic is not encrypted")
    mode = resource["transitEncryptionMode"]
    yield from require(mode, lambda v: v is None or v == "required", "traffic in clear is accepted", "required")
    groups = resource["userGroupIds"]
    yield from _asks_who_calls(
        *((resource[name], PASSWORDS) for name in ("authToken", "authTokenWo")),
        *((group, USER_GROUP) for group in groups.each()),
    )


def _asks_who_calls(*credentials: tuple[Node, frozenset[str]]) -> Findings:
    """Yield a finding unless one of the inputs, each with where it may come from, is set."""
    if any(isinstance(node.value, str) and node.value for node, _ in credentials):
        return
    unknown = next(((node, sources) for node, sources in credentials if node.unknown), None)
    if unknown:
        node, sources = unknown
        yield Undecided(node.path, frozenset() if node.inherited else sources)
    else:
        yield Violation(credentials[-1][0].path, "anyone on the network may read and write", "a user group")


def _files_and_backups_are_encrypted(resource: Resource, settings: Settings) -> Findings:
    del settings
    if resource.type in VAULT:
        yield from names_key(resource["kmsKeyArn"], "backups are encrypted with no key of yours")
        return
    yield from is_true(resource["encrypted"], _IN_CLEAR)
    yield from names_key(resource["kmsKeyId"], _NO_KEY)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-18",
        requirement="A search domain is encrypted at rest with a key that it names, and between its nodes.",
        why="An index is a copy of the data that it finds, and its nodes send it to each other.",
        fix='opensearch.Domain(..., encrypt_at_rest={"enabled": True, "kms_key_id": key.arn}, '
        'node_to_node_encryption={"enabled": True}): a new domain, the settings are immutable',
        types=DOMAIN,
        severity=Severity.HIGH,
        controls=("F:ES.1", "F:OpenSearch.1", "F:ES.3", "800-53 SC-28/SC-8", "AISF-INFRA-06"),
        check=_domain_is_encrypted,
    ),
    ResourceRule(
        id="ENC-19",
        requirement="A search domain answers HTTPS only, with TLS 1.2 or later.",
        why="Old TLS can be broken on the way, and plain HTTP needs no breaking.",
        fix='domain_endpoint_options={"enforce_https": True, "tls_security_policy": "Policy-Min-TLS-1-2-2019-07"}',
        types=DOMAIN,
        severity=Severity.HIGH,
        controls=("AISF-INFRA-06",),
        check=_domain_demands_tls,
        remediate_as_set=_demand_tls,
    ),
    ResourceRule(
        id="ENC-20",
        requirement="A table and each of its replicas name their key.",
        why="A replica under another key is the same data under a weaker lock.",
        fix='dynamodb.Table(..., server_side_encryption={"enabled": True, "kms_key_arn": key.arn})',
        types=TABLE | TABLE_REPLICA,
        severity=Severity.MEDIUM,
        controls=("800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_table_names_its_keys,
    ),
    ResourceRule(
        id="ENC-21",
        requirement="A cache is encrypted at rest with a key that it names and on the way, and asks who calls.",
        why="A cache holds sessions and features in the clear, and answers whoever reaches its port.",
        fix="elasticache.ReplicationGroup(..., at_rest_encryption_enabled=True, kms_key_id=key.arn, "
        "transit_encryption_enabled=True, user_group_ids=[group.id]): a new group, some of these are immutable",
        types=REPLICATION_GROUP | SERVERLESS_CACHE,
        severity=Severity.HIGH,
        controls=("F:ElastiCache.6",),
        check=_cache_is_encrypted,
    ),
    ResourceRule(
        id="ENC-22",
        requirement="A file system is encrypted, and it and a backup vault name their key.",
        why="Shared files and backups outlive the machines that wrote them.",
        fix="efs.FileSystem(..., encrypted=True, kms_key_id=key.arn), backup.Vault(..., kms_key_arn=key.arn): made "
        "anew, the settings are immutable",
        types=FILE_SYSTEM | VAULT,
        severity=Severity.HIGH,
        controls=("F:EFS.1", "C7:3.3.1", "800-53 SC-28/SC-8"),
        check=_files_and_backups_are_encrypted,
    ),
)

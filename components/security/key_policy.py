"""Key policies that separate who administers a key from who uses it.

A key's ARN holds a random id, so no policy that names it is known before the key exists. The right to use a key is
therefore given where the key is: in its own policy, as AWS does for its managed keys. A principal of this account may
use it only through an AWS service (`kms:ViaService`), only on what is ours (encryption context) and, for objects, only
if it bears the tag that `components.tags.key_access_tags` puts on a role together with its S3 rights. Nobody, the
account root included, may encrypt or decrypt by calling KMS directly.

The statements name any principal (`*`) of this account (`kms:CallerAccount`), and for objects the environment's roles
(`aws:PrincipalArn`). What a resource policy grants that way is not narrowed by a permissions boundary that is silent
about it, only by one that denies it: the boundary, too, could not name keys before they exist.

Source: KMS developer guide, "Key policies", "kms:ViaService"; CloudWatch Logs user guide, "Encrypt log data";
CloudTrail user guide, "Configure AWS KMS key policies"; RDS user guide, "Configuring an AWS KMS policy for Performance
Insights"; AWS Backup developer guide, "Backup vault creation and deletion"; Secrets Manager user guide, "Secret
encryption and decryption"; SQS developer guide, "Key management"; SNS developer guide, "Key management" (what services
need, and that EventBridge knows no aws:SourceArn there); EKS user guide, "Encrypt Kubernetes secrets with KMS"; EC2
Auto Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes"; IAM user guide, "How AWS
enforcement code logic evaluates requests", IAM role (`aws:PrincipalArn` with a wildcard principal).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from components.naming import PROJECT
from components.policy_document import ANYONE, Statement, account_principal, allow, aws_principal, service_principal
from components.tags import KeyName, key_access_key

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""All that the life of a key needs, and nothing that touches data: no cryptographic operation, no grant."""


class KeyUse(StrEnum):
    """What a key encrypts; each use is one or two statements of its policy."""

    BACKUPS = "backups"
    OBJECTS = "objects"
    ACCESS_LOGS = "access-logs"
    CLUSTER_SECRETS = "cluster-secrets"
    LOG_GROUPS = "log-groups"
    DATABASES = "databases"
    DELIVERY_STREAMS = "delivery-streams"
    QUEUES = "queues"
    SEARCH_DOMAINS = "search-domains"
    SECRETS = "secrets"
    IMAGES = "images"
    TOPICS = "topics"
    TRAILS = "trails"
    VOLUMES = "volumes"


@dataclass(frozen=True, kw_only=True)
class KeyPlace:
    """Where a key lives and what it is for: all that its policy depends on, all known before anything is made."""

    account_id: str
    region: str
    environment: str
    key_name: KeyName


def key_policy(
    place: KeyPlace, uses: Iterable[KeyUse], administrator_role_arns: Iterable[str] = ()
) -> tuple[Statement, ...]:
    """Return the statements of a key's policy: its administration first, then one group for each use."""
    statements = [
        # The account's own IAM policies decide who administers, so a key is never orphaned with a deleted role.
        allow(
            "AdministerThroughIam",
            principal=account_principal(place.account_id),
            actions=ADMINISTRATION,
            resources=["*"],
        )
    ]
    if administrators := tuple(administrator_role_arns):
        statements.append(
            allow("Administer", principal=aws_principal(*administrators), actions=ADMINISTRATION, resources=["*"])
        )
    for use in sorted(set(uses)):
        statements += _STATEMENTS[use](place)
    return tuple(statements)


def _objects(place: KeyPlace) -> list[Statement]:
    """Objects in our buckets, for roles that bear the tag. With a bucket key the context is the bucket's ARN."""
    tag = f"aws:PrincipalTag/{key_access_key(place.key_name)}"
    ours = {
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{PROJECT}-{place.environment}-*"},
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{place.account_id}:role/{PROJECT}-{place.environment}-*"},
    }
    return [
        allow(
            # A multipart upload decrypts the parts before it joins them, so writing needs this as well.
            "DecryptObjects",
            principal=ANYONE,
            actions=["kms:Decrypt"],
            resources=["*"],
            conditions=ours | {"StringEquals": _through(place, "s3") | {tag: ["read", "write"]}},
        ),
        allow(
            # Encrypt is how S3 replication writes a replica.
            "EncryptObjects",
            principal=ANYONE,
            actions=["kms:Encrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions=ours | {"StringEquals": _through(place, "s3") | {tag: ["write"]}},
        ),
    ]


def _access_logs(place: KeyPlace) -> list[Statement]:
    """S3 delivers server access logs as a service of its own; which bucket they are for is in the context."""
    return [
        allow(
            "EncryptAccessLogs",
            principal=service_principal("logging.s3.amazonaws.com"),
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{PROJECT}-{place.environment}-*"}
            },
        )
    ]


def _log_groups(place: KeyPlace) -> list[Statement]:
    """CloudWatch Logs, for the log groups of this account and region."""
    return [
        allow(
            "EncryptLogGroups",
            principal=service_principal(f"logs.{place.region}.amazonaws.com"),
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            resources=["*"],
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{place.region}:{place.account_id}:log-group:*"
                }
            },
        )
    ]


def _databases(place: KeyPlace) -> list[Statement]:
    """RDS works by a grant, which whoever creates the instance lets it make; performance data is read as the reader."""
    return [
        *_grant_through(place, "rds", "GrantToDatabases"),
        allow(
            "ReadPerformanceData",
            principal=ANYONE,
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={"StringEquals": _through(place, "rds") | {"kms:EncryptionContext:aws:pi:service": "rds"}},
        ),
    ]


def _search_domains(place: KeyPlace) -> list[Statement]:
    """OpenSearch Service works by a grant, which whoever makes the domain lets it make."""
    return _grant_through(place, "es", "GrantToSearchDomains")


def _backups(place: KeyPlace) -> list[Statement]:
    """AWS Backup works by a grant, which whoever makes the vault, and its own role, let it make."""
    return [
        allow(
            "EncryptBackups",
            principal=ANYONE,
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={
                "StringEquals": _through(place, "backup"),
            },
        ),
        *_grant_through(place, "backup", "GrantToBackups"),
    ]


def _delivery_streams(place: KeyPlace) -> list[Statement]:
    """Firehose works by a grant, which whoever makes the stream lets it make."""
    return _grant_through(place, "firehose", "GrantToStreams")


def _images(place: KeyPlace) -> list[Statement]:
    """ECR works by a grant, which whoever creates the repository lets it make and retire."""
    return _grant_through(place, "ecr", "GrantToRepositories")


def _secrets(place: KeyPlace) -> list[Statement]:
    """Secrets of RDS and of the platform; whether a principal may read one is for Secrets Manager to decide."""
    secrets = f"arn:aws:secretsmanager:{place.region}:{place.account_id}:secret"
    contexts = {
        "kms:EncryptionContext:SecretARN": [
            # What Secrets Manager tries a key with before the secret exists; no secret is called so.
            "RequestToValidateKeyAccess",
            f"{secrets}:rds!*",
            f"{secrets}:{PROJECT}-{place.environment}/*",
        ]
    }
    return [
        *_use_through(place, "secretsmanager", "UseSecrets", contexts),
        *_grant_through(place, "secretsmanager", "GrantToSecrets"),
    ]


def _queues(place: KeyPlace) -> list[Statement]:
    """Queues of the platform; whether a principal may send or receive is for SQS to decide."""
    queues = f"arn:aws:sqs:{place.region}:{place.account_id}:{PROJECT}-{place.environment}-*"
    return _use_through(place, "sqs", "UseQueues", {"kms:EncryptionContext:aws:sqs:arn": [queues]})


def _topics(place: KeyPlace) -> list[Statement]:
    """Topics of the platform, for the services that publish to them and the roles that may; SNS decides who does.

    EventBridge sends KMS neither account nor rule, so a condition on either would lose its messages without a word: the
    topic's own policy, which is asked first, says for which rules it publishes.
    """
    topics = f"arn:aws:sns:{place.region}:{place.account_id}:{PROJECT}-{place.environment}-*"
    context: dict[str, str | list[str]] = {"kms:EncryptionContext:aws:sns:topicArn": [topics]}
    publish = {"actions": ["kms:Decrypt", "kms:GenerateDataKey*"], "resources": ["*"]}
    return [
        allow(
            "EncryptAlarms",
            principal=service_principal("budgets.amazonaws.com", "cloudwatch.amazonaws.com"),
            conditions={"StringEquals": {"aws:SourceAccount": place.account_id}, "StringLike": context},
            **publish,
        ),
        allow(
            "EncryptEvents",
            principal=service_principal("events.amazonaws.com"),
            conditions={"StringLike": context},
            **publish,
        ),
        *_use_through(place, "sns", "UseTopics", {"kms:EncryptionContext:aws:sns:topicArn": [topics]}),
    ]


def _use_through(place: KeyPlace, service: str, sid: str, contexts: Mapping[str, list[str]]) -> list[Statement]:
    """Let principals of this account use the key through a service, for what the encryption context names.

    Twice: for whoever makes and looks after it, and for the environment's roles, which `aws:PrincipalArn` names so that
    their boundary may be silent about keys.
    """
    roles = f"arn:aws:iam::{place.account_id}:role/{PROJECT}-{place.environment}-*"
    return [
        allow(
            name,
            principal=ANYONE,
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={"StringEquals": _through(place, service), "StringLike": contexts, **narrowed},
        )
        for name, narrowed in ((sid, {}), (f"{sid}AsRoles", {"ArnLike": {"aws:PrincipalArn": roles}}))
    ]


def _cluster_secrets(place: KeyPlace) -> list[Statement]:
    """EKS encrypts Kubernetes secrets by a grant that whoever makes the cluster lets it make.

    Not on condition of `kms:GrantIsForAWSResource`, which CreateCluster does not send.
    """
    return [
        allow(
            "GrantToClusters",
            principal=ANYONE,
            actions=["kms:CreateGrant", "kms:DescribeKey"],
            resources=["*"],
            conditions={"StringEquals": _through(place, "eks")},
        )
    ]


def _volumes(place: KeyPlace) -> list[Statement]:
    """Volumes of nodes, which Auto Scaling makes with its own role, and of pods, which the CSI driver's role makes.

    The service-linked role is named by a condition: KMS refuses a policy that names a principal which is not there
    yet, and AWS makes this one with the account's first group.
    """
    roles = f"arn:aws:iam::{place.account_id}:role"
    makers: dict[str, Mapping[str, str | list[str]]] = {
        "ArnLike": {
            "aws:PrincipalArn": [
                f"{roles}/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling*",
                f"{roles}/{PROJECT}-{place.environment}-*",
            ]
        },
        "StringEquals": _through(place, "ec2"),
    }
    return [
        allow(
            "EncryptVolumes",
            principal=ANYONE,
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            resources=["*"],
            conditions=makers,
        ),
        allow(
            # EC2 keeps the grant for as long as the volume is attached.
            "GrantToVolumes",
            principal=ANYONE,
            actions=["kms:CreateGrant"],
            resources=["*"],
            conditions=makers | {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _trails(place: KeyPlace) -> list[Statement]:
    """CloudTrail encrypts; a reader of the trail decrypts through S3, as for any other object."""
    trails = f"arn:aws:cloudtrail:{place.region}:{place.account_id}:trail/{PROJECT}-{place.environment}-*"
    cloudtrail = service_principal("cloudtrail.amazonaws.com")
    return [
        allow(
            "EncryptTrails",
            principal=cloudtrail,
            actions=["kms:GenerateDataKey*"],
            resources=["*"],
            conditions={
                "ArnLike": {"aws:SourceArn": trails},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails},
            },
        ),
        allow(
            # Into a bucket with a bucket key: the context of that key's data key is the bucket's, not the trail's.
            "EncryptTrailBuckets",
            principal=cloudtrail,
            actions=["kms:GenerateDataKey*"],
            resources=["*"],
            conditions={
                "ArnLike": {"aws:SourceArn": trails},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{PROJECT}-{place.environment}-*"},
            },
        ),
        allow(
            # CloudTrail tries the key of a bucket with a bucket key before it makes the trail.
            "CheckKeyForTrails",
            principal=cloudtrail,
            actions=["kms:Decrypt", "kms:DescribeKey"],
            resources=["*"],
            conditions={"ArnLike": {"aws:SourceArn": trails}},
        ),
    ]


def _grant_through(place: KeyPlace, service: str, sid: str) -> list[Statement]:
    """Let a principal of this account pass the key to an AWS service, and to nobody else."""
    return [
        allow(
            sid,
            principal=ANYONE,
            actions=["kms:CreateGrant"],
            resources=["*"],
            conditions={
                "Bool": {"kms:GrantIsForAWSResource": "true"},
                "StringEquals": _through(place, service),
            },
        ),
        allow(
            f"{sid}Describe",
            principal=ANYONE,
            actions=["kms:DescribeKey", "kms:RetireGrant"],
            resources=["*"],
            conditions={"StringEquals": _through(place, service)},
        ),
    ]


def _through(place: KeyPlace, service: str) -> dict[str, str | list[str]]:
    return {
        "kms:CallerAccount": place.account_id,
        "kms:ViaService": f"{service}.{place.region}.amazonaws.com",
    }


_STATEMENTS: dict[KeyUse, Callable[[KeyPlace], list[Statement]]] = {
    KeyUse.BACKUPS: _backups,
    KeyUse.OBJECTS: _objects,
    KeyUse.ACCESS_LOGS: _access_logs,
    KeyUse.CLUSTER_SECRETS: _cluster_secrets,
    KeyUse.LOG_GROUPS: _log_groups,
    KeyUse.DATABASES: _databases,
    KeyUse.DELIVERY_STREAMS: _delivery_streams,
    KeyUse.QUEUES: _queues,
    KeyUse.SEARCH_DOMAINS: _search_domains,
    KeyUse.SECRETS: _secrets,
    KeyUse.IMAGES: _images,
    KeyUse.TOPICS: _topics,
    KeyUse.TRAILS: _trails,
    KeyUse.VOLUMES: _volumes,
}

"""What `pulumi preview` and `pulumi refresh` read: how things are set up, never what is in them.

AWS' own ReadOnlyAccess is not used because it reads data: objects, secret values, queue messages. Describe and List
calls that AWS does not limit to a resource have the resource `*`; everything else is limited to the account or to the
environment's names.

Source: service authorization reference, one page a service; the reads of the AWS provider at version 7.
"""

from components.security.cluster_permissions import CLUSTER_READ
from components.security.monitoring_permissions import MONITORING_READ
from components.security.permissions import Permission
from components.security.search_permissions import SEARCH_READ

ANY_BUCKET = "arn:aws:s3:::groundwork-{environment}-*"

_PLATFORM: tuple[Permission, ...] = (
    Permission(
        sid="ReadNetwork",
        why="EC2's Describe calls know no resource",
        actions=(
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeAddressesAttribute",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeFlowLogs",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeNatGateways",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribePrefixLists",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcEndpointServices",
            "ec2:DescribeVpcs",
        ),
        resources=("*",),
    ),
    Permission(
        sid="ReadBuckets",
        why="the configuration of the environment's buckets; ListBucket is what HeadBucket asks for",
        actions=(
            "s3:GetAccelerateConfiguration",
            "s3:GetBucketAcl",
            "s3:GetBucketCORS",
            "s3:GetBucketLocation",
            "s3:GetBucketLogging",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketRequestPayment",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetBucketWebsite",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListBucket",
            "s3:ListTagsForResource",
        ),
        resources=(ANY_BUCKET,),
    ),
    Permission(
        sid="ReadKeys",
        why="policy, rotation and tags of keys; a key's name is random, so the account's keys",
        actions=("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
        resources=("arn:aws:kms:*:{account}:key/*",),
    ),
    Permission(
        sid="ListWithoutResource",
        why="these three know no resource",
        actions=("cloudtrail:DescribeTrails", "iam:ListOpenIDConnectProviders", "kms:ListAliases"),
        resources=("*",),
    ),
    Permission(
        sid="ReadIdentities",
        why="the platform's roles and policies",
        actions=(
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListPolicyTags",
            "iam:ListPolicyVersions",
            "iam:ListRolePolicies",
            "iam:ListRoleTags",
        ),
        resources=(
            "arn:aws:iam::{account}:policy/groundwork-{environment}-*",
            "arn:aws:iam::{account}:role/groundwork-{environment}-*",
        ),
    ),
    Permission(
        sid="ReadGitHubProvider",
        why="the OIDC provider that these roles trust",
        actions=("iam:GetOpenIDConnectProvider", "iam:ListOpenIDConnectProviderTags"),
        resources=("arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com",),
    ),
    Permission(
        sid="ReadDatabases",
        why="the provider looks an instance up by its random resource id, so the account's databases",
        actions=(
            "rds:DescribeDBInstances",
            "rds:DescribeDBParameterGroups",
            "rds:DescribeDBParameters",
            "rds:DescribeDBSubnetGroups",
            "rds:ListTagsForResource",
        ),
        resources=(
            "arn:aws:rds:{region}:{account}:db:*",
            "arn:aws:rds:{region}:{account}:pg:*",
            "arn:aws:rds:{region}:{account}:subgrp:*",
        ),
    ),
    Permission(
        sid="ReadRepositories",
        why="how repositories are set up, not the images",
        actions=("ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:ListTagsForResource"),
        resources=("arn:aws:ecr:{region}:{account}:repository/groundwork-{environment}-*",),
    ),
    Permission(
        sid="ReadTrails",
        why="whether the audit trail is as it should be",
        actions=(
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetInsightSelectors",
            "cloudtrail:GetTrail",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListTags",
        ),
        resources=("arn:aws:cloudtrail:{region}:{account}:trail/groundwork-{environment}-*",),
    ),
    Permission(
        sid="ReadBudget",
        why="the environment's budget and who is told, not what anything costs",
        actions=("budgets:ListTagsForResource", "budgets:ViewBudget"),
        resources=("arn:aws:budgets::{account}:budget/groundwork-{environment}-*",),
    ),
    Permission(
        sid="ReadBackups",
        why="how vaults and plans are set up, not the backups; a plan's id is random, so the account's plans",
        actions=(
            "backup:DescribeBackupVault",
            "backup:GetBackupPlan",
            "backup:GetBackupSelection",
            "backup:ListTags",
        ),
        resources=(
            "arn:aws:backup:{region}:{account}:backup-plan:*",
            "arn:aws:backup:{region}:{account}:backup-vault:groundwork-{environment}-*",
        ),
    ),
    Permission(
        sid="ReadSecretSettings",
        why="key, tags and policy of secrets, never their values",
        actions=("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"),
        resources=("arn:aws:secretsmanager:{region}:{account}:secret:groundwork-{environment}/*",),
    ),
    Permission(
        sid="ReadQueues",
        why="how queues are set up, not the messages in them",
        actions=("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"),
        resources=("arn:aws:sqs:{region}:{account}:groundwork-{environment}-*",),
    ),
    Permission(
        sid="ReadRunners",
        why="how pools of runners are set up, not what their jobs said",
        actions=("codebuild:BatchGetProjects",),
        resources=("arn:aws:codebuild:{region}:{account}:project/groundwork-{environment}-*",),
    ),
    Permission(
        sid="ReadLogGroups",
        why="retention and key of log groups, not their events",
        actions=(
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:DescribeSubscriptionFilters",
            "logs:ListTagsForResource",
        ),
        resources=("arn:aws:logs:{region}:{account}:log-group:*",),
    ),
    Permission(
        sid="ReadAuditCopy",
        why="how the stream of the Kubernetes audit log is set up, not what goes through it",
        actions=("firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"),
        resources=("arn:aws:firehose:{region}:{account}:deliverystream/groundwork-{environment}-*",),
    ),
    *CLUSTER_READ,
)
_MONITORING: tuple[Permission, ...] = (*MONITORING_READ, *SEARCH_READ)
READ: tuple[Permission, ...] = (*_PLATFORM, *_MONITORING)

NO_DATA: tuple[Permission, ...] = (
    Permission(
        sid="NoData",
        why="stays true even if somebody attaches a broader policy to the role",
        denied=True,
        actions=("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"),
        resources=(f"{ANY_BUCKET}/*",),
    ),
    Permission(
        sid="NoSecretValues",
        why="a pipeline passes secrets on by ARN and never sees one",
        denied=True,
        actions=("secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"),
        resources=("*",),
    ),
    Permission(
        sid="NoMessagesNoRecords",
        why="what waits in a queue, what a database or a search domain holds, what others are told: not the pipeline's",
        denied=True,
        actions=(
            "es:ESHttpDelete",
            "es:ESHttpGet",
            "es:ESHttpHead",
            "es:ESHttpPatch",
            "es:ESHttpPost",
            "es:ESHttpPut",
            "rds-db:connect",
            "sns:Publish",
            "sqs:DeleteMessage",
            "sqs:PurgeQueue",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ),
        resources=("*",),
    ),
)
"""Of both roles: what is set up is the pipeline's, what is in it is not."""

PREVIEW = {"read": _PLATFORM, "read-monitoring": _MONITORING, "limits": NO_DATA}
"""By the managed policy that holds them, which has room for 6,144 characters."""

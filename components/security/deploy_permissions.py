"""What `pulumi up` changes, service by service; the reads are those of `preview_permissions`.

Left out on purpose, so that it takes an administrator, as the first `up` of an environment does: keys and their
policies (who sets a key's policy could give itself the data), the VPC itself, deleting the cluster and what holds data
(buckets, databases, repositories, log groups), making or deleting the backup vault, stopping the audit trail, the
permissions boundary, the policy on log groups that a search domain needs, and the pipeline's own roles.
Names are the environment's; where AWS gives a random one, its tags say whose it is.

Source: service authorization reference, one page a service.
"""

from components.security.cluster_permissions import CLUSTER_WRITE
from components.security.monitoring_permissions import MONITORING_WRITE
from components.security.permissions import Permission
from components.security.search_permissions import SEARCH_WRITE

OURS = {"StringEquals": {"aws:ResourceTag/managed-by": "groundwork", "aws:ResourceTag/environment": "{environment}"}}
ROLES = "arn:aws:iam::{account}:role/groundwork-{environment}-*"
BOUNDED = {"StringEquals": {"iam:PermissionsBoundary": "{boundary}"}}
EC2 = "arn:aws:ec2:{region}:{account}"

NETWORK: tuple[Permission, ...] = (
    Permission(
        sid="MakeNetwork",
        why="a new resource has no tags to go by yet, only an account and a region",
        actions=(
            "ec2:AllocateAddress",
            "ec2:CreateFlowLogs",
            "ec2:CreateInternetGateway",
            "ec2:CreateNatGateway",
            "ec2:CreateRouteTable",
            "ec2:CreateSecurityGroup",
            "ec2:CreateSubnet",
            "ec2:CreateVpcEndpoint",
        ),
        resources=(f"{EC2}:*",),
    ),
    Permission(
        sid="TagNewNetwork",
        why="tags are given with the call that makes a resource; nobody else's resource can be tagged as ours",
        actions=("ec2:CreateTags",),
        resources=(f"{EC2}:*",),
        conditions={
            "StringEquals": {
                "ec2:CreateAction": [
                    "AllocateAddress",
                    "AuthorizeSecurityGroupEgress",
                    "AuthorizeSecurityGroupIngress",
                    "CreateFlowLogs",
                    "CreateInternetGateway",
                    "CreateNatGateway",
                    "CreateRouteTable",
                    "CreateSecurityGroup",
                    "CreateSubnet",
                    "CreateVpcEndpoint",
                ]
            }
        },
    ),
    Permission(
        sid="ChangeNetwork",
        why="what bears the environment's tags",
        actions=(
            "ec2:AssociateRouteTable",
            "ec2:AttachInternetGateway",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateRoute",
            "ec2:CreateTags",
            "ec2:DeleteFlowLogs",
            "ec2:DeleteInternetGateway",
            "ec2:DeleteNatGateway",
            "ec2:DeleteRoute",
            "ec2:DeleteRouteTable",
            "ec2:DeleteSecurityGroup",
            "ec2:DeleteSubnet",
            "ec2:DeleteTags",
            "ec2:DeleteVpcEndpoints",
            "ec2:DetachInternetGateway",
            "ec2:DisassociateAddress",
            "ec2:DisassociateRouteTable",
            "ec2:ModifySecurityGroupRules",
            "ec2:ModifySubnetAttribute",
            "ec2:ModifyVpcAttribute",
            "ec2:ModifyVpcEndpoint",
            "ec2:ReleaseAddress",
            "ec2:ReplaceRoute",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ),
        resources=(f"{EC2}:*",),
        conditions=OURS,
    ),
    Permission(
        sid="MakeRules",
        why="a rule that is being made has no tags; the group it goes into has, by the permission above",
        actions=("ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"),
        resources=(f"{EC2}:security-group-rule/*",),
    ),
    Permission(
        sid="TagNewRules",
        why="the AWS provider tags a rule by a call of its own, right after it made it: a rule without tags, as ours",
        actions=("ec2:CreateTags",),
        resources=(f"{EC2}:security-group-rule/*",),
        conditions={
            "Null": {"aws:ResourceTag/environment": "true", "aws:ResourceTag/managed-by": "true"},
            "StringEquals": {
                "aws:RequestTag/environment": "{environment}",
                "aws:RequestTag/managed-by": "groundwork",
            },
        },
    ),
    Permission(
        sid="NameEndpoints",
        why="ec2:CreateVpcEndpoint with private DNS asks for it: AWS puts its own hosted zone on the VPC",
        actions=("route53:AssociateVPCWithHostedZone",),
        resources=("arn:aws:route53:::hostedzone/*", f"{EC2}:vpc/*"),
    ),
)

DATA: tuple[Permission, ...] = (
    Permission(
        sid="ConfigureBuckets",
        why="buckets are made and set up, not deleted",
        actions=(
            "s3:CreateBucket",
            "s3:PutBucketLogging",
            "s3:PutBucketObjectLockConfiguration",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:PutReplicationConfiguration",
            "s3:TagResource",
            "s3:UntagResource",
        ),
        resources=("arn:aws:s3:::groundwork-{environment}-*",),
    ),
    Permission(
        sid="ConfigureDatabases",
        why="databases are made and changed, not deleted",
        actions=(
            "rds:AddTagsToResource",
            "rds:CreateDBInstance",
            "rds:CreateDBParameterGroup",
            "rds:CreateDBSubnetGroup",
            "rds:DeleteDBParameterGroup",
            "rds:DeleteDBSubnetGroup",
            "rds:ModifyDBInstance",
            "rds:ModifyDBParameterGroup",
            "rds:ModifyDBSubnetGroup",
            "rds:RebootDBInstance",
            "rds:RemoveTagsFromResource",
            "rds:ResetDBParameterGroup",
        ),
        resources=(
            "arn:aws:rds:{region}:{account}:db:groundwork-{environment}-*",
            # PostgreSQL has no options, yet IAM asks about the default group when an instance is made or changed.
            "arn:aws:rds:{region}:{account}:og:default:postgres-*",
            "arn:aws:rds:{region}:{account}:pg:groundwork-{environment}-*",
            "arn:aws:rds:{region}:{account}:subgrp:groundwork-{environment}-*",
        ),
    ),
    Permission(
        sid="MakeMasterSecret",
        why="RDS makes the master user's secret in the name of whoever makes the instance",
        actions=("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
        resources=("arn:aws:secretsmanager:{region}:{account}:secret:rds!*",),
    ),
    Permission(
        sid="ConfigureSecrets",
        why="secrets are made and set up, without values; whoever changes a policy still reads none",
        actions=(
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteResourcePolicy",
            "secretsmanager:PutResourcePolicy",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
            "secretsmanager:UpdateSecret",
        ),
        resources=("arn:aws:secretsmanager:{region}:{account}:secret:groundwork-{environment}/*",),
    ),
    Permission(
        sid="RemoveUsersSecrets",
        why="who leaves a team takes the sign-in along, which can be made again; the server's secret stays",
        actions=("secretsmanager:DeleteSecret",),
        resources=("arn:aws:secretsmanager:{region}:{account}:secret:groundwork-{environment}/mlflow/*/*",),
    ),
    Permission(
        sid="ConfigureQueues",
        why="queues are made and changed, not deleted, and no message is sent or received",
        actions=("sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"),
        resources=("arn:aws:sqs:{region}:{account}:groundwork-{environment}-*",),
    ),
    Permission(
        sid="ConfigureRepositories",
        why="repositories are made and set up, not deleted, and no image is pushed",
        actions=(
            "ecr:CreateRepository",
            "ecr:DeleteLifecyclePolicy",
            "ecr:PutImageScanningConfiguration",
            "ecr:PutImageTagMutability",
            "ecr:PutLifecyclePolicy",
            "ecr:TagResource",
            "ecr:UntagResource",
        ),
        resources=("arn:aws:ecr:{region}:{account}:repository/groundwork-{environment}-*",),
    ),
    Permission(
        sid="ConfigureRunners",
        why="pools of runners are made, changed and deleted: they hold nothing; no build is started or looked into",
        actions=(
            "codebuild:CreateProject",
            "codebuild:CreateWebhook",
            "codebuild:DeleteProject",
            "codebuild:DeleteWebhook",
            "codebuild:UpdateProject",
            "codebuild:UpdateWebhook",
        ),
        resources=("arn:aws:codebuild:{region}:{account}:project/groundwork-{environment}-*",),
    ),
    Permission(
        sid="HandConnectionToRunners",
        why="a project is told by which connection it gets at its repository",
        actions=("codeconnections:PassConnection",),
        resources=("arn:aws:codeconnections:{region}:{account}:connection/*",),
        conditions={"StringEquals": {"codeconnections:PassedToService": "codebuild.amazonaws.com"}},
    ),
    Permission(
        sid="ConfigureLogGroups",
        why="log groups of the platform, and those that RDS and CloudTrail prescribe the beginning of",
        actions=(
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ),
        resources=("arn:aws:logs:{region}:{account}:log-group:*groundwork-{environment}-*",),
    ),
    Permission(
        sid="ConfigureAuditCopy",
        why="the stream of the Kubernetes audit log is made and changed, not deleted, and nothing is put on it",
        actions=(
            "firehose:CreateDeliveryStream",
            "firehose:StartDeliveryStreamEncryption",
            "firehose:TagDeliveryStream",
            "firehose:UntagDeliveryStream",
            "firehose:UpdateDestination",
        ),
        resources=("arn:aws:firehose:{region}:{account}:deliverystream/groundwork-{environment}-*",),
    ),
    Permission(
        sid="SubscribeAuditCopy",
        why="the log group of the cluster is subscribed to; taking the subscription away is not for a pipeline",
        actions=("logs:PutSubscriptionFilter",),
        resources=("arn:aws:logs:{region}:{account}:log-group:/aws/eks/groundwork-{environment}/cluster*",),
    ),
    Permission(
        sid="MakeErrorLog",
        why="Firehose writes what it could not deliver to a log stream that is there",
        actions=("logs:CreateLogStream",),
        resources=(
            "arn:aws:logs:{region}:{account}:log-group:/aws/kinesisfirehose/groundwork-{environment}-*:log-stream:*",
        ),
    ),
    Permission(
        sid="ConfigureTrails",
        why="the trail can be made and changed; stopping or deleting it is not for a pipeline",
        actions=(
            "cloudtrail:AddTags",
            "cloudtrail:CreateTrail",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:RemoveTags",
            "cloudtrail:StartLogging",
            "cloudtrail:UpdateTrail",
        ),
        resources=("arn:aws:cloudtrail:{region}:{account}:trail/groundwork-{environment}-*",),
    ),
    Permission(
        sid="MakeBackupPlans",
        why="a plan's id is random: what is being made has no tags to go by yet, only an account and a region",
        actions=("backup:CreateBackupPlan", "backup:CreateBackupSelection"),
        resources=("arn:aws:backup:{region}:{account}:backup-plan:*",),
    ),
    Permission(
        sid="ConfigureBackups",
        why="a plan and its selection can be changed; the vault is neither made nor deleted, nor is a backup",
        actions=(
            "backup:DeleteBackupSelection",
            "backup:TagResource",
            "backup:UntagResource",
            "backup:UpdateBackupPlan",
        ),
        resources=(
            "arn:aws:backup:{region}:{account}:backup-plan:*",
            "arn:aws:backup:{region}:{account}:backup-vault:groundwork-{environment}-*",
        ),
    ),
)

COST: tuple[Permission, ...] = (
    Permission(
        sid="ConfigureBudget",
        why="the environment's budget; ModifyBudget is what making, changing and deleting ask for",
        actions=("budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"),
        resources=("arn:aws:budgets::{account}:budget/groundwork-{environment}-*",),
    ),
)

IDENTITY: tuple[Permission, ...] = (
    Permission(
        sid="MakeBoundedRoles",
        why="a role is made, and given rights, only under the boundary",
        actions=("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePolicy"),
        resources=(ROLES,),
        conditions=BOUNDED,
    ),
    Permission(
        sid="AttachPoliciesOfAws",
        why="the managed policies of AWS that the platform attaches: of RDS, the cluster, nodes and the CNI",
        actions=("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        resources=(ROLES,),
        conditions={
            "ArnEquals": {
                "iam:PolicyARN": [
                    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
                    "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
                    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
                    "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
                    "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
                ]
            },
            "StringEquals": {"iam:PermissionsBoundary": "{boundary}"},
        },
    ),
    Permission(
        sid="ChangeRoles",
        why="none of these gives a role more than its boundary",
        actions=(
            "iam:DeleteRole",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ),
        resources=(ROLES,),
    ),
    Permission(
        sid="PassRoles",
        why="the platform's roles, and only to the services that they are for",
        actions=("iam:PassRole",),
        resources=(ROLES,),
        conditions={
            "StringEquals": {
                "iam:PassedToService": [
                    "backup.amazonaws.com",
                    "cloudtrail.amazonaws.com",
                    "codebuild.amazonaws.com",
                    "eks.amazonaws.com",
                    "events.amazonaws.com",
                    "firehose.amazonaws.com",
                    "logs.amazonaws.com",
                    "pods.eks.amazonaws.com",
                    "monitoring.rds.amazonaws.com",
                    "s3.amazonaws.com",
                    "vpc-flow-logs.amazonaws.com",
                ]
            }
        },
    ),
    Permission(
        sid="MakeServiceLinkedRole",
        why="RDS makes its own role with the account's first database",
        actions=("iam:CreateServiceLinkedRole",),
        resources=("arn:aws:iam::{account}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",),
        conditions={"StringEquals": {"iam:AWSServiceName": "rds.amazonaws.com"}},
    ),
    Permission(
        sid="KeepBoundary",
        why="no role leaves its boundary or gets another",
        denied=True,
        actions=("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"),
        resources=("*",),
    ),
    Permission(
        sid="LeaveBoundaryAlone",
        why="the boundary itself is changed by an administrator",
        denied=True,
        actions=(
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:SetDefaultPolicyVersion",
        ),
        resources=("arn:aws:iam::{account}:policy/groundwork-{environment}-*",),
    ),
    Permission(
        sid="LeavePipelineAlone",
        why="the pipeline does not change who it is or what it may do",
        denied=True,
        actions=(
            "iam:AttachRolePolicy",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PassRole",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ),
        resources=("arn:aws:iam::{account}:role/groundwork-{environment}-github-*",),
    ),
)

WRITE = {
    "network": NETWORK,
    "data": (*DATA, *COST),
    "cluster": CLUSTER_WRITE,
    "identity": IDENTITY,
    "monitoring": (*MONITORING_WRITE, *SEARCH_WRITE),
}
"""By the managed policy that holds them: one may be 6,144 characters long, so they are five."""

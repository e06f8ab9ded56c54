"""The most that any role of an environment may ever do, whatever its own policies say.

Every role that the platform makes bears it, and the pipeline's deploy role can make none without it. It names the
rights that workloads and the platform's service roles use and no more; a later component that needs another service
adds its line here, in review. Keys: see `components.security.key_policy`, which grants their use to role sessions; the
boundary denies any use of a key but through S3 and EC2.

Source: IAM user guide, "Permissions boundaries for IAM entities".
"""

import pulumi
from pulumi_aws import iam

from components.model import Model
from components.naming import PROJECT, physical_name
from components.policy_document import Statement, allow, deny, document

POLICY_NAME_LIMIT = 128


class PermissionsBoundaryArgs(Model):
    """Whose roles are bounded: everything in it is a name known beforehand."""

    account_id: str
    """Whose resources the roles may reach."""
    region: str
    """Where the roles may write logs."""
    environment: str
    """Whose buckets the roles may reach, and part of the policy's name."""


class PermissionsBoundary(pulumi.ComponentResource):
    """The managed policy `groundwork-<environment>-boundary`."""

    arn: pulumi.Output[str]
    """Goes to every component that makes a role."""

    def __init__(self, name: str, args: PermissionsBoundaryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:security:PermissionsBoundary", name, None, opts)
        policy = iam.Policy(
            f"{name}-policy",
            name=boundary_name(args.environment),
            description=f"The most that a role of Groundwork {args.environment} may do",
            policy=document(*boundary_statements(args)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = policy.arn
        self.register_outputs({"arn": self.arn})


def boundary_name(environment: str) -> str:
    """Return the name of an environment's boundary policy."""
    return physical_name(environment, "boundary", limit=POLICY_NAME_LIMIT)


def boundary_arn(account_id: str, environment: str) -> str:
    """Return the ARN that the boundary policy has, known before it exists: other policies name it."""
    return f"arn:aws:iam::{account_id}:policy/{boundary_name(environment)}"


def boundary_statements(args: PermissionsBoundaryArgs) -> tuple[Statement, ...]:
    """Return what any role may do at most: objects of the environment, writing logs, and what runs the cluster."""
    buckets = f"arn:aws:s3:::{PROJECT}-{args.environment}-*"  # the pattern covers the objects in them too
    log_groups = f"arn:aws:logs:{args.region}:{args.account_id}:log-group:*"
    return (
        allow(
            # Workloads, S3 replication, and AWS Backup, which sets up a bucket's events and inventories for itself.
            "ObjectsOfTheEnvironment",
            actions=[
                "s3:AbortMultipartUpload",
                "s3:GetBucket*",
                "s3:GetInventoryConfiguration",
                "s3:GetObject",
                "s3:GetObjectAcl",
                "s3:GetObjectLegalHold",
                "s3:GetObjectRetention",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
                "s3:GetReplicationConfiguration",
                "s3:ListBucket*",
                "s3:ListMultipartUploadParts",
                "s3:PutBucketNotification",
                "s3:PutInventoryConfiguration",
                "s3:PutObject",
                "s3:ReplicateObject",
                "s3:ReplicateTags",
            ],
            resources=[buckets],
        ),
        allow(
            # Of the service roles: flow logs, CloudTrail, and RDS enhanced monitoring, which makes its own group.
            "WriteLogs",
            actions=[
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:Describe*",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
                "logs:PutRetentionPolicy",
            ],
            resources=[log_groups],
        ),
        *_people_and_autoscaler(args),
        *_nodes_and_network(args),
        *_backups(args),
        deny(
            # For objects, for the volumes that the CSI driver makes, and for backups.
            "KeysOnlyThroughServices",
            actions=["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:Generate*", "kms:ReEncrypt*"],
            resources=["*"],
            conditions={
                "StringNotLike": {
                    "kms:ViaService": ["backup.*.amazonaws.com", "ec2.*.amazonaws.com", "s3.*.amazonaws.com"]
                }
            },
        ),
        deny("NoIdentities", actions=["iam:*", "organizations:*", "sts:AssumeRole"], resources=["*"]),
    )


def _people_and_autoscaler(args: PermissionsBoundaryArgs) -> tuple[Statement, ...]:
    """Return what the roles of people and of the cluster autoscaler may do at most, beside objects."""
    cluster = f"{PROJECT}-{args.environment}"
    eks = f"arn:aws:eks:{args.region}:{args.account_id}:*/{cluster}"
    groups = f"arn:aws:autoscaling:{args.region}:{args.account_id}:autoScalingGroup:*:autoScalingGroupName/*"
    return (
        allow(
            "SeeWhatHasNoResource",  # capacity and the network; what AWS Backup looks for stores with
            actions=[
                "autoscaling:Describe*",
                "cloudwatch:GetMetricData",
                "ec2:Describe*",
                "ecr:GetAuthorizationToken",
                "elasticloadbalancing:Describe*",
                "events:ListRules",
                "tag:GetResources",
            ],
            resources=["*"],
        ),
        allow(
            "ScaleNodePools",
            actions=["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            resources=[groups],
            conditions={"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}},
        ),
        allow(
            "SeeAndOperateCluster",
            actions=["eks:Describe*", "eks:List*", "eks:UpdateNodegroupConfig"],
            resources=[eks, f"{eks}/*"],
        ),
        allow(
            "SeeImages",
            actions=["ecr:Describe*", "ecr:ListImages"],
            resources=[f"arn:aws:ecr:{args.region}:{args.account_id}:repository/{cluster}-*"],
        ),
        allow(
            "SeeTrail",
            actions=["cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"],
            resources=[f"arn:aws:cloudtrail:{args.region}:{args.account_id}:trail/{cluster}-*"],
        ),
        allow(
            "ReadTrailEvents",
            actions=["logs:FilterLogEvents"],
            resources=[f"arn:aws:logs:{args.region}:{args.account_id}:log-group:/aws/cloudtrail/{cluster}-*"],
        ),
    )


def _nodes_and_network(args: PermissionsBoundaryArgs) -> tuple[Statement, ...]:
    """Return what the cluster's role, nodes, the CNI and the CSI driver may do at most.

    AWS' managed policies for them ask for more: routes of subnets, other Auto Scaling groups, instance attributes. The
    control plane does not use these with pods that have addresses of the VPC.
    """
    ec2 = f"arn:aws:ec2:{args.region}:{args.account_id}"
    snapshots = f"arn:aws:ec2:{args.region}::snapshot/*"
    return (
        # EKS looks at the key of secrets with the cluster's role.
        allow("SeeKeys", actions=["kms:DescribeKey"], resources=[f"arn:aws:kms:{args.region}:{args.account_id}:key/*"]),
        allow(
            "AddressesAndVolumesOfPods",
            actions=[
                "ec2:AssignPrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:AttachVolume",
                "ec2:CreateNetworkInterface",
                "ec2:CreateSnapshot",
                "ec2:CreateTags",
                "ec2:CreateVolume",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteSnapshot",
                "ec2:DeleteVolume",
                "ec2:DetachNetworkInterface",
                "ec2:DetachVolume",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:ModifyVolume",
                "ec2:UnassignPrivateIpAddresses",
            ],
            resources=[
                f"{ec2}:instance/*",
                f"{ec2}:network-interface/*",
                f"{ec2}:security-group/*",
                f"{ec2}:subnet/*",
                f"{ec2}:volume/*",
                snapshots,
            ],
        ),
        allow(
            "LoadBalancersOfServices",
            actions=[
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:CreateSecurityGroup",
                "ec2:DeleteSecurityGroup",
                "ec2:RevokeSecurityGroupIngress",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
                "elasticloadbalancing:AttachLoadBalancerToSubnets",
                "elasticloadbalancing:ConfigureHealthCheck",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateLoadBalancerListeners",
                "elasticloadbalancing:CreateTargetGroup",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:DeleteLoadBalancerListeners",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
                "elasticloadbalancing:RegisterTargets",
            ],
            resources=[
                f"{ec2}:security-group/*",
                f"{ec2}:vpc/*",
                f"arn:aws:elasticloadbalancing:{args.region}:{args.account_id}:*",
            ],
        ),
        allow(
            # Images of the environment, and those of EKS' add-ons, which are in accounts of AWS.
            "PullImages",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[f"arn:aws:ecr:{args.region}:*:repository/*"],
        ),
        allow(
            # With which the agent on a node gets pods their roles.
            "RolesOfPods",
            actions=["eks-auth:AssumeRoleForPodIdentity"],
            resources=[f"arn:aws:eks:{args.region}:{args.account_id}:cluster/{PROJECT}-{args.environment}"],
        ),
    )


def _backups(args: PermissionsBoundaryArgs) -> tuple[Statement, ...]:
    """Return what the role of AWS Backup may do at most, beside what is said of buckets and of what has no resource."""
    ours, here = f"{PROJECT}-{args.environment}-*", f"{args.region}:{args.account_id}"
    rds = f"arn:aws:rds:{here}"
    return (
        allow(
            "FollowChanges",
            actions=[
                "events:DeleteRule",
                "events:DescribeRule",
                "events:DisableRule",
                "events:EnableRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
            ],
            resources=[f"arn:aws:events:{here}:rule/AwsBackupManagedRule*"],
        ),
        allow(
            "SnapshotDatabases",
            actions=[
                "rds:AddTagsToResource",
                "rds:CreateDBSnapshot",
                "rds:DeleteDBSnapshot",
                "rds:Describe*",
                "rds:ListTagsForResource",
            ],
            resources=[f"{rds}:db:{ours}", f"{rds}:snapshot:awsbackup:*"],
        ),
        allow(
            "KeepBackups",
            actions=["backup:CopyIntoBackupVault", "backup:DescribeBackupVault", "backup:TagResource"],
            resources=[f"arn:aws:backup:{here}:backup-vault:{ours}", f"arn:aws:backup:{here}:recovery-point:*"],
        ),
    )

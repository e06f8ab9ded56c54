"""The rights of the permissions boundary, one service each, and the statement that several of them share.

An action matches the resources of its own service alone, so rights on different services say in one statement what
each says for itself; two on the same service would widen each other, and are refused.

Source: IAM user guide, "IAM JSON policy elements: Resource"; service authorization reference, one page a service.
"""

from dataclasses import dataclass

from components.naming import PROJECT
from components.policy_document import Statement, allow


@dataclass(frozen=True, kw_only=True)
class BoundedPlace:
    """Whose resources the rights are about: everything in it is a name known beforehand."""

    account_id: str
    region: str
    environment: str


@dataclass(frozen=True)
class Right:
    """Actions of one service and the resources that they may be about."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]

    @property
    def service(self) -> str:
        """The service whose resources they are: each action is its own, or acts on nothing else."""
        (found,) = {arn.split(":")[2] for arn in self.resources}
        return found


def together(sid: str, *rights: Right) -> Statement:
    """Return one statement of several rights.

    Raises `ValueError` where two are on the same service: each would then be on the other's resources too.
    """
    services = [right.service for right in rights]
    if twice := sorted({service for service in services if services.count(service) > 1}):
        raise ValueError(f"statement {sid!r} has more than one right on {', '.join(twice)}, which would widen each")
    return allow(
        sid,
        actions=[action for right in rights for action in right.actions],
        resources=[arn for right in rights for arn in right.resources],
    )


def objects_and_logs(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what workloads and service roles do with objects and logs at most."""
    return (
        Right(
            # Workloads, S3 replication, and AWS Backup, which sets up a bucket's events and inventories for itself.
            (
                "s3:AbortMultipartUpload",
                "s3:GetBucket*",
                "s3:GetInventoryConfiguration",
                "s3:GetObject*",
                "s3:GetReplicationConfiguration",
                "s3:ListBucket*",
                "s3:ListMultipartUploadParts",
                "s3:PutBucketNotification",
                "s3:PutInventoryConfiguration",
                "s3:PutObject",
                "s3:ReplicateObject",
                "s3:ReplicateTags",
            ),
            (f"arn:aws:s3:::{PROJECT}-{place.environment}-*",),  # the pattern covers the objects in them too
        ),
        Right(
            # Of the service roles: flow logs, CloudTrail, and RDS enhanced monitoring, which makes its own group.
            (
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:Describe*",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
                "logs:PutRetentionPolicy",
            ),
            (f"arn:aws:logs:{place.region}:{place.account_id}:log-group:*",),
        ),
    )


def cluster_parts(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what people see and operate at most, and what nodes and controllers use beside EC2."""
    here, cluster = f"{place.region}:{place.account_id}", f"{PROJECT}-{place.environment}"
    eks = f"arn:aws:eks:{here}:*/{cluster}"
    return (
        Right(
            # The last one is how the agent on a node gets pods their roles.
            ("eks:Describe*", "eks:List*", "eks:UpdateNodegroupConfig", "eks-auth:AssumeRoleForPodIdentity"),
            (eks, f"{eks}/*"),
        ),
        Right(("ecr:Describe*", "ecr:ListImages"), (f"arn:aws:ecr:{here}:repository/{cluster}-*",)),
        Right(
            ("cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"),
            (f"arn:aws:cloudtrail:{here}:trail/{cluster}-*",),
        ),
        # EKS looks at the key of secrets with the cluster's role.
        Right(("kms:DescribeKey",), (f"arn:aws:kms:{here}:key/*",)),
        Right(
            # Load balancers of services.
            (
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
                "elasticloadbalancing:AttachLoadBalancerToSubnets",
                "elasticloadbalancing:ConfigureHealthCheck",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateLoadBalancerListeners",
                "elasticloadbalancing:CreateTargetGroup",
                "elasticloadbalancing:Delete*Listener*",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:Deregister*",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:ModifyTargetGroup*",
                "elasticloadbalancing:Register*",
            ),
            (f"arn:aws:elasticloadbalancing:{here}:*",),
        ),
    )


def registry(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what the tracking server, its jobs and its users do at most beside objects."""
    here, ours = f"{place.region}:{place.account_id}", f"{PROJECT}-{place.environment}"
    return (
        Right(
            ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"),
            (f"arn:aws:secretsmanager:{here}:secret:{ours}/*",),
        ),
        Right(
            (
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueue*",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ),
            (f"arn:aws:sqs:{here}:{ours}-*",),
        ),
        # As the user of a database; the instance's id is random.
        Right(("rds-db:connect",), (f"arn:aws:rds-db:{here}:dbuser:*/*",)),
    )


def streams(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what CloudWatch Logs does at most: hand logs to the environment's delivery streams."""
    ours = f"arn:aws:firehose:{place.region}:{place.account_id}:deliverystream/{PROJECT}-{place.environment}-*"
    return (Right(("firehose:PutRecord*",), (ours,)),)


def alarms(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what Alertmanager does at most: publish to the environment's topic."""
    topics = f"arn:aws:sns:{place.region}:{place.account_id}:{PROJECT}-{place.environment}-*"
    return (Right(("sns:Publish",), (topics,)),)


def searches(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what is asked of the search domain itself at most: by the Job that sets it up, what writes, and people."""
    ours = f"arn:aws:es:{place.region}:{place.account_id}:domain/{PROJECT}-{place.environment}-*"
    return (Right(("es:ESHttp*",), (ours,)),)


def backups(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what the role of AWS Backup may do at most, beside what is said of buckets and of what has no resource."""
    ours, here = f"{PROJECT}-{place.environment}-*", f"{place.region}:{place.account_id}"
    rds, backup = f"arn:aws:rds:{here}", f"arn:aws:backup:{here}"
    return (
        Right(
            # How AWS Backup follows changes.
            ("events:*Rule", "events:PutTargets", "events:RemoveTargets"),
            (f"arn:aws:events:{here}:rule/AwsBackupManagedRule*",),
        ),
        Right(
            (
                "rds:AddTagsToResource",
                "rds:CreateDBSnapshot",
                "rds:DeleteDBSnapshot",
                "rds:Describe*",
                "rds:ListTagsForResource",
            ),
            (f"{rds}:db:{ours}", f"{rds}:snapshot:awsbackup:*"),
        ),
        Right(
            ("backup:CopyIntoBackupVault", "backup:DescribeBackupVault", "backup:TagResource"),
            (f"{backup}:backup-vault:{ours}", f"{backup}:recovery-point:*"),
        ),
    )


def of_others(place: BoundedPlace) -> tuple[Right, ...]:
    """Return what is beside the environment's own names: what AWS names, or keeps in accounts of its own."""
    here, ours = f"{place.region}:{place.account_id}", f"{PROJECT}-{place.environment}"
    return (
        # Images of the environment, and those of EKS' add-ons, which are in accounts of AWS.
        Right(
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            (f"arn:aws:ecr:{place.region}:*:repository/*",),
        ),
        # How EventBridge sends events of us-east-1 home.
        Right(("events:PutEvents",), (f"arn:aws:events:{here}:event-bus/default",)),
        Right(("logs:FilterLogEvents",), (f"arn:aws:logs:{here}:log-group:/aws/cloudtrail/{ours}-*",)),
        # By which CodeBuild gets at GitHub or GitLab for a runner; its own policy names the one.
        Right(
            ("codeconnections:GetConnection", "codeconnections:GetConnectionToken"),
            (f"arn:aws:codeconnections:{here}:connection/*",),
        ),
        # Prometheus' remote write; its own policy names the workspace.
        Right(("aps:RemoteWrite",), (f"arn:aws:aps:{here}:workspace/*",)),
        # Of the databases' master users, which RDS names; a role's own policy tells by tags of which.
        Right(
            ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
            (f"arn:aws:secretsmanager:{here}:secret:rds!db-*",),
        ),
    )

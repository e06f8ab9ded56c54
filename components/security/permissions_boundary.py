"""The most that any role of an environment may ever do, whatever its own policies say.

Every role that the platform makes bears it, and the pipeline's deploy role can make none without it. It names the
rights that workloads and the platform's service roles use and no more; a later component that needs another service
adds its line here, in review. Keys: see `components.security.key_policy`, which grants their use to role sessions; the
boundary denies any use of a key but through the services named here.

A managed policy has room for 6,144 characters, so rights on different services share statements
(`components.security.boundary_rights`), and a wildcard stands for several actions where no other action of the service
is called so: a test compares them with the service's own list.

Source: IAM user guide, "Permissions boundaries for IAM entities", "IAM and STS character limits".
"""

import pulumi
from pulumi_aws import iam

from components.model import Model
from components.naming import PROJECT, physical_name
from components.policy_document import Statement, allow, deny, document
from components.security.boundary_rights import (
    BoundedPlace,
    alarms,
    backups,
    cluster_parts,
    objects_and_logs,
    of_others,
    registry,
    searches,
    streams,
    together,
)

POLICY_NAME_LIMIT = 128
KEY_SERVICES = ("backup", "ec2", "s3", "secretsmanager", "sns", "sqs")
"""The services through which a role may use keys."""


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
    place = BoundedPlace(account_id=args.account_id, region=args.region, environment=args.environment)
    cluster = f"{PROJECT}-{args.environment}"
    groups = f"arn:aws:autoscaling:{args.region}:{args.account_id}:autoScalingGroup:*:autoScalingGroupName/*"
    return (
        together(
            "WithinTheEnvironment",
            *objects_and_logs(place),
            *cluster_parts(place),
            *backups(place),
            *registry(place),
            *alarms(place),
            *streams(place),
            *searches(place),
        ),
        together("WithinTheAccount", *of_others(place)),
        allow(
            # Capacity and the network; what AWS Backup looks for stores with; a password that is made for the caller.
            "WithoutResource",
            actions=[
                "autoscaling:Describe*",
                "cloudwatch:GetMetricData",
                "cloudwatch:GetMetricStatistics",
                "ec2:Describe*",
                "ecr:GetAuthorizationToken",
                "elasticloadbalancing:Describe*",
                "events:ListRules",
                "secretsmanager:GetRandomPassword",
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
        *_addresses_volumes_and_groups(args),
        deny(
            # For objects, for the volumes that the CSI driver makes, for backups, secrets, messages and alarms.
            "KeysOnlyThroughServices",
            actions=["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:Generate*", "kms:ReEncrypt*"],
            resources=["*"],
            conditions={"StringNotLike": {"kms:ViaService": [f"{name}.*.amazonaws.com" for name in KEY_SERVICES]}},
        ),
        deny("NoIdentities", actions=["iam:*", "organizations:*", "sts:AssumeRole"], resources=["*"]),
    )


def _addresses_volumes_and_groups(args: PermissionsBoundaryArgs) -> tuple[Statement, ...]:
    """Return what the cluster's role, nodes, the CNI and the CSI driver may do with EC2 at most.

    AWS' managed policies for them ask for more: routes of subnets, other Auto Scaling groups, instance attributes. The
    control plane does not use these with pods that have addresses of the VPC.
    """
    ec2 = f"arn:aws:ec2:{args.region}:{args.account_id}"
    snapshots = f"arn:aws:ec2:{args.region}::snapshot/*"
    return (
        allow(
            "AddressesAndVolumesOfPods",
            actions=[
                "ec2:*PrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:AttachVolume",
                "ec2:CreateNetworkInterface*",
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
            "GroupsOfLoadBalancers",
            actions=["ec2:*SecurityGroupIngress", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup"],
            resources=[f"{ec2}:security-group/*", f"{ec2}:vpc/*"],
        ),
    )

"""Private ways from a VPC to AWS services, open to this account alone.

Owns the S3 gateway endpoint, an interface endpoint for each service and their security group.
Units:  ports are TCP ports.
Source: AWS PrivateLink guide, "AWS services that integrate with AWS PrivateLink"; the policies follow the whitepaper
        "Building a data perimeter on AWS".
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import pulumi
from pulumi_aws import ec2, vpc

from components.model import Model, Wire
from components.policy_document import ANYONE, Statement, allow, document
from components.tags import name_tag

InterfaceService: TypeAlias = Literal[
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "monitoring",
    "rds",
    "secretsmanager",
    "sns",
    "sqs",
    "sts",
]
HTTPS = 443

# Services that hold the platform's own data: a caller of this account reaches only what this account owns. Not ECR,
# from which nodes also pull the images of EKS add-ons: those are AWS's own.
OWN_DATA_ONLY = frozenset({"kms", "logs", "secretsmanager", "sns", "sqs"})


class EndpointsArgs(Model):
    """What the endpoints of a VPC need."""

    account_id: str
    """The AWS account, 12 digits."""
    region: str
    """The AWS region, such as eu-west-1."""
    environment: str
    """Whose network this is; part of the Name tags."""
    interface_services: tuple[InterfaceService, ...]
    """Services that get an interface endpoint."""
    vpc_id: Wire
    """The VPC."""
    vpc_cidr: str
    """Its IPv4 range: who may reach the interface endpoints."""
    subnet_ids: Sequence[Wire]
    """Private subnets, at most one a zone, where the interface endpoints live."""
    route_table_ids: Sequence[Wire]
    """Route tables that lead to S3 through the gateway endpoint."""


class Endpoints(pulumi.ComponentResource):
    """The endpoints of one VPC."""

    security_group_id: pulumi.Output[str]
    s3_prefix_list_id: pulumi.Output[str]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:network:Endpoints", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        s3 = ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=args.route_table_ids,
            policy=_s3_policy(args.account_id, args.region),
            tags=name_tag(args.environment, f"{name}-s3"),
            opts=child,
        )
        group = ec2.SecurityGroup(
            f"{name}-security-group",
            description="Interface endpoints of AWS services: HTTPS from the VPC",
            vpc_id=args.vpc_id,
            egress=[],  # explicitly none: AWS gives a new group egress to everywhere
            tags=name_tag(args.environment, f"{name}-security-group"),
            opts=child,
        )
        vpc.SecurityGroupIngressRule(
            f"{name}-https",
            security_group_id=group.id,
            description="HTTPS from the VPC",
            cidr_ipv4=args.vpc_cidr,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            tags=name_tag(args.environment, f"{name}-https"),
            opts=child,
        )
        for service in args.interface_services:
            role = f"{name}-{service.replace('.', '-')}"
            ec2.VpcEndpoint(
                role,
                vpc_id=args.vpc_id,
                service_name=f"com.amazonaws.{args.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=args.subnet_ids,
                security_group_ids=[group.id],
                private_dns_enabled=True,
                policy=interface_policy(service, args.account_id),
                tags=name_tag(args.environment, role),
                opts=child,
            )

        self.security_group_id, self.s3_prefix_list_id = group.id, s3.prefix_list_id
        self.register_outputs(
            {"security_group_id": self.security_group_id, "s3_prefix_list_id": self.s3_prefix_list_id}
        )


def interface_policy(service: str, account_id: str) -> str:
    """Return the policy of a service's interface endpoint: callers of this account, and no others.

    STS also serves callers that have no account yet, those who change an OIDC token for a role of this account.
    """
    callers: dict[str, str] = {"aws:PrincipalAccount": account_id}
    if service in OWN_DATA_ONLY:
        callers["aws:ResourceAccount"] = account_id
    statements: list[Statement] = [
        allow(
            "CallersOfThisAccount",
            actions=["*"],
            resources=["*"],
            principal=ANYONE,
            conditions={"StringEquals": callers},
        )
    ]
    if service == "sts":
        statements.append(
            allow(
                "FederatedIntoThisAccount",
                actions=["sts:AssumeRoleWithWebIdentity"],
                resources=[f"arn:aws:iam::{account_id}:role/*"],
                principal=ANYONE,
            )
        )
    return document(*statements)


def _s3_policy(account_id: str, region: str) -> str:
    """Return the policy of the S3 endpoint: this account's buckets, and the bucket that ECR serves layers from.

    Source: ECR user guide, "Amazon ECR interface VPC endpoints", minimum S3 bucket permissions.
    """
    return document(
        allow(
            "BucketsOfThisAccount",
            actions=["s3:*"],
            resources=["*"],
            principal=ANYONE,
            conditions={"StringEquals": {"aws:PrincipalAccount": account_id, "aws:ResourceAccount": account_id}},
        ),
        allow(
            "LayersOfContainerImages",
            actions=["s3:GetObject"],
            resources=[f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*"],
            principal=ANYONE,
        ),
    )

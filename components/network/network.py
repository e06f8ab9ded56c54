"""A VPC over two or three zones, each with a public, a private and an isolated subnet.

Public subnets route to the internet, private ones through NAT where there is any, isolated ones nowhere but S3. Nothing
gets a public address by itself, the default security group admits nothing, every connection is recorded.
Owns the VPC and its subnets, and through its parts the routes, the endpoints and the flow logs; not the key of the
logs, which is wired in.
Units:  the CIDR is IPv4, /16 to /20; retention in days.
Source: VPC user guide, "VPC basics" and "Subnet CIDR blocks" (AWS keeps five addresses of each subnet).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Annotated, Self

import pulumi
from pulumi_aws import ec2
from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from components.model import Model, Wire
from components.network.endpoints import Endpoints, EndpointsArgs, InterfaceService
from components.network.flow_logs import FlowLogs, FlowLogsArgs
from components.network.routes import Nat, Routes, RoutesArgs
from components.network.subnets import MAX_PREFIX, MIN_PREFIX, plan_subnets
from components.retention import FromThreeMonths
from components.tags import name_tag

PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
LOAD_BALANCER_TAGS: Mapping[str, dict[str, str]] = {
    "public": {"kubernetes.io/role/elb": "1"},
    "private": {"kubernetes.io/role/internal-elb": "1"},
}
"""By tier, how Kubernetes finds the subnets of load balancers. Source: EKS user guide, "View Amazon EKS networking
requirements for VPC and subnets"."""

PLATFORM_SERVICES: tuple[InterfaceService, ...] = (
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
    "sts",
)


def _fits_the_subnets(cidr: IPv4Network) -> IPv4Network:
    if not MIN_PREFIX <= cidr.prefixlen <= MAX_PREFIX:
        raise ValueError(f"/{cidr.prefixlen} does not fit the subnets, which need /{MIN_PREFIX} to /{MAX_PREFIX}")
    if not any(cidr.subnet_of(private) for private in PRIVATE_RANGES):
        raise ValueError("not a private range: it must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)")
    return cidr


class NetworkSettings(Model):
    """What the stack file says of the network."""

    cidr: Annotated[
        IPv4Network,
        AfterValidator(_fits_the_subnets),
        WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+/(16|17|18|19|20)$"}),
        Field(examples=["10.20.0.0/16"]),
    ]
    """IPv4 range of the VPC, /16 to /20, in a private range; it cannot change later."""
    nat: Annotated[Nat, Field(examples=["single"])] = "single"
    """How private subnets reach the internet: not at all, through one NAT gateway, or through one in each zone."""
    interface_endpoints: Annotated[tuple[InterfaceService, ...], Field(examples=[["kms", "sts"]])] = PLATFORM_SERVICES
    """AWS services reached through an interface endpoint in the VPC; the default is those that the platform calls."""
    interface_endpoint_zones: Annotated[
        Annotated[tuple[str, ...], Field(min_length=1)] | None, Field(examples=[["eu-west-1a"]])
    ] = None
    """Some of the environment's zones, in which interface endpoints have an address; absent, all of them. The other
    zones reach these too. A zone less is an hourly charge less for each endpoint, and the way is lost with its zone."""
    flow_log_retention_days: Annotated[FromThreeMonths, Field(examples=[365])] = 365
    """Days that a record of a connection is kept: one of the periods that CloudWatch Logs takes, from 90."""


class NetworkArgs(Model):
    """What a network needs."""

    settings: NetworkSettings
    """What the stack file says."""
    account_id: str
    """The AWS account, 12 digits."""
    region: str
    """The AWS region, such as eu-west-1."""
    environment: str
    """Whose network this is; part of physical names and Name tags."""
    zones: Annotated[tuple[str, ...], Field(min_length=2, max_length=3)]
    """Availability zones of the region; add the third at the end, so that no subnet moves."""
    logs_key_arn: Wire
    """The KMS key of internal data, which CloudWatch Logs may use for this environment's log groups."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the role that writes flow logs."""

    @model_validator(mode="after")
    def _endpoints_are_in_the_zones(self) -> Self:
        if elsewhere := sorted(set(self.settings.interface_endpoint_zones or ()) - set(self.zones)):
            raise ValueError(f"interface_endpoint_zones: {', '.join(elsewhere)} is none of {', '.join(self.zones)}")
        return self


class Network(pulumi.ComponentResource):
    """The network of one environment. Lists of subnets are in the order of the zones."""

    vpc_id: pulumi.Output[str]
    vpc_cidr: str
    public_subnet_ids: list[pulumi.Output[str]]
    private_subnet_ids: list[pulumi.Output[str]]
    isolated_subnet_ids: list[pulumi.Output[str]]
    endpoint_security_group_id: pulumi.Output[str]
    s3_prefix_list_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:network:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings, environment = args.settings, args.environment

        vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(settings.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,  # private names of interface endpoints need both
            tags=name_tag(environment, f"{name}-vpc"),
            opts=child,
        )
        # Adopted and emptied: a resource whose security group was forgotten then reaches nothing.
        ec2.DefaultSecurityGroup(
            f"{name}-default",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=name_tag(environment, f"{name}-default"),
            opts=child,
        )
        # Stateful: another name or range replaces a subnet and everything that lives in it.
        ids: dict[str, dict[str, pulumi.Output[str]]] = {"public": {}, "private": {}, "isolated": {}}
        for zone, planned in plan_subnets(settings.cidr, args.zones).items():
            letter = zone.removeprefix(args.region)
            for tier, cidr in planned.by_tier().items():
                subnet = ec2.Subnet(
                    f"{name}-{tier}-{letter}",
                    vpc_id=vpc.id,
                    availability_zone=zone,
                    cidr_block=str(cidr),
                    map_public_ip_on_launch=False,
                    tags=name_tag(environment, f"{name}-{tier}-{letter}") | LOAD_BALANCER_TAGS.get(tier, {}),
                    opts=child,
                )
                ids[tier][letter] = subnet.id

        routes = Routes(
            f"{name}-routes",
            RoutesArgs(
                environment=environment,
                vpc_id=vpc.id,
                nat=settings.nat,
                public_subnet_ids=ids["public"],
                private_subnet_ids=ids["private"],
                isolated_subnet_ids=ids["isolated"],
            ),
            child,
        )
        endpoint_zones = settings.interface_endpoint_zones or args.zones
        endpoints = Endpoints(
            f"{name}-endpoints",
            EndpointsArgs(
                account_id=args.account_id,
                region=args.region,
                environment=environment,
                interface_services=settings.interface_endpoints,
                vpc_id=vpc.id,
                vpc_cidr=str(settings.cidr),
                subnet_ids=[ids["private"][zone.removeprefix(args.region)] for zone in endpoint_zones],
                route_table_ids=routes.route_table_ids,
            ),
            child,
        )
        FlowLogs(
            f"{name}-flow-logs",
            FlowLogsArgs(
                account_id=args.account_id,
                region=args.region,
                environment=environment,
                vpc_id=vpc.id,
                retention_days=settings.flow_log_retention_days,
                logs_key_arn=args.logs_key_arn,
                boundary_arn=args.boundary_arn,
            ),
            child,
        )

        self.vpc_id, self.vpc_cidr = vpc.id, str(settings.cidr)
        self.public_subnet_ids = list(ids["public"].values())
        self.private_subnet_ids = list(ids["private"].values())
        self.isolated_subnet_ids = list(ids["isolated"].values())
        self.endpoint_security_group_id = endpoints.security_group_id
        self.s3_prefix_list_id = endpoints.s3_prefix_list_id
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "vpc_cidr": self.vpc_cidr,
                "public_subnet_ids": self.public_subnet_ids,
                "private_subnet_ids": self.private_subnet_ids,
                "isolated_subnet_ids": self.isolated_subnet_ids,
                "endpoint_security_group_id": self.endpoint_security_group_id,
                "s3_prefix_list_id": self.s3_prefix_list_id,
            }
        )

"""Where each subnet's traffic may go: public ones to the internet, private ones through NAT, isolated ones nowhere.

Owns the internet gateway, the NAT gateways with their addresses, the route tables and their associations.
Source: VPC user guide, "Configure route tables" and "NAT gateways".
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import pulumi
from pulumi_aws import ec2

from components.model import Model, Wire
from components.tags import name_tag

WORLD = "0.0.0.0/0"

Nat: TypeAlias = Literal["none", "single", "per_zone"]


class RoutesArgs(Model):
    """What the routes of a VPC need. Subnets are keyed by the letter of their zone, all three by the same ones."""

    environment: str
    """Whose network this is; part of the Name tags."""
    vpc_id: Wire
    """The VPC."""
    nat: Nat
    """How private subnets reach the internet: not at all, through one NAT gateway, or through one in each zone."""
    public_subnet_ids: Mapping[str, Wire]
    """Subnets with a route to the internet gateway."""
    private_subnet_ids: Mapping[str, Wire]
    """Subnets whose way out is NAT, each with a route table of its own."""
    isolated_subnet_ids: Mapping[str, Wire]
    """Subnets without a way out."""


class Routes(pulumi.ComponentResource):
    """The routes of one VPC."""

    route_table_ids: list[pulumi.Output[str]]

    def __init__(self, name: str, args: RoutesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:network:Routes", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        def route_table(role: str, tier: str, subnet_ids: Mapping[str, Wire]) -> ec2.RouteTable:
            """Make a route table and put subnets of a tier on it."""
            tags = name_tag(args.environment, f"{name}-{role}")
            table = ec2.RouteTable(f"{name}-{role}", vpc_id=args.vpc_id, tags=tags, opts=child)
            for letter, subnet_id in subnet_ids.items():
                association = f"{name}-{tier}-{letter}-association"
                ec2.RouteTableAssociation(association, subnet_id=subnet_id, route_table_id=table.id, opts=child)
            return table

        internet = ec2.InternetGateway(
            f"{name}-internet",
            vpc_id=args.vpc_id,
            tags=name_tag(args.environment, f"{name}-internet"),
            opts=child,
        )
        public = route_table("public", "public", args.public_subnet_ids)
        to_internet = ec2.Route(
            f"{name}-public-to-internet",
            route_table_id=public.id,
            destination_cidr_block=WORLD,
            gateway_id=internet.id,
            opts=child,
        )
        # AWS refuses a NAT gateway in a subnet that has no way to the internet yet.
        after_route = pulumi.ResourceOptions(parent=self, depends_on=[to_internet])
        gateways: dict[str, ec2.NatGateway] = {}
        for letter in _zones_with_nat(args):
            role = f"{name}-nat-{letter}"
            tags = name_tag(args.environment, f"{role}-address")
            address = ec2.Eip(f"{role}-address", domain="vpc", tags=tags, opts=child)
            gateways[letter] = ec2.NatGateway(
                role,
                subnet_id=args.public_subnet_ids[letter],
                allocation_id=address.id,
                tags=name_tag(args.environment, role),
                opts=after_route,
            )

        private = {
            letter: route_table(f"private-{letter}", "private", {letter: subnet_id})
            for letter, subnet_id in args.private_subnet_ids.items()
        }
        for letter, table in private.items() if gateways else ():
            ec2.Route(
                f"{name}-private-{letter}-to-nat",
                route_table_id=table.id,
                destination_cidr_block=WORLD,
                nat_gateway_id=gateways.get(letter, next(iter(gateways.values()))).id,
                opts=child,
            )
        isolated = route_table("isolated", "isolated", args.isolated_subnet_ids)

        self.route_table_ids = [table.id for table in (public, *private.values(), isolated)]
        self.register_outputs({"route_table_ids": self.route_table_ids})


def _zones_with_nat(args: RoutesArgs) -> list[str]:
    letters = list(args.public_subnet_ids)
    return {"none": [], "single": letters[:1], "per_zone": letters}[args.nat]

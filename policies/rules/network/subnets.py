"""Which subnets are private: machines in them get no public address, and no route leads from them to the internet."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.index import Resource, Stack
from policies.ranges import is_world
from policies.rule import Findings, Undecided, Violation
from policies.tokens import aws
from policies.values import Node

SUBNET, VPC = aws("ec2/subnet:Subnet"), aws("ec2/vpc:Vpc")
ROUTE, INTERNET_GATEWAY = aws("ec2/route:Route"), aws("ec2/internetGateway:InternetGateway")
ROUTE_TABLE, MAIN_ROUTE_TABLE = aws("ec2/routeTable:RouteTable"), aws("ec2/defaultRouteTable:DefaultRouteTable")
ASSOCIATION = aws("ec2/routeTableAssociation:RouteTableAssociation")
MAIN_ASSOCIATION = aws("ec2/mainRouteTableAssociation:MainRouteTableAssociation")
ROUTING = VPC | ROUTE | INTERNET_GATEWAY | ROUTE_TABLE | MAIN_ROUTE_TABLE | ASSOCIATION | MAIN_ASSOCIATION
"""What decides where traffic of a subnet goes."""
_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")
_A_SUBNET = "a private subnet of this stack"


@dataclass(frozen=True)
class Exposure:
    """Why a subnet is not private."""

    reason: str
    certain: bool
    """False: perhaps, once values are known that are not known yet."""


def are_private(stack: Stack, resource: Resource, subnets: Node) -> Findings:
    """Yield a finding for each of a list of subnets that is not private, and for a list without any."""
    if not subnets.each():
        yield Violation(subnets.path, "no subnet is named", _A_SUBNET)
    for node in subnets.each():
        reference = stack.reference(resource, node, SUBNET)
        if not reference.targets and not reference.certain:
            yield Undecided(node.path)
        elif not reference.targets:
            elsewhere = isinstance(node.value, str)
            yield Violation(node.path, "the subnet is not in this stack", _A_SUBNET, companion=elsewhere)
        exposures = [(subnet, found) for subnet in reference.targets for found in exposures_of(stack, subnet)]
        for subnet, found in exposures:
            if found.certain and reference.certain:
                name = subnet.urn.rpartition("::")[2]
                yield Violation(node.path, f"the subnet {name} is public: {found.reason}", _A_SUBNET)
            else:
                yield Undecided(node.path)


def exposures_of(stack: Stack, subnet: Resource) -> Iterator[Exposure]:
    """Yield what makes a subnet public, or may."""
    address = subnet["mapPublicIpOnLaunch"]
    if address.unknown or address.value not in (None, False):
        yield Exposure("machines in it get a public address", certain=not address.unknown)
    for table, certain in _tables(stack, subnet):
        if table is None:
            yield Exposure("a route table decides that is not known yet", certain=False)
            continue
        for leads_out in _routes(stack, table):
            yield Exposure("a route leads from it to an internet gateway", certain=certain and leads_out)


def _tables(stack: Stack, subnet: Resource) -> Iterator[tuple[Resource | None, bool]]:
    """Yield the route tables of a subnet, and whether each is certain: its own, else the main one of its VPC.

    None stands for one that is not known yet.
    """
    own = stack.companions(subnet, ASSOCIATION, "subnetId", ("id",))
    for association in own.certain:
        yield from _referred(stack, association, certain=True)
    for association, _ in own.possible:
        yield from _referred(stack, association, certain=False)
    if own.certain:
        return
    for vpc in stack.reference(subnet, subnet["vpcId"], VPC, ("id",)).targets:
        main = stack.companions(vpc, MAIN_ASSOCIATION, "vpcId", ("id",)).certain
        for association in main:
            yield from _referred(stack, association, certain=not own.possible)
        adopted = stack.companions(vpc, MAIN_ROUTE_TABLE, "defaultRouteTableId", ("defaultRouteTableId",)).certain
        yield from ((table, not own.possible) for table in adopted if not main)


def _referred(stack: Stack, association: Resource, *, certain: bool) -> Iterator[tuple[Resource | None, bool]]:
    node = association["routeTableId"]
    reference = stack.reference(association, node, ROUTE_TABLE | MAIN_ROUTE_TABLE, ("id",))
    if node.unknown and not reference.targets:
        yield None, False
    yield from ((table, certain and reference.certain) for table in reference.targets)


def _routes(stack: Stack, table: Resource) -> Iterator[bool]:
    """Yield for each route of a table to an internet gateway whether it is one for certain."""
    added = stack.companions(table, ROUTE, "routeTableId", ("id",))
    held = [(table, route, True) for route in table["routes"].each()]
    held += [(route, Node(dict(route.inputs), ""), True) for route in added.certain]
    held += [(route, Node(dict(route.inputs), ""), False) for route, _ in added.possible]
    for holder, route, of_this_table in held:
        leads_out = _leads_out(stack, holder, route)
        if leads_out is not False:
            yield of_this_table and leads_out is True


def _leads_out(stack: Stack, holder: Resource, route: Node) -> bool | None:
    """Whether a route takes the world to an internet gateway; None: perhaps."""
    if route.unknown:
        return None
    destinations = [node for name in _DESTINATIONS if (node := route[name]).value not in (None, "")]
    to_world = any(not node.unknown and is_world(node.value) for node in destinations)
    gateway = route["gatewayId"]
    reference = stack.reference(holder, gateway, INTERNET_GATEWAY, ("id",))
    to_gateway = bool(reference.targets) or str(gateway.value).startswith("igw-")
    perhaps_world = to_world or any(node.unknown for node in destinations)
    perhaps_gateway = to_gateway or gateway.unknown
    if not (perhaps_world and perhaps_gateway):
        return False
    certain = to_world and to_gateway and (reference.certain or not gateway.unknown)
    return True if certain else None

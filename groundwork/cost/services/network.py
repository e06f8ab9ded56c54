"""NAT, addresses, endpoints."""

from collections.abc import Iterator
from typing import Final

from groundwork.cost.charges import HOURS, ByType, Charge, Resource
from groundwork.cost.use import Use


def _nat(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("ec2.nat.hour", HOURS)
    yield Charge("ec2.nat.gb", use.nat_gb.of(resource.name))


def _address(_: Resource, __: Use) -> Iterator[Charge]:
    yield Charge("vpc.ipv4.hour", HOURS)


def _endpoint(resource: Resource, use: Use) -> Iterator[Charge]:
    """An interface endpoint is charged in each zone that it has an address in; a gateway endpoint is free."""
    kind, subnets = resource["vpcEndpointType"], resource["subnetIds"]
    if kind.value in (None, "Gateway"):  # Gateway is what AWS makes of none
        return
    if kind.value != "Interface":
        yield Charge("vpc.endpoint.hour", None, f"there is no price for an endpoint of the type {kind.value}")
        return
    if subnets.unknown:
        yield Charge("vpc.endpoint.hour", None, "subnetIds is not known, and so in how many zones it is")
    else:
        yield Charge("vpc.endpoint.hour", HOURS * len(subnets.each()))
    yield Charge("vpc.endpoint.gb", use.endpoint_gb.of(resource.name))


CHARGES: Final[ByType] = {
    "aws:ec2/natGateway:NatGateway": _nat,
    "aws:ec2/eip:Eip": _address,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
}

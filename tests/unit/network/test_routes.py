"""Decides which subnet is asked to route where; whether packets do is AWS's part."""

import pytest

from tests.support.recorder import Recorder
from tests.unit.network.conftest import Build

ROUTE = "aws:ec2/route:Route"
NAT = "aws:ec2/natGateway:NatGateway"


def nat_of(recorder: Recorder) -> dict[str, str]:
    return {
        made.name.removeprefix("network-routes-"): made.inputs["natGatewayId"]
        for made in recorder.of_type(ROUTE)
        if "natGatewayId" in made.inputs
    }


@pytest.mark.parametrize(
    ("nat", "routes"),
    [
        ("none", {}),
        ("single", dict.fromkeys(["private-a-to-nat", "private-b-to-nat", "private-c-to-nat"], "a")),
        ("per_zone", {"private-a-to-nat": "a", "private-b-to-nat": "b", "private-c-to-nat": "c"}),
    ],
)
def test_private_subnets_leave_through_as_many_nat_gateways_as_the_settings_say(
    build: Build, recorder: Recorder, nat: str, routes: dict[str, str]
) -> None:
    build(3, nat=nat)
    assert nat_of(recorder) == {role: f"network-routes-nat-{letter}-id" for role, letter in routes.items()}
    assert len(recorder.of_type(NAT)) == len(set(routes.values()))


def test_a_nat_gateway_stands_in_the_public_subnet_of_its_zone_on_an_address_of_its_own(
    build: Build, recorder: Recorder
) -> None:
    build(2, nat="per_zone")
    inputs = recorder.one("network-routes-nat-b").inputs
    assert inputs["subnetId"] == "network-public-b-id"
    assert inputs["allocationId"] == "network-routes-nat-b-address-id"


def test_only_the_public_route_table_leads_to_the_internet_gateway(build: Build, recorder: Recorder) -> None:
    build(2)
    (route,) = [made for made in recorder.of_type(ROUTE) if "gatewayId" in made.inputs]
    assert route.inputs["routeTableId"] == "network-routes-public-id"
    assert route.inputs["gatewayId"] == "network-routes-internet-id"


def test_isolated_subnets_have_a_route_table_without_a_route(build: Build, recorder: Recorder) -> None:
    build(2, nat="per_zone")
    tables = {
        made.inputs["subnetId"]: made.inputs["routeTableId"]
        for made in recorder.of_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
    }
    assert len(tables) == 6, "a subnet without an association falls back on the main route table"
    assert tables["network-isolated-a-id"] == tables["network-isolated-b-id"] == "network-routes-isolated-id"
    assert tables["network-private-b-id"] == "network-routes-private-b-id"
    assert "network-routes-isolated-id" not in {made.inputs["routeTableId"] for made in recorder.of_type(ROUTE)}

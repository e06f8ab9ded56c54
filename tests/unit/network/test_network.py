"""Decides what the network asks for, not what AWS grants: mocks check neither enum values nor required fields."""

import asyncio
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.network.network import NetworkSettings
from tests.support.recorder import Recorder
from tests.unit.network.conftest import Build

SUBNET = "aws:ec2/subnet:Subnet"


def value(output: pulumi.Output[Any]) -> Any:
    return asyncio.get_event_loop().run_until_complete(output.future())


@pytest.mark.parametrize("zones", [2, 3])
def test_every_zone_has_a_public_a_private_and_an_isolated_subnet(build: Build, recorder: Recorder, zones: int) -> None:
    build(zones)
    expected = {f"network-{tier}-{letter}" for tier in ("public", "private", "isolated") for letter in "abc"[:zones]}
    assert {made.name for made in recorder.of_type(SUBNET)} == expected
    assert recorder.one("network-private-b").inputs["availabilityZone"] == "eu-west-1b"


def test_no_subnet_gives_out_public_addresses(build: Build, recorder: Recorder) -> None:
    build()
    assert {made.inputs["mapPublicIpOnLaunch"] for made in recorder.of_type(SUBNET)} == {False}


def test_kubernetes_finds_the_subnets_of_its_load_balancers(build: Build, recorder: Recorder) -> None:
    build()
    roles = {
        made.name: {key for key in made.inputs["tags"] if key.startswith("kubernetes.io/")}
        for made in recorder.of_type(SUBNET)
    }
    assert roles["network-public-a"] == {"kubernetes.io/role/elb"}
    assert roles["network-private-a"] == {"kubernetes.io/role/internal-elb"}
    assert roles["network-isolated-a"] == set()


def test_the_default_security_group_is_adopted_and_empty(build: Build, recorder: Recorder) -> None:
    build()
    inputs = recorder.one("network-default").inputs
    assert inputs["vpcId"] == "network-vpc-id"
    assert inputs["ingress"] == inputs["egress"] == []


def test_results_are_in_the_order_of_the_zones(build: Build) -> None:
    network = build(3)
    assert [value(subnet) for subnet in network.private_subnet_ids] == [f"network-private-{z}-id" for z in "abc"]
    assert [value(subnet) for subnet in network.isolated_subnet_ids] == [f"network-isolated-{z}-id" for z in "abc"]
    assert [value(subnet) for subnet in network.public_subnet_ids] == [f"network-public-{z}-id" for z in "abc"]
    assert network.vpc_cidr == "10.20.0.0/16"
    assert value(network.vpc_id) == "network-vpc-id"
    assert value(network.s3_prefix_list_id) == "pl-12345678"
    assert value(network.endpoint_security_group_id) == "network-endpoints-security-group-id"


def test_what_has_no_name_of_its_own_carries_a_name_tag_of_environment_and_logical_name(
    build: Build, recorder: Recorder
) -> None:
    build(3, nat="per_zone")
    nameless = [made for made in recorder.children() if made.typ.split("/")[0] in ("aws:ec2", "aws:vpc")]
    tagged = [made for made in nameless if made.typ.split(":")[-1] not in ("Route", "RouteTableAssociation")]
    assert {made.name: made.inputs["tags"]["Name"] for made in tagged} == {m.name: f"dev-{m.name}" for m in tagged}
    assert len(tagged) > 30


def test_names_are_unique_and_begin_with_the_name_of_the_network(build: Build, recorder: Recorder) -> None:
    build(3, nat="per_zone")
    names = [made.name for made in recorder.children()]
    assert len(names) == len(set(names)), "mocks accept a second registration in silence; the engine does not"
    assert all(name.startswith("network-") for name in names)


@pytest.mark.parametrize(
    ("cidr", "said"),
    [
        ("10.20.0.0/21", "/21 does not fit the subnets, which need /16 to /20"),
        ("10.0.0.0/8", "/8 does not fit the subnets"),
        ("52.0.0.0/16", "not a private range"),
        ("10.20.0.1/16", "not a valid IPv4 network"),
        ("ten", "IPv4"),
    ],
)
def test_a_range_that_cannot_hold_the_subnets_is_refused(cidr: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkSettings.model_validate({"cidr": cidr})

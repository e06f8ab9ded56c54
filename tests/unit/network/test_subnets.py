"""Decides how the VPC's range is cut; whether AWS takes the ranges is tried on the twin."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from components.network.subnets import plan_subnets

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
AWS_KEEPS = 5


@pytest.mark.parametrize("prefix", [16, 17, 18, 19, 20])
def test_subnets_lie_in_the_vpc_and_apart_from_each_other(prefix: int) -> None:
    cidr = IPv4Network(f"10.20.0.0/{prefix}")
    ranges = [subnet for zone in plan_subnets(cidr, ZONES).values() for subnet in zone.by_tier().values()]
    assert len(ranges) == 9
    assert all(subnet.subnet_of(cidr) for subnet in ranges)
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_the_smallest_vpc_still_gives_every_subnet_a_full_256_addresses() -> None:
    ranges = [
        subnet
        for zone in plan_subnets(IPv4Network("10.20.0.0/20"), ZONES).values()
        for subnet in zone.by_tier().values()
    ]
    assert min(subnet.num_addresses for subnet in ranges) == 256 > AWS_KEEPS


def test_a_16_is_cut_as_the_module_says() -> None:
    a, b = plan_subnets(IPv4Network("10.20.0.0/16"), ZONES[:2]).values()
    assert [str(a.private), str(a.isolated), str(a.public)] == ["10.20.0.0/19", "10.20.32.0/20", "10.20.48.0/20"]
    assert str(b.private) == "10.20.64.0/19"


def test_a_third_zone_moves_no_subnet_of_the_first_two() -> None:
    cidr = IPv4Network("172.16.0.0/18")
    three = plan_subnets(cidr, ZONES)
    assert {zone: three[zone] for zone in ZONES[:2]} == plan_subnets(cidr, ZONES[:2])


@pytest.mark.parametrize(
    ("cidr", "zones", "said"),
    [
        ("10.20.0.0/21", ZONES, "/16 to /20"),
        ("10.0.0.0/8", ZONES, "/16 to /20"),
        ("10.20.0.0/16", (*ZONES, "eu-west-1d"), "3 distinct zones"),
        ("10.20.0.0/16", ("eu-west-1a", "eu-west-1a"), "3 distinct zones"),
    ],
)
def test_what_cannot_be_cut_is_refused(cidr: str, zones: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plan_subnets(IPv4Network(cidr), zones)

"""Where each subnet lies in the VPC's CIDR: arithmetic alone.

The range is cut into four zone blocks, the fourth kept in reserve. Half of a block is private, where nodes and pods
take addresses by the thousand; of the other half one part is isolated, one public:

    10.20.0.0/16    zone a 10.20.0.0/18      private  10.20.0.0/19
                                             isolated 10.20.32.0/20
                                             public   10.20.48.0/20
                    zone b 10.20.64.0/18     and so on

A zone's place follows from its position alone, so that a third zone added at the end moves no subnet of the first two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

ZONE_BLOCKS = 4
MIN_PREFIX, MAX_PREFIX = (
    16,
    20,
)  # AWS takes a VPC of /16 to /28; below /20 an isolated subnet holds fewer than 251 hosts


@dataclass(frozen=True, kw_only=True)
class ZoneSubnets:
    """The three subnets of one availability zone."""

    public: IPv4Network
    private: IPv4Network
    isolated: IPv4Network

    def by_tier(self) -> dict[str, IPv4Network]:
        """Return the ranges by the name of their tier."""
        return {"public": self.public, "private": self.private, "isolated": self.isolated}


def plan_subnets(cidr: IPv4Network, zones: Sequence[str]) -> dict[str, ZoneSubnets]:
    """Return the subnets of each zone, in the order of `zones`.

    Raises `ValueError` for a range outside /16 to /20, for more zones than blocks and for a zone named twice.
    """
    if not MIN_PREFIX <= cidr.prefixlen <= MAX_PREFIX:
        raise ValueError(f"a VPC of /{MIN_PREFIX} to /{MAX_PREFIX} is needed, got {cidr}")
    if len(zones) >= ZONE_BLOCKS or len(set(zones)) != len(zones):
        raise ValueError(f"up to {ZONE_BLOCKS - 1} distinct zones are needed, got {list(zones)}")
    blocks = cidr.subnets(prefixlen_diff=2)
    return {zone: _cut(block) for zone, block in zip(zones, blocks, strict=False)}


def _cut(block: IPv4Network) -> ZoneSubnets:
    private, rest = block.subnets(prefixlen_diff=1)
    isolated, public = rest.subnets(prefixlen_diff=1)
    return ZoneSubnets(public=public, private=private, isolated=isolated)

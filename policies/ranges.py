"""Ranges of addresses, and when they are the world.

What is no range might be one, and counts as the world.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=4096)
def _parsed(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None


def is_world(cidr: object) -> bool:
    """Whether a range holds every address, however it is spelt.

    >>> is_world("0.0.0.0/0"), is_world("1.2.3.4/0"), is_world("10.0.0.0/8"), is_world("everyone")
    (True, True, False, True)
    """
    parsed = _parsed(cidr) if isinstance(cidr, str) else None
    return parsed is None or parsed.prefixlen == 0


def are_world(cidrs: Iterable[object]) -> bool:
    """Whether ranges together hold every address of a family, though none of them may.

    >>> are_world(["0.0.0.0/1", "128.0.0.0/1"]), are_world(["0.0.0.0/1", "::/1"])
    (True, False)
    """
    known = list(cidrs)
    if any(is_world(cidr) for cidr in known):
        return True
    parsed = [range_ for cidr in known if isinstance(cidr, str) and (range_ := _parsed(cidr)) is not None]
    four = ipaddress.collapse_addresses(range_ for range_ in parsed if isinstance(range_, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(range_ for range_ in parsed if isinstance(range_, ipaddress.IPv6Network))
    return any(range_.prefixlen == 0 for range_ in four) or any(range_.prefixlen == 0 for range_ in six)


def contains(cidr: object, address: str) -> bool:
    """Whether a range holds an address. What is no range holds none.

    >>> contains("169.254.0.0/16", "169.254.169.254"), contains("::/0", "169.254.169.254")
    (True, False)
    """
    parsed = _parsed(cidr) if isinstance(cidr, str) else None
    return parsed is not None and ipaddress.ip_address(address) in parsed

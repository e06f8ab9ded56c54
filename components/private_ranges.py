"""Ranges of addresses of one's own networks: nothing of the platform is there for the internet."""

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema


def _private(cidr: IPv4Network) -> IPv4Network:
    if not cidr.is_private:
        raise ValueError(f"{cidr} is of the internet: name ranges of your own networks, such as 10.0.0.0/8")
    return cidr


PrivateRange = Annotated[
    IPv4Network, AfterValidator(_private), WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+/[0-9]+$"})
]

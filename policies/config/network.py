"""Settings of the NET rules."""

from dataclasses import dataclass

from policies.config.reading import setting, whole_numbers


@dataclass(frozen=True)
class NetworkSettings:
    """What the NET rules take from the config."""

    load_balancer_ports: tuple[int, ...] = setting((443,), whole_numbers("ports such as 443"))
    """NET-01: ports that a load balancer's group may open to the world."""

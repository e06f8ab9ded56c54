"""NET: what the world may reach, and what may reach the world."""

from policies.rule import Rule
from policies.rules.network import addresses, clusters, endpoints, entrances, groups, network_policies, stores

RULES: tuple[Rule, ...] = (
    *groups.RULES,
    *addresses.RULES,
    *clusters.RULES,
    *endpoints.RULES,
    *stores.RULES,
    *network_policies.RULES,
    *entrances.RULES,
)

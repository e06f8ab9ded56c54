"""Every rule of the pack, by family, in the order of the catalogue."""

from policies.rule import Rule
from policies.rules import access, audit, cost, encryption, governance, network, pods, resilience, supply_chain

RULES: tuple[Rule, ...] = (
    *encryption.RULES,
    *access.RULES,
    *pods.RULES,
    *network.RULES,
    *audit.RULES,
    *resilience.RULES,
    *supply_chain.RULES,
    *governance.RULES,
    *cost.RULES,
)

"""NET: what the world may reach, and what may reach the world."""

from policies.rule import Rule
from policies.rules.network import groups

RULES: tuple[Rule, ...] = (*groups.RULES,)

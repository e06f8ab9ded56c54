"""ACC: what policies grant, who may assume a role, and identities that live too long."""

from policies.rule import Rule
from policies.rules.access import identities

RULES: tuple[Rule, ...] = (*identities.RULES,)

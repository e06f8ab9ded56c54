"""LOG: what is recorded, and for how long."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()

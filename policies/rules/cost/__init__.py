"""CST: what money may be spent on."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()

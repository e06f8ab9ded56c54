"""RES: what survives a failure or a mistake."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()

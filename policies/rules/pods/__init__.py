"""POD: what a pod may do to its node."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()

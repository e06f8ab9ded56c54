"""MLG: what is known of data sets and models."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()

"""SUP: where images and charts come from."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()

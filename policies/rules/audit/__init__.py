"""LOG: what is recorded, and for how long."""

from policies.rule import Rule
from policies.rules.audit import account, logs, traffic, trails

RULES: tuple[Rule, ...] = (*trails.RULES, *traffic.RULES, *logs.RULES, *account.RULES)

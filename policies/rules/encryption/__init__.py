"""ENC: encryption at rest and in transit, and the keys it needs."""

from policies.rule import Rule
from policies.rules.encryption import buckets, databases, keys

RULES: tuple[Rule, ...] = (*buckets.RULES, *databases.RULES, *keys.RULES)

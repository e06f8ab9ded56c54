"""RES: what outlives a mistake, a zone and a version."""

from policies.rule import Rule
from policies.rules.resilience import backups, buckets, clusters, databases, protection, queues, services

RULES: tuple[Rule, ...] = (
    *buckets.RULES,
    *databases.RULES,
    *services.RULES,
    *queues.RULES,
    *protection.RULES,
    *clusters.RULES,
    *backups.RULES,
)

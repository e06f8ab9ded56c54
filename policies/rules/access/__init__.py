"""ACC: who may do what, by identity and resource policies, and how databases, clusters and machines are reached."""

from policies.rule import Rule
from policies.rules.access import (
    attachments,
    buckets,
    clusters,
    databases,
    grants,
    resource_policies,
    trusts,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *grants.RULES,
            *trusts.RULES,
            *attachments.RULES,
            *buckets.RULES,
            *resource_policies.RULES,
            *databases.RULES,
            *clusters.RULES,
        ),
        key=lambda rule: rule.id,
    )
)

"""ACC: who may do what, by identity and resource policies, and who does what in a cluster."""

from policies.rule import Rule
from policies.rules.access import (
    attachments,
    buckets,
    clusters,
    credentials,
    databases,
    grants,
    rbac,
    resource_policies,
    service_accounts,
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
            *credentials.RULES,
            *rbac.RULES,
            *service_accounts.RULES,
        ),
        key=lambda rule: rule.id,
    )
)

"""POD: what a pod may do to its node."""

from policies.rule import Rule
from policies.rules.pods import confinement, contents, namespaces, privileges

RULES: tuple[Rule, ...] = (
    *privileges.RULES,
    *confinement.RULES,
    *privileges.CAPABILITIES_AND_USERS,
    *confinement.PROFILES,
    *contents.RULES,
    *namespaces.RULES,
)

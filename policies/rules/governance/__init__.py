"""MLG: what is known of data sets and models."""

from policies.rule import Rule
from policies.rules.governance import (
    bedrock,
    cards,
    endpoints,
    namespaces,
    releases,
    sagemaker,
    stores,
    tags,
    tracking,
)

_MODULES = (tags, stores, releases, sagemaker, endpoints, cards, tracking, bedrock, namespaces)
_FOUND = {rule.id: rule for module in _MODULES for rule in module.RULES}
RULES: tuple[Rule, ...] = tuple(_FOUND[id_] for id_ in sorted(_FOUND))

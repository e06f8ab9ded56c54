"""MLG: what is known of data sets and models."""

from policies.rule import Rule
from policies.rules.governance import sagemaker, tags

_FOUND = {rule.id: rule for module in (tags, sagemaker) for rule in module.RULES}
RULES: tuple[Rule, ...] = tuple(_FOUND[id_] for id_ in sorted(_FOUND))

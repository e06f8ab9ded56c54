"""CST: what the platform may cost."""

from policies.rule import Rule
from policies.rules.cost import budgets, machines, volumes

_FOUND = {rule.id: rule for module in (budgets, machines, volumes) for rule in module.RULES}
RULES: tuple[Rule, ...] = tuple(_FOUND[id_] for id_ in sorted(_FOUND))

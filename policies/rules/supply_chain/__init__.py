"""SUP: where images and charts come from."""

from policies.rule import Rule
from policies.rules.supply_chain import charts, images, repositories

RULES: tuple[Rule, ...] = (*images.RULES, *repositories.RULES, *charts.RULES)

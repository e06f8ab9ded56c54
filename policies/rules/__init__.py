"""Every rule of the pack, by family of the catalogue."""

from policies.rule import Rule
from policies.rules import access, encryption, network

RULES: tuple[Rule, ...] = (*encryption.RULES, *access.RULES, *network.RULES)

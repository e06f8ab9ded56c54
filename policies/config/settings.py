"""The settings of the pack as one tree: what all rules share, and what each family adds."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from policies.config.access import AccessSettings
from policies.config.audit import AuditSettings
from policies.config.cluster_access import ClusterAccessSettings
from policies.config.cost import CostSettings
from policies.config.encryption import EncryptionSettings
from policies.config.governance import GovernanceSettings
from policies.config.network import NetworkSettings
from policies.config.pods import PodSettings
from policies.config.reading import COMPANIONS, WAIVERS, camel, one_of, readers, setting, text, texts, truth
from policies.config.records import Companion, Waiver
from policies.config.resilience import ResilienceSettings
from policies.config.supply_chain import SupplyChainSettings


@dataclass(frozen=True)
class Settings(
    AccessSettings,
    AuditSettings,
    ClusterAccessSettings,
    CostSettings,
    EncryptionSettings,
    GovernanceSettings,
    NetworkSettings,
    PodSettings,
    ResilienceSettings,
    SupplyChainSettings,
):
    """What the rules take from the config. Names in the file are in camelCase."""

    tiers: tuple[str, ...] = setting(
        ("public", "internal", "confidential", "regulated"), texts("least sensitive first")
    )
    """Data classes, least sensitive first."""
    default_tier: str = setting("confidential", text("one of tiers"))
    """Tier of a resource without the tag."""
    tier_tag: str = setting("data-classification", text("the key of a tag"))
    """Key of the tag that holds the tier."""
    production: bool = setting(False, truth("the stack is a production one"))
    """Rules about production judge only then."""
    account_layer: bool = setting(False, truth("the stack owns account-wide settings"))
    """Rules about the account layer judge only then."""
    unknowns: str = setting("deny", one_of("deny", "report"))
    """`deny`: what cannot be decided is reported at the level of its rule; `report`: as advisory."""
    waivers: tuple[Waiver, ...] = setting((), WAIVERS)
    companions: tuple[Companion, ...] = setting((), COMPANIONS)

    def at_least(self, tier: str, least: str) -> bool:
        """Whether `tier` is `least` or more sensitive. A tier that is not in the list counts as the most sensitive."""
        if tier not in self.tiers or least not in self.tiers:
            return True
        return self.tiers.index(tier) >= self.tiers.index(least)


DEFAULTS: Final = Settings()
READERS: Final = readers({entry.name: entry for entry in fields(Settings)})
SCHEMA: Final[dict[str, dict[str, Any]]] = {
    name: {"description": f"Expected: {reader.allowed}."} for name, reader in READERS.items()
}
"""JSON schema of the settings for the engine's own check: names and descriptions. Values are checked by `read`, whose
messages say what is allowed."""


def read(config: Mapping[str, Any], rules: frozenset[str]) -> tuple[Settings, list[str]]:
    """Return the settings that `config` (plain data) makes, and what is wrong with it.

    `rules` are the ids that a waiver may name.
    """
    values: dict[str, Any] = {}
    errors: list[str] = []
    names = {camel(entry.name): entry.name for entry in fields(Settings)}
    for key, value in config.items():
        if key not in names:
            errors.append(f"{key}: there is no such setting; allowed are {', '.join(sorted(names))}")
            continue
        try:
            values[names[key]] = READERS[key].read(value)
        except (AttributeError, KeyError, TypeError, ValueError):
            errors.append(f"{key}: expected {READERS[key].allowed}")
    for key in ("waivers", "companions"):
        for number, entry in enumerate(values.get(key, ())):
            if entry.rule not in rules:
                errors.append(f"{key}[{number}].rule: there is no such rule; an id such as ENC-01 is expected")
    settings = Settings(**values)
    if settings.default_tier not in settings.tiers:
        errors.append(f"defaultTier: expected one of tiers ({', '.join(settings.tiers)})")
    return settings, errors

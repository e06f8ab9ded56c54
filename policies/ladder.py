"""How strict the pack is: three named configurations, each at least as strict as the one before it.

`baseline`: what is critical stops a preview, everything else is advice; nothing is silent. For a program that meets the
pack for the first time.
`standard`: each rule at the catalogue's level, which follows from its severity: critical and high are mandatory, medium
and low advisory. What the pack does without a config file.
`regulated`: every rule is mandatory.

The files in `policies/strictness/` are for `--policy-pack-config`; they are written from here.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pulumi_policy import EnforcementLevel, Severity

from policies.config.pack_config import ALL, PACK_LEVELS
from policies.rule import Rule

FOLDER: Final = Path(__file__).parent / "strictness"
LADDER: Final = ("baseline", "standard", "regulated")
"""Least strict first."""


def configuration(name: str, rules: Iterable[Rule]) -> dict[str, str]:
    """Return what the file of a configuration holds: levels by policy, as the engine takes them.

    A rule that the file does not know, as it was written for an older pack, falls under `all` where there is one.
    """
    if name == "baseline":
        critical = [rule.id for rule in rules if rule.severity is Severity.CRITICAL]
        levels = {ALL: EnforcementLevel.ADVISORY, **PACK_LEVELS} | dict.fromkeys(critical, EnforcementLevel.MANDATORY)
    elif name == "standard":
        levels = {**PACK_LEVELS} | {rule.id: rule.default_level for rule in rules}
    elif name == "regulated":
        levels = {ALL: EnforcementLevel.MANDATORY, **PACK_LEVELS}
    else:
        raise ValueError(f"{name}: expected one of {', '.join(LADDER)}")
    return {policy: level.value for policy, level in levels.items()}

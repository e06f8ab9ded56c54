"""A policy pack config file (`--policy-pack-config`), read as the engine reads it, but with its mistakes named.

The engine passes over the name of a policy that does not exist, so a misspelt one would change nothing, in silence.
Source: `ReconcilePolicyPackConfig` of the engine, 3.255: `all` first, then what is said of one policy.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pulumi_policy import EnforcementLevel

from policies.config.settings import DEFAULTS, Settings, read

ALL: Final = "all"
SETTINGS: Final = "pack-settings"
PACK_LEVELS: Final[Mapping[str, EnforcementLevel]] = {
    SETTINGS: EnforcementLevel.MANDATORY,
    "pack-waivers": EnforcementLevel.MANDATORY,
    "pack-notices": EnforcementLevel.ADVISORY,
}
"""The pack's own policies, which frame the rules. `all` includes them: a config with `all` names the last one too."""
_LEVELS: Final = ", ".join(level.value for level in EnforcementLevel)


class PackConfigError(ValueError):
    """The file cannot be used; the message has a line for each thing that is wrong with it."""


@dataclass(frozen=True)
class PackConfig:
    """What a file says; without one, nothing."""

    levels: Mapping[str, EnforcementLevel] = field(default_factory=dict)
    """By policy; `all` stands for every one that is not named."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the pack, as they are written."""
    settings: Settings = DEFAULTS

    def level(self, name: str, default: EnforcementLevel) -> EnforcementLevel:
        """Return the level at which the engine runs a policy whose own level is `default`."""
        return self.levels.get(name) or self.levels.get(ALL) or default


def load(path: Path, rules: frozenset[str]) -> PackConfig:
    """Return the config in a file. `rules` are the ids of the pack. Raises PackConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise PackConfigError(f"{path}: cannot be read: {reason}") from None
    return parse(text, str(path), rules)


def parse(text: str, where: str, rules: frozenset[str]) -> PackConfig:
    """Return the config in a text. `where` begins each line of an error. Raises PackConfigError."""
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise PackConfigError(f"{where}: is no JSON: {error}") from None
    if not isinstance(entries, dict):
        raise PackConfigError(f"{where}: expected a map from policies to levels or settings")
    wrong: list[str] = []
    levels: dict[str, EnforcementLevel] = {}
    properties: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        if name not in rules and name not in PACK_LEVELS and name != ALL:
            near = nearest(name, {*rules, *PACK_LEVELS})
            wrong.append(f"{name}: there is no such policy{f'; did you mean {near}?' if near else ''}")
        level = entry if isinstance(entry, str) else None
        if isinstance(entry, dict):
            properties[name] = dict(entry)
            level = properties[name].pop("enforcementLevel", None)
            if properties[name] and name != SETTINGS:
                wrong.append(f"{name}: takes a level only; settings belong to {SETTINGS}")
        elif level is None:
            wrong.append(f"{name}: expected a level ({_LEVELS}) or a map")
        if level is not None:
            try:
                levels[name] = EnforcementLevel(level)
            except ValueError:
                wrong.append(f"{name}: expected a level: {_LEVELS}")
    said = properties.get(SETTINGS, {})
    settings, errors = read(said, rules)
    wrong += [f"{SETTINGS}.{error}" for error in errors]
    if wrong:
        raise PackConfigError("\n".join(f"{where}: {line}" for line in wrong))
    return PackConfig(levels, said, settings)


def nearest(written: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant: ENC-07 for enc-7, else the most alike."""
    by_case = {name.casefold(): name for name in names}
    padded = re.sub(r"-(\d)$", r"-0\1", written.casefold())
    alike = [padded] if padded in by_case else get_close_matches(padded, sorted(by_case), n=1, cutoff=0.5)
    return by_case[alike[0]] if alike else None

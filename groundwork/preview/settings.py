"""What a change does to its judge: waivers, levels and settings of the policies, and the files of the rules."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from groundwork.errors import GroundworkError
from groundwork.policy import config as policy_config
from policies.config.pack_config import PackConfig

JUDGES: Final = (
    "policies/",
    "groundwork/",
    "twin/",
    "tools/",
    ".github/",
    "pyproject.toml",
    "requirements.lock",
    "Makefile",
)
"""What decides what a report says, and what runs it."""


def judges(files: Iterable[str]) -> list[str]:
    """Return those of some files that take part in judging."""
    return [path for path in files if path.startswith(JUDGES)]


def config(environment: str, clone: Path) -> PackConfig:
    """Return the config of an environment in a folder. Raises GroundworkError."""
    return policy_config.of(policy_config.path_of(environment, clone))


def config_before(environment: str, files: Path | None) -> PackConfig | None:
    """Return the config at the base; None where it has none that can be read."""
    try:
        return config(environment, files) if files is not None else None
    except (GroundworkError, OSError):
        return None


def compared(before: PackConfig | None, after: PackConfig) -> dict[str, Any]:
    """Return what differs: waivers that are new, waivers that are gone, levels and settings."""
    old = [_waiver(one) for one in before.settings.waivers] if before else []
    new = [_waiver(one) for one in after.settings.waivers]
    levels_before = {name: level.value for name, level in before.levels.items()} if before else {}
    return {
        "waivers_added": [one for one in new if one not in old],
        "waivers_removed": [one for one in old if one not in new],
        "levels": list(_differing(levels_before, {name: level.value for name, level in after.levels.items()})),
        "settings": list(_differing(_properties(before), _properties(after))),
    }


def _waiver(waiver: Any) -> dict[str, str]:
    return {
        "rule": waiver.rule,
        "urn": waiver.urn,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
    }


def _properties(config: PackConfig | None) -> Mapping[str, Any]:
    return {name: value for name, value in (config.properties if config else {}).items() if name != "waivers"}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield {"name": name, "before": _told(before, name), "after": _told(after, name)}


def _told(values: Mapping[str, Any], name: str) -> str:
    """Return a value as a reader knows it."""
    if name not in values:
        return "the default"
    return values[name] if isinstance(values[name], str) else json.dumps(values[name], ensure_ascii=False)

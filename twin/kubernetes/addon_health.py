"""What the AWS API and the controllers of a cluster tell each other about its add-ons: files in the cluster's folder.

The controllers see the workloads, the AWS API answers for the add-on, and they are two processes. The controllers write
how each add-on is, which DescribeAddon shows; the AWS API writes what a request asked for and no answer shows again.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_HEALTH = "addon-health.json"
_ASKED = "addon-requests.json"
WORKLOADS = Path(__file__).parent / "controllers" / "workloads"
"""The objects of each add-on that becomes workloads in the twin."""
KNOWN = frozenset(path.stem for path in WORKLOADS.glob("*.yaml"))
"""These add-ons. Others are records of the AWS API."""
Health = Mapping[str, Any]
"""`status` (of the API: CREATING, …), `issues`, each with `code`, `message`, `resourceIds`, and the stamp `of`."""


def stamp(addon: Mapping[str, Any]) -> str:
    """What the objects of an add-on depend on, as DescribeAddon shows it."""
    return json.dumps([addon.get("addonVersion"), addon.get("configurationValues") or ""])


def save_health(folder: Path, health: Mapping[str, Health]) -> None:
    """Say how each add-on of the cluster is."""
    _save(folder / _HEALTH, health)


def health(folder: Path) -> dict[str, Health]:
    """How each add-on is, by name; nothing of those that the controllers have not seen yet."""
    return _load(folder / _HEALTH)


def under_way(before: Health | None) -> str:
    """The status of an add-on whose objects are on their way, from how it was before."""
    return "CREATING" if not before or before["status"].startswith("CREAT") else "UPDATING"


def ask(folder: Path, addon: str, **asked: Any) -> None:
    """Keep what a request asked for: `resolveConflicts`, `preserve`. It replaces what an earlier one asked."""
    _save(folder / _ASKED, _load(folder / _ASKED) | {addon: asked})


def asked(folder: Path, addon: str) -> Mapping[str, Any]:
    """What the last request for an add-on asked for."""
    found: Mapping[str, Any] = _load(folder / _ASKED).get(addon, {})
    return found


def _save(file: Path, content: Mapping[str, Any]) -> None:
    if _load(file) == content:
        return
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=1, sort_keys=True))
    os.replace(draft, file)


def _load(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return found

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
Health = Mapping[str, Any]
"""`status` (of the API: CREATING, ACTIVE, …) and `issues`, each with `code`, `message`, `resourceIds`."""


def save_health(folder: Path, health: Mapping[str, Health]) -> None:
    """Say how each add-on of the cluster is."""
    _save(folder / _HEALTH, health)


def health(folder: Path) -> dict[str, Health]:
    """How each add-on is, by name; nothing of those that the controllers have not seen yet."""
    return _load(folder / _HEALTH)


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

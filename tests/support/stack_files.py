"""The checked-in stack files as the engine hands them to the program, and changes to them."""

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from stacks.problems import ROOT

CLONE = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "prod")
REMOVED = object()


def written(environment: str) -> dict[str, Any]:
    """Return `groundwork:settings` of an environment's stack file."""
    text = (CLONE / f"Pulumi.{environment}.yaml").read_text(encoding="utf-8")
    settings: dict[str, Any] = yaml.safe_load(text)["config"][ROOT]
    return settings


def changed(environment: str, path: tuple[str | int, ...], value: object) -> str:
    """Return the settings as JSON with one value put in place of what stands at `path`, or taken away."""
    settings = copy.deepcopy(written(environment))
    holder: Any = settings
    for part in path[:-1]:
        holder = holder[part]
    if value is REMOVED:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return json.dumps(settings)

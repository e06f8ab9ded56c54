"""`helm.sh/v3:Release` on the twin: recorded, pinned to one version, and said to be unrendered.

Nothing of a chart is in the cluster: no registry of charts can be reached, and nothing renders them. What the program
asked for is in the state, with a warning at each create and update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from twin.providers.kubernetes.check import Naming, Problem
from twin.providers.wire import UNKNOWN

TOKEN = "kubernetes:helm.sh/v3:Release"  # noqa: S105 - a type token
_EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_NEW_RELEASE = ("name", "namespace")


def check(news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming) -> tuple[dict[str, Any], list[Problem]]:
    """The inputs with a name, and what is wrong: without an exact version nobody could say what was recorded."""
    inputs = dict(news)
    if inputs.get("name") is None:
        inputs["name"] = olds.get("name") or naming.name()
    problems = [(name, "is required") for name in ("chart", "version") if inputs.get(name) is None]
    version = inputs.get("version")
    if version is not None and version is not UNKNOWN and not _EXACT.fullmatch(str(version)):
        problems.append(("version", f"{version!r} is a range; pin the chart to one version, for example 1.2.3"))
    return inputs, problems


def warning(inputs: Mapping[str, Any]) -> str:
    """What the twin does not do."""
    return (
        f"the chart {inputs.get('chart')}, version {inputs.get('version')}, is recorded and not rendered: the twin "
        "runs nothing of it. On a cluster the official provider installs it"
    )


def outputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs, and a status that says what became of them."""
    status = {name: inputs.get(name) for name in ("name", "namespace", "chart", "version")}
    return {**inputs, "status": {**status, "status": "not-rendered"}}


def resource_id(inputs: Mapping[str, Any]) -> str:
    """`namespace/name`, as the official provider."""
    return f"{inputs.get('namespace') or 'default'}/{inputs['name']}"


def replaces(path: str) -> bool:
    """Whether a changed property needs a new release."""
    return path in _NEW_RELEASE

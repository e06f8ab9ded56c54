"""What the engine prints of a preview, small: `display.PreviewDigest`."""

import json
from collections.abc import Mapping
from typing import Any

PROJECT = "groundwork"


def urn(token: str, name: str, component: str = "groundwork:storage:ObjectStore") -> str:
    return f"urn:pulumi:dev::{PROJECT}::{component}${token}::{name}"


def state(token: str, name: str, inputs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "urn": urn(token, name), "type": token, "custom": True, "id": f"{name}-id", "inputs": dict(inputs),
        "outputs": dict(inputs), "parent": "", "provider": "",
    } | more  # fmt: skip


def step(
    op: str, token: str, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"op": op, "urn": urn(token, name)}
    if before is not None:
        found["oldState"] = state(token, name, before, **more.pop("old", {}))
    if after is not None:
        found["newState"] = state(token, name, after, **more.pop("new", {}))
    return found | more


def digest(*steps: Mapping[str, Any], errors: tuple[tuple[str, str], ...] = ()) -> str:
    """`errors`: severity and message."""
    return json.dumps(
        {
            "steps": list(steps),
            "diagnostics": [{"severity": severity, "message": message} for severity, message in errors],
            "changeSummary": {},
        }
    )

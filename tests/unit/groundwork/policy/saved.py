"""Small states, plans and previews, as the engine writes them."""

import json
from typing import Any

SECRET = "1b47061264138c4ac30d75fd1eb44270"
SIGNATURE = "4dabf18193072939515e22adb298388d"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DB, KEY, BUCKET = "aws:rds/instance:Instance", "aws:kms/key:Key", "aws:s3/bucket:Bucket"


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{token}::{name}"


def secret(value: Any = None, *, shown: bool = False) -> dict[str, Any]:
    """A secret in a state: encrypted, or readable as `pulumi stack export --show-secrets` prints it."""
    return {SIGNATURE: SECRET, **({"plaintext": json.dumps(value)} if shown else {"ciphertext": "v1:aaaa:bbbb"})}


def resource(token: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource of a state."""
    return {"urn": urn(token, name), "type": token, "custom": True, "inputs": inputs, "outputs": inputs} | more


def state(*resources: dict[str, Any]) -> str:
    """What `pulumi stack export` prints."""
    manifest = {"version": "3.255.0", "time": "2026-11-27T14:09:40Z"}
    return json.dumps({"version": 3, "deployment": {"manifest": manifest, "resources": list(resources)}})


def preview(*steps: tuple[str, dict[str, Any]], same: int | None = None) -> str:
    """What `pulumi preview --json` prints. `same`: how many unchanged resources there are, shown or not."""
    shown = sum(op == "same" for op, _ in steps)
    return json.dumps(
        {
            "steps": [{"op": op, "urn": made["urn"], "newState": made} for op, made in steps],
            "changeSummary": {"same": shown if same is None else same},
        }
    )


def plan(*planned: tuple[str, dict[str, Any], dict[str, Any]]) -> str:
    """What `pulumi preview --save-plan` writes: step, resource, and the difference of its inputs."""
    return json.dumps(
        {
            "manifest": {"version": "3.255.0"},
            "resourcePlans": {
                made["urn"]: {
                    "goal": {
                        "type": made["type"],
                        "name": "n",
                        "custom": True,
                        "inputDiff": difference,
                        "protect": False,
                        "propertyDependencies": made.get("propertyDependencies", {}),
                    },
                    "steps": [op],
                    "state": {},
                }
                for op, made, difference in planned
            },
        }
    )

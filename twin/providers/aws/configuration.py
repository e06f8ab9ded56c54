"""The provider's own configuration: region, the accounts it may touch, default tags."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.providers.aws.context import Account
from twin.providers.aws.errors import CallError, ProviderError
from twin.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from twin.providers.aws.clients import Clients
    from twin.providers.aws.kinds import Problem

TAKEN = {
    "region": "where resources go that name no region",
    "allowedAccountIds": "the accounts that may be touched",
    "defaultTags": "tags for every resource",
}
_FIXED = {"skipCredentialsValidation": False, "skipRegionValidation": True}
"""What the SDK always sends; any other value is refused."""
_ATTEMPTS = 4
"""Few, for the first call of all: an endpoint that is not there is to be said within seconds."""
_ENGINE = {"version", "pluginDownloadURL", "packageName"}


def parse(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values themselves: the SDK sends what is no string as a JSON text."""
    parsed = {}
    for name, value in values.items():
        if name.startswith("__") or name in _ENGINE or value is None or value == "":
            continue
        if isinstance(value, str) and name != "region":
            try:
                parsed[name] = json.loads(value)
            except ValueError:
                parsed[name] = value
        else:
            parsed[name] = value
    return parsed


def problems(values: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a configuration."""
    found: list[Problem] = []
    for name, value in parse(values).items():
        if value is UNKNOWN:
            continue
        if name in _FIXED:
            if value is not _FIXED[name]:
                found.append(
                    (name, f"the twin's AWS provider only takes {json.dumps(_FIXED[name])}, the SDK's default")
                )
        elif name not in TAKEN:
            taken = ", ".join(TAKEN)
            found.append(
                (
                    name,
                    f"the twin's AWS provider does not take this configuration; it takes {taken}. Endpoint and "
                    "credentials come from the environment, as `groundwork twin env` prints it",
                )
            )
        elif name == "allowedAccountIds" and not _strings(value):
            found.append((name, 'expected a list of account ids, for example ["111122223333"]'))
        elif name == "defaultTags" and not _is_default_tags(value):
            found.append((name, 'expected {"tags": {"owner": "mlops"}}, each value a string'))
    return found


def configure(values: Mapping[str, Any], clients: Clients) -> Account:
    """Who we are, as STS says, checked against the accounts that are allowed.

    Raises:
        ProviderError: no region, wrong credentials, or an account that is not allowed.
    """
    config = parse(values)
    clients.region = region = (
        config.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    )
    if not region:
        raise ProviderError("no AWS region is configured: set aws:region, or AWS_REGION in the environment")
    try:
        caller = clients.call("sts", "get_caller_identity", {}, attempts=_ATTEMPTS)
    except CallError as error:
        if error.lost:
            raise ProviderError(f"{error}\nIs the twin running? groundwork twin status") from error
        raise
    allowed = config.get("allowedAccountIds") or []
    if allowed and caller["Account"] not in allowed:
        raise ProviderError(
            f"AWS account ID not allowed: {caller['Account']} (the credentials belong to {caller['Arn']}); "
            f"aws:allowedAccountIds allows {', '.join(allowed)}"
        )
    tags = (config.get("defaultTags") or {}).get("tags") or {}
    return Account(id=caller["Account"], partition=caller["Arn"].split(":")[1], region=region, default_tags=tags)


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(item is UNKNOWN or isinstance(item, str) for item in value)


def _is_default_tags(value: Any) -> bool:
    if not isinstance(value, dict) or not value.keys() <= {"tags"}:
        return False
    tags = value.get("tags") or {}
    return isinstance(tags, dict) and _strings(list(tags.values()))

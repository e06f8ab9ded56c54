"""What an `up` that was killed leaves behind, and how it is mended before the next one.

The engine writes a pending operation into the state before each create and a lock file while it works. After a
`kill -9` both stay. `pulumi refresh` can only ask a person about pending creates, so this module answers them from
the world: a create that was carried out is found by the resource's natural key and taken into the state; one that
was not is forgotten, and the next `up` makes it.
"""

import copy
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from pulumi import automation

from groundwork.deployment import Deployment
from groundwork.events import name_of


@dataclass(frozen=True)
class Pending:
    """A create that was interrupted."""

    urn: str
    token: str
    inputs: Mapping[str, Any]
    known: frozenset[str] = frozenset()
    """Ids that are not meant: of resources of that type that are in the state."""
    provider: Mapping[str, Any] = field(default_factory=dict)
    """The inputs of its provider; empty for a default one."""


Find = Callable[[Pending], str | None]
"""The id of the resource in the world, or None: it was never made."""


@dataclass(frozen=True)
class Recovered:
    """What was mended."""

    locks: int
    adopted: tuple[str, ...]
    """URNs of resources that had been made; they are in the state now."""
    forgotten: tuple[str, ...]
    """URNs of resources that had not been made."""

    def __bool__(self) -> bool:
        return bool(self.locks or self.adopted or self.forgotten)

    def describe(self) -> str:
        """One line for a person."""
        parts = []
        if self.locks:
            parts.append(f"removed the lock of a process that is gone ({self.locks})")
        if self.adopted:
            parts.append(f"found again: {', '.join(name_of(urn) for urn in self.adopted)}")
        if self.forgotten:
            parts.append(f"was never made: {', '.join(name_of(urn) for urn in self.forgotten)}")
        return "The last run was interrupted: " + "; ".join(parts) + "."


def recover(deployment: Deployment, find: Find, on_event: Callable[[Any], None]) -> Recovered:
    """Mend the stack's state after an interrupted run. Does nothing when there is nothing to mend."""
    locks = remove_dead_locks(deployment)
    if not _may_be_pending(deployment):
        return Recovered(locks, (), ())
    exported = deployment.stack.export_stack()
    if not exported.deployment or not exported.deployment.get("pending_operations"):
        return Recovered(locks, (), ())
    mended, adopted, forgotten = settle(exported.deployment, find)
    deployment.stack.import_stack(automation.Deployment(version=exported.version, deployment=mended))
    if adopted:
        deployment.refresh(on_event, targets=list(adopted))
    return Recovered(locks, adopted, forgotten)


def settle(deployment: Mapping[str, Any], find: Find) -> tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    """The exported deployment without pending operations, the URNs that were adopted, those that were forgotten.

    Only creates need an answer: an interrupted update or delete is repeated by the next `up`, from the old state.
    """
    mended = copy.deepcopy(dict(deployment))
    pending = mended.pop("pending_operations", [])
    resources = mended.setdefault("resources", [])  # absent after a kill at the very first create
    adopted: list[str] = []
    forgotten: list[str] = []
    for operation in pending:
        resource = operation["resource"]
        if operation["type"] != "creating" or not _is_in_the_world(resource):
            continue
        known = frozenset(held["id"] for held in resources if held["type"] == resource["type"] and "id" in held)
        provider = _provider_inputs(resource, resources)
        made = find(Pending(resource["urn"], resource["type"], resource.get("inputs", {}), known, provider))
        if made is None:
            forgotten.append(resource["urn"])
            continue
        for held in resources:
            if held["urn"] == resource["urn"]:
                held["delete"] = True  # what the new one was to replace: the next `up` deletes it
        # The refresh that follows reads the outputs from the world.
        resources.append({**resource, "id": made, "outputs": {}})
        adopted.append(resource["urn"])
    return mended, tuple(adopted), tuple(forgotten)


def _provider_inputs(resource: Mapping[str, Any], resources: list[dict[str, Any]]) -> Mapping[str, Any]:
    """A resource names its provider as `<urn>::<id>`."""
    urn = str(resource.get("provider", "")).rpartition("::")[0]
    return next((held.get("inputs", {}) for held in resources if held["urn"] == urn), {})


def _is_in_the_world(resource: Mapping[str, Any]) -> bool:
    """False for what the engine alone knows: components, providers, the stack."""
    return bool(resource.get("custom")) and not resource["type"].startswith("pulumi:")


def remove_dead_locks(deployment: Deployment) -> int:
    """Remove the locks that processes of this machine left when they died; how many there were.

    A lock of another machine, or of a process that lives, stays: the engine then says who holds it.
    """
    root = _files_of_backend(deployment)
    if root is None:
        return 0
    removed = 0
    for path in root.glob(f".pulumi/locks/**/{deployment.environment}/*.json"):
        holder = json.loads(path.read_text())
        if holder["hostname"] == socket.gethostname() and not _lives(holder["pid"], holder["timestamp"]):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _may_be_pending(deployment: Deployment) -> bool:
    """Whether the state may hold pending operations. A state in a file is looked at without the engine's help, which
    would take a second before every command."""
    root = _files_of_backend(deployment)
    if root is None:
        return True
    files = [path for path in root.glob(f".pulumi/stacks/*/{deployment.environment}.json*") if path.suffix != ".bak"]
    return any(path.suffix != ".json" or b'"pending_operations"' in path.read_bytes() for path in files)


def _files_of_backend(deployment: Deployment) -> Path | None:
    """The folder that holds the state, where it is a folder."""
    backend = deployment.variables.get("PULUMI_BACKEND_URL", "")
    return Path(urlsplit(backend).path) if backend.startswith("file://") else None


def _lives(pid: int, locked_at: str) -> bool:
    """Whether the process that took the lock still runs; a younger process with the same id is another one."""
    try:
        return psutil.Process(pid).create_time() <= datetime.fromisoformat(locked_at).timestamp()
    except psutil.NoSuchProcess:
        return False

"""What an update would do to a resource: compared with the last inputs, then asked of the API server.

Inputs are compared first, which costs no request: a preview without changes asks nothing. Where they differ, a dry run
of the apply says whether the cluster would notice, and whether a field can be changed at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.kubernetes.client import ApiError
from twin.providers.kubernetes import diff, lifecycle, readiness, replacing
from twin.providers.kubernetes.check import is_autonamed
from twin.providers.kubernetes.diff import Difference
from twin.providers.kubernetes.lifecycle import Operation
from twin.providers.kubernetes.objects import annotation, has_unknown, name_of, namespace_of
from twin.providers.wire import UNKNOWN

_REPLACE_UNREADY = 'metadata.annotations["pulumi.com/replaceUnready"]'


def plan(operation: Operation, old_inputs: dict[str, Any], live: Mapping[str, Any], ignore: list[str]) -> Difference:
    """Compare the manifest of the operation with what was wanted before.

    Args:
        operation: holds the new inputs.
        old_inputs: those of the state.
        live: the object as the state has it.
        ignore: the paths of `ignoreChanges`.
    """
    cluster, new = operation.cluster, operation.manifest
    if not cluster.namespaced(operation.kind):
        for manifest in (old_inputs, new):
            if isinstance(manifest.get("metadata"), dict):
                manifest["metadata"].pop("namespace", None)
    found = Difference(
        {path: kind for path, kind in diff.differences(old_inputs, new) if not diff.ignored(path, ignore)}
    )
    if found.kinds:
        before = _there(operation)
        if before is not None and not lifecycle.is_ours(before, operation.manager):
            # As after an import: an apply takes away only what the same manager has set.
            found.kinds = {path: how for path, how in found.kinds.items() if how != "DELETE"}
        paths = replacing.listed(
            operation.kind,
            new,
            mutable_config_maps=cluster.on("enableConfigMapMutable"),
            mutable_secrets=cluster.on("enableSecretMutable"),
        )
        for path in [path for path in found.kinds if replacing.is_listed(path, paths)]:
            found.replace(path)
        if before is not None and not found.replaces:
            _ask(operation, found, before)
    _replace_unready(operation, found)
    found.delete_before_replace = bool(found.replaces) and _same_name(new, live)
    return found


def _there(operation: Operation) -> dict[str, Any] | None:
    """The object, where the API server can be asked about the new inputs at all."""
    cluster = operation.cluster
    if has_unknown(operation.manifest) or cluster.unreachable or not cluster.serves(operation.kind):
        return None
    try:
        return lifecycle.find(operation)
    except ApiError:
        return None  # who may not read it compares the inputs alone; the update says what is refused


def _ask(operation: Operation, found: Difference, before: dict[str, Any]) -> None:
    """Let the API server say which of the differences count."""
    try:
        after = lifecycle.apply(operation, dry_run=True, force=True)
    except ApiError as error:
        # Any other refusal is said by the preview of the update, or by the update.
        if replacing.refused_as_immutable(error):
            for path in replacing.immutable_paths(error, found.kinds):
                found.replace(path)
        return
    if not diff.effective(before, after, operation.manager):
        found.kinds.clear()


def _replace_unready(operation: Operation, found: Difference) -> None:
    if annotation(operation.manifest, "replaceUnready") != "true":
        return
    cluster = operation.cluster
    if operation.kind.kind != "Job":
        cluster.messages.warn(operation.urn, "pulumi.com/replaceUnready is for Jobs alone; it does nothing here")
        return
    if has_unknown(operation.manifest) or cluster.unreachable:
        return
    there = lifecycle.find(operation)
    if there is not None and readiness.problem_now(cluster, operation.kind, there):
        found.kinds.setdefault(_REPLACE_UNREADY, "UPDATE")
        found.replace(_REPLACE_UNREADY)


def _same_name(new: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """A name that the program gave and keeps is free for the new object only once the old one is gone."""
    name, namespace = name_of(new), namespace_of(new)
    if name is UNKNOWN or namespace is UNKNOWN or is_autonamed(new):
        return False
    return bool(name == name_of(live) and (namespace or "default") == (namespace_of(live) or "default"))

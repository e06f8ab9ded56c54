"""Create, read, update, delete: one object, by server-side apply."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twin.kubernetes.client import ApiError, KubeconfigError, NoSuchKindError
from twin.providers.kubernetes import readiness
from twin.providers.kubernetes.cluster import Cluster, Deadline
from twin.providers.kubernetes.errors import PartialFailureError, ProviderError, UnreachableError, said
from twin.providers.kubernetes.objects import (
    READ_ONLY,
    Kind,
    annotation,
    has_unknown,
    id_of,
    name_of,
    namespace_of,
)
from twin.providers.kubernetes.replacing import refused_as_immutable

MANAGER = "__fieldManager"
"""The output that keeps the field manager, as the official provider keeps it."""
DEFAULT_SECONDS = 600.0
_ABSENT_SECONDS = 30.0
"""How long a namespace or a kind that is not there is waited for: it may be made in the same run."""
_TAKEN_OVER = ("kubectl", "before-first-apply")
"""Managers whose fields are taken over unasked, as the official provider does: a person's kubectl."""

_OWN_NOTHING = frozenset(
    [
        ("v1", "ConfigMap"),
        ("v1", "LimitRange"),
        ("v1", "ResourceQuota"),
        ("v1", "Secret"),
        ("v1", "ServiceAccount"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        *(
            ("rbac.authorization.k8s.io/v1", kind)
            for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
        ),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("storage.k8s.io/v1", "StorageClass"),
    ]
)
"""No controller makes further objects for these."""


@dataclass(frozen=True)
class Operation:
    """One resource while something is done with it."""

    cluster: Cluster
    urn: str
    kind: Kind
    manifest: dict[str, Any]
    """The inputs as the API writes them; those of the state for a delete."""
    manager: str
    seconds: float = 0
    """The program's `customTimeouts`; 0 where it says nothing."""
    old_manager: str = ""

    @property
    def force(self) -> bool:
        """Whether fields of other managers are taken over."""
        return annotation(self.manifest, "patchForce") == "true" or self.cluster.on("enablePatchForce")

    @property
    def deadline(self) -> Deadline:
        """A new deadline from now."""
        given = annotation(self.manifest, "timeoutSeconds")
        return Deadline(self.seconds or (float(given) if given.isdigit() else DEFAULT_SECONDS))

    def __str__(self) -> str:
        return f"{self.kind.kind} {id_of(self.manifest)}"


def create(operation: Operation) -> dict[str, Any]:
    """Make the object and wait until it is ready; the object then.

    Raises:
        PartialFailureError: it exists, but is not ready.
        ProviderError: it was not made.
    """
    live = _patiently(operation, lambda: _make(operation))
    return _await(operation, live, live, "was created, but is not ready")


def _make(operation: Operation) -> dict[str, Any]:
    if operation.kind.patch or operation.cluster.on("upsertExistingObjects"):
        return apply(operation)
    try:
        return operation.cluster.client.apply(_sent(operation), manager=operation.manager, only_new=True)
    except ApiError as error:
        if error.reason != "Conflict":
            raise
        there = find(operation)
        # What this very resource made before, in a run that was interrupted, is no surprise.
        if there is None or is_ours(there, operation.manager):
            return apply(operation)
        raise ProviderError(
            f"{operation} cannot be created: it already exists in the cluster. Import it, give the resource an alias "
            f"if it was renamed, or manage single fields of it with {operation.kind.kind}Patch"
        ) from error


def find(operation: Operation) -> dict[str, Any] | None:
    """The object that is there under the name of the inputs."""
    name = name_of(operation.manifest)
    return operation.cluster.client.get(
        operation.kind.api_version, operation.kind.kind, name, namespace_of(operation.manifest)
    )


def is_ours(live: Mapping[str, Any], manager: str) -> bool:
    """Whether this manager has written some of an object."""
    return any(entry.get("manager") == manager for entry in live.get("metadata", {}).get("managedFields") or ())


def _patiently(operation: Operation, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do the work; again and again while the namespace or the kind is not there yet."""
    deadline, pause = Deadline(min(_ABSENT_SECONDS, operation.deadline.seconds)), 0.1
    while True:
        try:
            return work()
        except ApiError as error:
            if not _may_come(error) or deadline.over:
                raise said(f"{operation} cannot be created{_hint(error)}", error, operation.manager) from error
            operation.cluster.messages.status(operation.urn, f"Waiting: {error.message}")
        operation.cluster.pause(pause)
        pause = min(pause * 2, 2)


def _may_come(error: ApiError) -> bool:
    return isinstance(error, NoSuchKindError) or is_missing_namespace(error)


def is_missing_namespace(error: ApiError) -> bool:
    """Whether an object cannot be made because its namespace is not there."""
    return error.status == 404 and error.message.startswith("namespaces ")


def _hint(error: ApiError) -> str:
    if isinstance(error, NoSuchKindError):
        return " (is its CustomResourceDefinition there, and does the resource depend on it?)"
    return ""


def apply(operation: Operation, *, dry_run: bool = False, force: bool = False) -> dict[str, Any]:
    """Apply the manifest, over fields that a person's kubectl set in the meantime too.

    Raises:
        ApiError: as the API server refused it.
    """
    client, manifest = operation.cluster.client, _sent(operation)
    try:
        return client.apply(manifest, manager=operation.manager, force=force or operation.force, dry_run=dry_run)
    except ApiError as error:
        managers = [str(cause.get("message", "")) for cause in error.causes]
        if error.reason != "Conflict" or not managers or not all(_by_hand(manager) for manager in managers):
            raise
        return client.apply(manifest, manager=operation.manager, force=True, dry_run=dry_run)


def _by_hand(message: str) -> bool:
    """Whether a conflict's cause, `conflict with "kubectl-edit" using v1`, names a person's tool."""
    return message.partition('"')[2].startswith(_TAKEN_OVER)


def _sent(operation: Operation) -> dict[str, Any]:
    """The manifest for the API server: no read-only metadata, no namespace where there can be none."""
    manifest = copy.deepcopy(operation.manifest)
    for field in (*READ_ONLY, *([] if operation.cluster.namespaced(operation.kind) else ["namespace"])):
        manifest["metadata"].pop(field, None)
    return manifest


def update(operation: Operation) -> dict[str, Any]:
    """Bring the object to what the inputs say and wait until it is ready; the object then.

    Raises:
        PartialFailureError: it was changed, but is not ready.
        ProviderError: it was not changed.
    """
    try:
        live = apply(operation)
        if operation.old_manager not in ("", operation.manager):
            relinquish(operation, operation.old_manager)
    except ApiError as error:
        raise said(f"{operation} cannot be updated", error, operation.manager) from error
    return _await(operation, live, None, "was updated, but is not ready")


def _await(operation: Operation, live: dict[str, Any], made: dict[str, Any] | None, what: str) -> dict[str, Any]:
    try:
        return readiness.wait(
            operation.cluster, operation.urn, operation.kind, live, operation.deadline, created=made is not None
        )
    except readiness.NotReadyError as failure:
        raise PartialFailureError(
            id_of(failure.live), failure.live, f"{operation} {what}: {failure}", failure.reasons
        ) from failure


def preview(operation: Operation, *, creating: bool) -> dict[str, Any] | None:
    """What the API server would make of the inputs; `None` where it cannot be asked.

    Raises:
        ProviderError: the API server would refuse: validation, admission, quota.
    """
    cluster = operation.cluster
    if has_unknown(operation.manifest) or cluster.unreachable:
        return None
    if (operation.kind.patch and creating) or not cluster.serves(operation.kind):
        return None
    try:
        # What is to be replaced is still there while a replacement is previewed; its fields may be anybody's.
        return apply(operation, dry_run=True, force=creating)
    except ApiError as error:
        if error.status == 0 or is_missing_namespace(error) or refused_as_immutable(error) or _lacks_rights(error):
            return None
        raise said(f"{operation} would be refused", error, operation.manager) from error


def _lacks_rights(error: ApiError) -> bool:
    """Who may only look cannot ask for a dry run either; an admission refusal of the same status says no user."""
    return error.status == 403 and 'User "' in error.message


def read(operation: Operation, name: str, namespace: str | None) -> dict[str, Any] | None:
    """The object, or `None` when it or its kind is gone.

    Raises:
        ProviderError: the API server refused, or the cluster is unreachable.
    """
    try:
        return operation.cluster.client.get(operation.kind.api_version, operation.kind.kind, name, namespace)
    except NoSuchKindError:
        return None
    except ApiError as error:
        raise said(f"{operation.kind.kind} {name} cannot be read", error) from error
    except KubeconfigError as error:
        raise UnreachableError(str(error)) from error


def delete(operation: Operation, name: str, namespace: str | None, uid: str) -> None:
    """Delete the object, and wait until it is gone. One that is not there, or is another one by now, is gone.

    Raises:
        ProviderError: the API server refused; or something holds the object: the message says what.
    """
    client, kind = operation.cluster.client, operation.kind
    options: dict[str, Any] = {"propagationPolicy": _propagation(operation)}
    if uid:
        options["preconditions"] = {"uid": uid}
    try:
        answer = client.remove(kind.api_version, kind.kind, name, namespace, **options)
    except NoSuchKindError:
        return
    except ApiError as error:
        if error.reason == "Conflict" and "uid" in error.message.lower():
            return  # the name has been given to another object since
        raise said(f"{kind.kind} {name} cannot be deleted", error) from error
    skipped = annotation(operation.manifest, "skipAwait") == "true" and kind.kind in readiness.NOT_AWAITED_GONE
    # A `Status` in the place of the object says that nothing held it: it is gone already.
    if answer is not None and answer.get("kind") != "Status" and not skipped:
        readiness.wait_until_gone(operation.cluster, operation.urn, kind, (name, namespace, uid), operation.deadline)
    if kind.kind == "CustomResourceDefinition":
        spec = operation.manifest.get("spec") or {}
        for version in spec.get("versions") or ():
            client.forget_kinds(f"{spec.get('group')}/{version.get('name')}")


def _propagation(operation: Operation) -> str:
    """Foreground, so that what an object owns goes before it; in vain for kinds that own nothing."""
    chosen = annotation(operation.manifest, "deletionPropagationPolicy").lower()
    usual = "Background" if (operation.kind.api_version, operation.kind.kind) in _OWN_NOTHING else "Foreground"
    return {"orphan": "Orphan", "background": "Background", "foreground": "Foreground"}.get(chosen, usual)


def relinquish(operation: Operation, manager: str) -> None:
    """Give up what a manager owns of an object: fields that nobody else sets fall back to their defaults.

    Raises:
        ApiError: the API server refused, as for a field that must be there.
    """
    metadata = {"name": name_of(operation.manifest)}
    if namespace := namespace_of(operation.manifest):
        metadata["namespace"] = namespace
    bare = {"apiVersion": operation.kind.api_version, "kind": operation.kind.kind, "metadata": metadata}
    if find(operation) is not None:
        operation.cluster.client.apply(bare, manager=manager)

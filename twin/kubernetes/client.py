"""A client of the Kubernetes API: any kind by one code path, objects as plain dicts, as manifests are.

Safe for threads; connections are kept. Imported in 0.15 s: `kubernetes.client` takes two seconds, which a provider
process that starts with every run of the engine cannot spend.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from twin.kubernetes import errors, kubeconfig
from twin.kubernetes.discovery import Discovery, Resource
from twin.kubernetes.errors import ApiError, KubeconfigError, NoSuchKindError
from twin.kubernetes.kubeconfig import Access
from twin.kubernetes.transport import ATTEMPTS, JSON, PATCHES, Transport

__all__ = ["ApiError", "Client", "KubeconfigError", "NoSuchKindError"]

_NO_VERSION = "1"
"""A resource version that only etcd's very first write could have had, which is none of an object."""
_PAGE = 500
"""Objects in one answer of a listing, as kubectl asks for."""


class Client:
    """The objects of one cluster, as one user."""

    def __init__(self, access: Access, *, attempts: int = ATTEMPTS) -> None:
        self.access = access
        self.transport = Transport(access, attempts)
        self._discovery = Discovery(lambda path: self._json("GET", path))

    @classmethod
    def of(
        cls,
        config: Mapping[str, Any] | Path | str,
        context: str | None = None,
        *,
        cluster: str | None = None,
        environment: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
    ) -> Client:
        """The client for a context (the current one when `None`) of a kubeconfig: read, its text, or its path.

        Args:
            config: the kubeconfig.
            context: which of its contexts.
            cluster: which of its clusters, in the place of the context's.
            environment: the variables of an exec plugin; those of this process when `None`.
            attempts: how often a request is made before its error counts.

        Raises:
            KubeconfigError: what is wrong in it. Nothing is sent yet.
        """
        return cls(kubeconfig.access(config, context, cluster, environment), attempts=attempts)

    def resource(self, api_version: str, kind: str) -> Resource:
        """What the API server says of a kind: its plural, whether it lives in namespaces.

        Raises:
            NoSuchKindError: it serves none.
        """
        return self._discovery.resource(api_version, kind)

    def forget_kinds(self, api_version: str) -> None:
        """Ask the API server again for the kinds of a version: a CustomResourceDefinition has gone or changed."""
        self._discovery.forget(api_version)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """One object, or `None` when there is none. A kind that is not served is an error."""
        path = self._path(api_version, kind, name, namespace)
        try:
            return self._json("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, label_selector: str = "", **query: str
    ) -> list[dict[str, Any]]:
        """The objects of a kind, in one namespace or (`None`) in all; `query` is further, as `fieldSelector`."""
        path = self.resource(api_version, kind).path(namespace=namespace)
        asked = {"limit": str(_PAGE), **query}
        if label_selector:
            asked["labelSelector"] = label_selector
        found: list[dict[str, Any]] = []
        while True:
            answer = self._json("GET", f"{path}?{urlencode(asked)}")
            # In a list the objects do not say what they are.
            found += [{"apiVersion": api_version, "kind": kind, **item} for item in answer.get("items") or ()]
            asked["continue"] = (answer.get("metadata") or {}).get("continue", "")
            if not asked["continue"]:
                return found

    def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        manager: str,
        force: bool = False,
        dry_run: bool = False,
        only_new: bool = False,
        subresource: str = "",
    ) -> dict[str, Any]:
        """Server-side apply: make the object, or bring the fields of the manifest to what it says, as this manager.

        An unknown or doubled field is refused, as kubectl does.

        Args:
            manifest: apiVersion, kind, metadata with the name, and the fields that this manager wants to own.
            manager: the field manager.
            force: take over fields that other managers own.
            dry_run: change nothing; the answer is what it would be.
            only_new: reason `Conflict` when the object exists, in one request.
            subresource: apply to that, as `status`.

        Raises:
            ApiError: reason `Conflict` when another manager owns a field and `force` is not given.
        """
        if only_new:
            # No object has this version, and one that is not there has none to compare it with.
            manifest = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": _NO_VERSION}}
        query = {"fieldManager": manager, "fieldValidation": "Strict"}
        if force:
            query["force"] = "true"
        if dry_run:
            query["dryRun"] = "All"
        path = f"{self._path_of(manifest, subresource)}?{urlencode(query)}"
        return self._json("PATCH", path, manifest, {"Content-Type": PATCHES["apply"]})

    def create(self, manifest: Mapping[str, Any], *, manager: str = "", dry_run: bool = False) -> dict[str, Any]:
        """Make an object. Never repeated once it may have reached the server."""
        query = {"fieldManager": manager} if manager else {}
        if dry_run:
            query["dryRun"] = "All"
        resource, metadata = self._resource_of(manifest), manifest.get("metadata") or {}
        path = resource.path(namespace=self._namespace(resource, metadata.get("namespace")))
        return self._json("POST", path + (f"?{urlencode(query)}" if query else ""), manifest)

    def replace(self, manifest: Mapping[str, Any], *, subresource: str = "") -> dict[str, Any]:
        """Put a whole object in the place of the one of that name; if it has a resourceVersion, only over that one."""
        return self._json("PUT", self._path_of(manifest, subresource), manifest)

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        body: Any,
        *,
        subresource: str = "",
        strategy: str = "merge",
        manager: str = "",
    ) -> dict[str, Any]:
        """Change an object: `merge`, `strategic` (built-in kinds alone) or `json` (a list of steps)."""
        path = self._path(api_version, kind, name, namespace, subresource)
        if manager:
            path += f"?{urlencode({'fieldManager': manager})}"
        return self._json("PATCH", path, body, {"Content-Type": PATCHES[strategy]})

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None, **options: Any) -> bool:
        """Ask for an object to be deleted; `options` are DeleteOptions, as `propagationPolicy="Foreground"`.

        Returns:
            False when there was none. True says that its deletion has begun: a finalizer may hold it.
        """
        return self.remove(api_version, kind, name, namespace, **options) is not None

    def remove(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, **options: Any
    ) -> dict[str, Any] | None:
        """Ask for an object to be deleted; the answer, or `None` when there was none.

        The answer is a `Status` when the object is gone at once, else the object, which something holds for now.
        """
        path = self._path(api_version, kind, name, namespace)
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **options}
        try:
            return self._json("DELETE", path, body)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def watch(
        self, api_version: str, kind: str, namespace: str | None = None, *, timeout_seconds: float, **query: str
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """What happens to the objects of a kind, for so long: ADDED, MODIFIED, DELETED or BOOKMARK, and the object.

        Without `resourceVersion` in `query` it begins with an ADDED for each object that is there.

        Raises:
            ApiError: also in the midst of it, with status 410 when the `resourceVersion` is too old: list again then.
        """
        asked = {"watch": "true", "timeoutSeconds": str(max(1, int(timeout_seconds))), **query}
        path = self.resource(api_version, kind).path(namespace=namespace)
        for line in self.transport.stream(f"{path}?{urlencode(asked)}", timeout_seconds):
            if not line:
                continue
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise errors.from_answer(int(event["object"].get("code") or 500), json.dumps(event["object"]).encode())
            yield event["type"], event["object"]

    def post_subresource(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        subresource: str,
        body: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Ask for something of an object: a `token` of a ServiceAccount, the `eviction` of a Pod, its `binding`."""
        return self._json("POST", self._path(api_version, kind, name, namespace, subresource), body)

    def raw(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        attempts: int | None = None,
    ) -> Any:
        """Any request: the answer read where it is JSON, else its text (`/readyz`, a pod's log)."""
        answer, received = self.transport.send(method, path, body, headers, attempts=attempts)
        if received.get("Content-Type", "").startswith(JSON):
            return json.loads(answer)
        return answer.decode(errors="replace")

    def _json(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        answer, _ = self.transport.send(method, path, body, headers)
        found: dict[str, Any] = json.loads(answer)
        return found

    def _resource_of(self, manifest: Mapping[str, Any]) -> Resource:
        return self.resource(manifest["apiVersion"], manifest["kind"])

    def _path_of(self, manifest: Mapping[str, Any], subresource: str = "") -> str:
        metadata = manifest["metadata"]
        return self._path(
            manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace"), subresource
        )

    def _path(self, api_version: str, kind: str, name: str, namespace: str | None, subresource: str = "") -> str:
        resource = self.resource(api_version, kind)
        return resource.path(name, self._namespace(resource, namespace), subresource)

    def _namespace(self, resource: Resource, namespace: str | None) -> str | None:
        return (namespace or self.access.namespace) if resource.namespaced else None

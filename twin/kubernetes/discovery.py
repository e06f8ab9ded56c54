"""Which path a kind has: the API server's own list, asked once for each version of a group."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from twin.kubernetes.errors import ApiError, NoSuchKindError


@dataclass(frozen=True)
class Resource:
    """What the API server says of a kind."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    """`status`, `scale`, `token`, …"""

    def path(self, name: str = "", namespace: str | None = None, subresource: str = "") -> str:
        """The path of all objects, of one, or of a part of one; `namespace` is left out of cluster-wide kinds."""
        parts = [root(self.api_version)]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


def root(api_version: str) -> str:
    """`/api/v1` or `/apis/<group>/<version>`."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


class Discovery:
    """The kinds of an API server, kept once known. A kind that is not known is asked for again each time."""

    def __init__(self, get: Callable[[str], Mapping[str, Any]]) -> None:
        self._get = get
        self._known: dict[str, dict[str, Resource]] = {}
        self._asking = threading.Lock()

    def resource(self, api_version: str, kind: str) -> Resource:
        """What the API server says of this kind.

        Raises:
            NoSuchKindError: it serves none of that name.
            ApiError: it does not answer.
        """
        found = self._known.get(api_version, {}).get(kind)
        if found is None:
            with self._asking:
                found = self._known.get(api_version, {}).get(kind)
                if found is None:
                    self._known[api_version] = self._ask(api_version)
                    found = self._known[api_version].get(kind)
        if found is None:
            raise NoSuchKindError(api_version, kind)
        return found

    def forget(self, api_version: str) -> None:
        """Ask again at the next need: a kind of this version has gone."""
        self._known.pop(api_version, None)

    def _ask(self, api_version: str) -> dict[str, Resource]:
        try:
            listed = self._get(root(api_version)).get("resources") or ()
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        parts: dict[str, list[str]] = {}
        for entry in listed:
            plural, _, subresource = entry["name"].partition("/")
            if subresource:
                parts.setdefault(plural, []).append(subresource)
        return {
            entry["kind"]: Resource(
                api_version,
                entry["kind"],
                entry["name"],
                entry["namespaced"],
                tuple(entry["verbs"]),
                tuple(parts.get(entry["name"], ())),
            )
            for entry in listed
            if "/" not in entry["name"]
        }

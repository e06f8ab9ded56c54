"""The provider's own configuration: which cluster, which namespace, how freely it may write."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twin.kubernetes import kubeconfig
from twin.kubernetes.errors import KubeconfigError
from twin.providers.kubernetes.errors import ProviderError
from twin.providers.wire import UNKNOWN

_TEXTS = {
    "kubeconfig": "the kubeconfig's contents, or its path",
    "context": "which of its contexts",
    "cluster": "which of its clusters, in the place of the context's",
    "namespace": "where objects go that name no namespace",
    "clusterIdentifier": "when given, its change alone replaces what is in the cluster",
}
_SWITCHES = {
    "enableServerSideApply": "only true, the default",
    "enableConfigMapMutable": "change the data of a ConfigMap in place",
    "enableSecretMutable": "change the data of a Secret in place",
    "enablePatchForce": "take over fields of other managers",
    "upsertExistingObjects": "take over objects that exist already",
    "deleteUnreachable": "forget the objects of a cluster that does not answer",
    "skipUpdateUnreachable": "leave the objects of a cluster that does not answer as they are in the state",
}
_ENGINE = {"version", "pluginDownloadURL", "packageName"}
_WHICH_CLUSTER = ("kubeconfig", "context", "cluster")
Problem = tuple[str, str]


@dataclass(frozen=True)
class Configuration:
    """What the program says of the cluster."""

    access: kubeconfig.Access | None = None
    unreachable: str = ""
    """Why there is no access: the kubeconfig is not known before the cluster is there."""
    namespace: str = "default"
    switches: frozenset[str] = field(default_factory=frozenset)
    """The names of the switches that are on."""


def parse(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values themselves: the SDK sends a switch as a JSON text."""
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        if name.startswith("__") or name in _ENGINE or value is None or value == "":
            continue
        parsed[name] = value
        if name in _SWITCHES and isinstance(value, str):
            parsed[name] = {"true": True, "false": False}.get(value, value)
    return parsed


def problems(values: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a configuration."""
    found: list[Problem] = []
    given = parse(values)
    for name, value in given.items():
        if value is UNKNOWN:
            continue
        if name not in _TEXTS and name not in _SWITCHES:
            taken = ", ".join((*_TEXTS, *_SWITCHES))
            found.append((name, f"the twin's Kubernetes provider does not take this configuration; it takes {taken}"))
        elif name in _TEXTS and not isinstance(value, str):
            found.append((name, f"expected a string: {_TEXTS[name]}"))
        elif name in _SWITCHES and not isinstance(value, bool):
            found.append((name, f"expected true or false: {_SWITCHES[name]}"))
        elif name == "enableServerSideApply" and value is not True:
            found.append((name, "the twin's Kubernetes provider writes by server-side apply alone"))
    if "kubeconfig" not in given:
        found.append(
            ("kubeconfig", "is required: a person's own kubeconfig is never used by the twin's Kubernetes provider")
        )
    return found


def configure(values: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Configuration:
    """The configuration as it is used; `environment` is that of the kubeconfig's exec plugin, `None`: this process's.

    Raises:
        ProviderError: the kubeconfig is wrong, or it is not about a cluster of the twin.
    """
    given = parse(values)
    switches = frozenset(name for name in _SWITCHES if given.get(name) is True)
    if any(given.get(name) is UNKNOWN for name in (*_WHICH_CLUSTER, "namespace")):
        return Configuration(
            unreachable="the kubeconfig is not known yet: the cluster is still to be made", switches=switches
        )
    if not isinstance(given.get("kubeconfig"), str):
        raise ProviderError("kubernetes:kubeconfig is missing or cannot be read: its text or a path is expected")
    try:
        source = _source(given["kubeconfig"])
        access = kubeconfig.access(source, given.get("context"), given.get("cluster"), environment)
    except KubeconfigError as error:
        raise ProviderError(f"kubernetes:kubeconfig: {error}") from error
    if not _on_this_machine(access.server):
        raise ProviderError(
            f"kubernetes:kubeconfig: {access.server} is not on this machine. This provider is for the twin's clusters "
            "alone; for others use the official plugin pulumi-resource-kubernetes"
        )
    return Configuration(access, namespace=given.get("namespace") or access.namespace, switches=switches)


def _source(text: str) -> Path | str:
    """The contents, or the path where it looks like one."""
    return Path(text).expanduser() if "\n" not in text and ":" not in text else text


def _on_this_machine(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def diff(olds: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The settings that changed, and those of them that make all objects new: they are in another cluster then."""
    old, new = parse(olds), parse(news)
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if "clusterIdentifier" in old and "clusterIdentifier" in new:
        return changed, [name for name in changed if name == "clusterIdentifier"]
    # As the official provider: what is unknown may be another cluster.
    unknown = [name for name in _WHICH_CLUSTER if new.get(name) is UNKNOWN]
    if unknown:
        return changed, unknown
    if _where(old) and _where(new) and _where(old) != _where(new):
        return changed, [name for name in _WHICH_CLUSTER if name in changed]
    return changed, []


def _where(given: Mapping[str, Any]) -> tuple[str, str] | None:
    """The API server and its authority, which stand for the cluster; `None` where they cannot be told."""
    try:
        access = kubeconfig.access(_source(given["kubeconfig"]), given.get("context"), given.get("cluster"))
    except (KubeconfigError, KeyError, AttributeError):
        return None
    return access.server, access.authority

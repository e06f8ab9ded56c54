"""Where the values of a pod's variables and files come from: the API server, and the pod itself.

Source: Kubernetes documentation, "Downward API"; k8s.io/kubernetes, pkg/kubelet/kubelet_pods.go and pkg/fieldpath.
"""

import base64
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from twin.kubernetes.client import Client
from twin.kubernetes.quantities import quantity
from twin.pods.errors import PodError

HOST_ADDRESS = "127.0.0.1"
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")


class Sources:
    """The config maps, secrets and fields that one pod may refer to, each asked for once."""

    def __init__(self, api: Client, pod: Mapping[str, Any], address: str) -> None:
        """`address`: where the pod is on this machine."""
        self.pod, self.address = pod, address
        self._api = api
        self._held: dict[tuple[str, str], dict[str, Any] | None] = {}

    @property
    def namespace(self) -> str:
        """The pod's namespace."""
        return str(self.pod["metadata"]["namespace"])

    def config_map(self, name: str, optional: bool = False) -> dict[str, bytes] | None:
        """What a config map holds; None for one that is not there and need not be."""
        held = self._object("ConfigMap", name, optional)
        if held is None:
            return None
        text = {key: value.encode() for key, value in (held.get("data") or {}).items()}
        return text | {key: base64.b64decode(value) for key, value in (held.get("binaryData") or {}).items()}

    def secret(self, name: str, optional: bool = False) -> dict[str, bytes] | None:
        """What a secret holds; None for one that is not there and need not be."""
        held = self._object("Secret", name, optional)
        if held is None:
            return None
        return {key: base64.b64decode(value) for key, value in (held.get("data") or {}).items()}

    def volume_of(self, claim: str) -> str:
        """The name of the persistent volume that a claim is bound to; empty while it is bound to none."""
        held = self._object("PersistentVolumeClaim", claim, False) or {}
        is_bound = held.get("status", {}).get("phase") == "Bound"
        return str(held["spec"].get("volumeName", "")) if is_bound else ""

    def field(self, path: str) -> str:
        """The value of a `fieldRef`."""
        metadata, spec = self.pod["metadata"], self.pod["spec"]
        if found := _SUBSCRIPT.fullmatch(path):
            return str((metadata.get(found[1]) or {}).get(found[2], ""))
        values = {
            "metadata.name": metadata["name"],
            "metadata.namespace": metadata["namespace"],
            "metadata.uid": metadata["uid"],
            "spec.nodeName": spec.get("nodeName", ""),
            "spec.serviceAccountName": spec.get("serviceAccountName", ""),
            "status.hostIP": HOST_ADDRESS,
            "status.hostIPs": HOST_ADDRESS,
            "status.podIP": self.address,
            "status.podIPs": self.address,
        }
        if path in values:
            return str(values[path])
        kind = path.removeprefix("metadata.")
        if kind in ("labels", "annotations"):
            return "\n".join(f"{key}={json.dumps(value)}" for key, value in sorted((metadata.get(kind) or {}).items()))
        raise PodError(f"{self._named()}: fieldRef {path} is not modelled.")

    def resource(self, reference: Mapping[str, Any], container: Mapping[str, Any]) -> str:
        """The value of a `resourceFieldRef`, which is about `container` unless it names another one."""
        containers = [*self.pod["spec"]["containers"], *self.pod["spec"].get("initContainers", ())]
        wanted = reference.get("containerName") or container["name"]
        of = next(one for one in containers if one["name"] == wanted)
        kind, _, resource = str(reference["resource"]).partition(".")
        amount = ((of.get("resources") or {}).get(kind) or {}).get(resource)
        if amount is None:  # kubelet: a limit that is not set is what the node has to give
            amount = self._allocatable(resource) if kind == "limits" else 0
        divisor = quantity(reference.get("divisor") or 1) or 1
        return str(math.ceil(quantity(amount) / divisor))

    def _allocatable(self, resource: str) -> str:
        node = self._api.get("v1", "Node", self.pod["spec"].get("nodeName", ""))
        if node is None:
            raise PodError(f"{self._named()}: its node is gone, so limits.{resource} has no value.")
        return str(node["status"]["allocatable"][resource])

    def _object(self, kind: str, name: str, optional: bool) -> dict[str, Any] | None:
        key = (kind, name)
        if key not in self._held:
            self._held[key] = self._api.get("v1", kind, name, self.namespace)
        held = self._held[key]
        if held is None and not optional:
            raise PodError(f'{self._named()}: {kind.lower()} "{name}" not found in namespace {self.namespace}.')
        return held

    def _named(self) -> str:
        return f"Pod {self.namespace}/{self.pod['metadata']['name']}"

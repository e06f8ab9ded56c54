"""Names and kinds of objects: type tokens, ids, what is in a namespace, what the SDK writes otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.providers.kubernetes.errors import ProviderError
from twin.providers.wire import UNKNOWN

CLUSTER_WIDE = frozenset(
    [
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("internal.apiserver.k8s.io", "StorageVersion"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "DeviceTaintRule"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    ]
)
"""The kinds of Kubernetes itself that are in no namespace. Source: Kubernetes 1.36, /api/v1 and /apis/<group>."""
_DASHED = {
    f"x_kubernetes_{word}": f"x-kubernetes-{word.replace('_', '-')}"
    for word in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
"""Fields of a CustomResourceDefinition that the SDK cannot name as they are."""
_UNDERSCORED = {dashed: name for name, dashed in _DASHED.items()}
READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
"""Metadata that the API server alone writes."""


@dataclass(frozen=True)
class Kind:
    """What a type token stands for."""

    token: str
    api_version: str
    kind: str
    patch: bool = False
    """Part of an object that somebody else made: `NamespacePatch` and the like."""

    @property
    def group(self) -> str:
        """The API group, `""` for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def built_in(self) -> bool:
        """Whether Kubernetes itself has it; else it comes with a CustomResourceDefinition."""
        return "." not in self.group or self.group.endswith(".k8s.io")

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


def parse(token: str) -> Kind:
    """The kind of a token `kubernetes:<group>/<version>:<Kind>`.

    Raises:
        ProviderError: no object of the Kubernetes API; it says what is meant and what to do.
    """
    package, _, rest = token.partition(":")
    path, _, name = rest.partition(":")
    group, _, version = path.rpartition("/")
    if package != "kubernetes" or not (group and version and name):
        raise ProviderError(f"{token} is no type of Kubernetes; kubernetes:<group>/<version>:<Kind> is expected")
    if group in ("helm.sh", "yaml", "kustomize"):
        raise ProviderError(
            f"the twin's Kubernetes provider does not take {token}: nothing renders charts, files or kustomizations "
            f"there. Write the objects as resources of their own kinds"
        )
    patch = name.endswith("Patch")
    found = Kind(token, version if group == "core" else f"{group}/{version}", name.removesuffix("Patch"), patch)
    if found.built_in and found.kind.endswith("List"):
        raise ProviderError(
            f"{token}: list resources exist for compatibility with YAML manifests, and cannot be created directly. "
            "Use the underlying resource type instead"
        )
    return found


def manager(urn: str, inputs: Mapping[str, Any]) -> str:
    """The field manager of a resource: of its own, so that two resources of one program cannot fight unseen.

    It is made of the URN, so that an object whose creation was interrupted is known again.
    """
    if given := annotation(inputs, "patchFieldManager"):
        return given
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def annotation(manifest: Mapping[str, Any], name: str) -> str:
    """The annotation `pulumi.com/<name>`, "" when it is not there or not known yet."""
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    value = annotations.get(f"pulumi.com/{name}") if isinstance(annotations, Mapping) else None
    return value if isinstance(value, str) else ""


def name_of(manifest: Mapping[str, Any]) -> Any:
    """`metadata.name`: a string, `UNKNOWN`, or `None`."""
    return _metadata(manifest, "name")


def namespace_of(manifest: Mapping[str, Any]) -> Any:
    """`metadata.namespace`: a string, `UNKNOWN`, or `None`."""
    return _metadata(manifest, "namespace")


def _metadata(manifest: Mapping[str, Any], field: str) -> Any:
    metadata = manifest.get("metadata")
    if metadata is UNKNOWN:
        return UNKNOWN
    value = metadata.get(field) if isinstance(metadata, Mapping) else None
    return value if value is UNKNOWN else (value or None)


def id_of(live: Mapping[str, Any]) -> str:
    """`namespace/name`, or the name alone of what is in no namespace."""
    namespace, name = namespace_of(live), name_of(live)
    return f"{namespace}/{name}" if namespace else str(name)


def split_id(resource_id: str) -> tuple[str | None, str]:
    """Namespace (or `None`) and name."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace or None, name


def has_unknown(value: Any) -> bool:
    """Whether anything in it is only known later."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def to_manifest(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as the API writes them: without what is absent or the engine's own, dashed names as they are."""
    found: dict[str, Any] = _renamed({k: v for k, v in properties.items() if not k.startswith("__")}, _DASHED)
    return found


def to_properties(live: Mapping[str, Any]) -> dict[str, Any]:
    """An object as the SDK reads it, without the book-keeping of field managers."""
    found: dict[str, Any] = _renamed(live, _UNDERSCORED)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
    return found


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(k, k): _renamed(v, names) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value

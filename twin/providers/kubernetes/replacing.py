"""Which changes need a new object: the official provider's list, and what the API server calls immutable.

Source: pulumi/pulumi-kubernetes, provider/pkg/provider/diff.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.providers.kubernetes.objects import Kind

if TYPE_CHECKING:
    from twin.kubernetes.client import ApiError

_ALWAYS = ("metadata.name", "metadata.namespace")
_CONTAINER = (
    "args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports", "readinessProbe",
    "resources", "securityContext", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty",
    "volumeDevices", "volumeMounts", "workingDir",
)  # fmt: skip
_POD = (
    "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases",
    "hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead",
    "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName",
    "schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace", "subdomain",
    "terminationGracePeriodSeconds", "volumes",
)  # fmt: skip
_VOLUME_SOURCES = (
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker",
    "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk", "portworxVolume",
    "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
)  # fmt: skip
_STATEFUL_SET = ("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates")
_BY_KIND: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): tuple(f"spec.{name}" for name in _STATEFUL_SET),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("", "PersistentVolume"): tuple(f"spec.{name}" for name in _VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    ("", "Pod"): (
        *(f"spec.{name}" for name in _POD),
        *(f"spec.{part}[].{name}" for part in ("containers", "initContainers") for name in _CONTAINER),
    ),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}
_IMMUTABLE = re.compile(
    r"immutable|may not change once set|updates to \w+ spec for fields other than|pod updates may not change fields",
    re.IGNORECASE,
)
"""What the API server says of a field that cannot be changed. Source: k8s.io/kubernetes, pkg/apis/*/validation."""


def listed(
    kind: Kind, inputs: Mapping[str, Any], *, mutable_config_maps: bool = False, mutable_secrets: bool = False
) -> tuple[str, ...]:
    """The paths whose change needs a new object; `[]` stands for any item of a list."""
    if kind.patch:
        return _ALWAYS
    paths = _BY_KIND.get((kind.group, kind.kind), ())
    sealed = inputs.get("immutable") is True
    if (kind.api_version, kind.kind) == ("v1", "ConfigMap") and (sealed or not mutable_config_maps):
        paths = ("binaryData", "data")
    if (kind.api_version, kind.kind) == ("v1", "Secret") and (sealed or not mutable_secrets):
        paths = (*paths, "data", "stringData")
    return (*_ALWAYS, *paths)


def is_listed(path: str, paths: tuple[str, ...]) -> bool:
    """Whether a changed path is one of these, or inside one."""
    plain = re.sub(r"\[\d+\]", "[]", path)
    return any(plain == listed or plain.startswith((f"{listed}.", f"{listed}[")) for listed in paths)


def refused_as_immutable(error: ApiError) -> bool:
    """Whether the API server refuses a change because the field can never be changed."""
    return error.reason == "Invalid" and bool(_IMMUTABLE.search(error.message))


def immutable_paths(error: ApiError, changed: Mapping[str, str]) -> list[str]:
    """Of the changed paths, those that the API server's refusal is about; all of them when it names none of them."""
    fields = [str(cause.get("field", "")) for cause in error.causes if _IMMUTABLE.search(str(cause.get("message", "")))]
    found = [
        path
        for path in changed
        if any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in fields if field)
        or any(field.startswith((f"{path}.", f"{path}[")) for field in fields)
    ]
    return found or list(changed)

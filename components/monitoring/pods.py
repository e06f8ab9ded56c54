"""What pods of monitoring have in common: known by labels; the servers among them restricted and apart as well.

Source: Kubernetes documentation, "StatefulSets", "Pod Security Standards".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.cluster.priority_classes import PLATFORM
from components.cluster.storage_classes import STORAGE_CLASS
from components.labels import NAME, labels
from components.pod_security import restricted_container, restricted_pod
from components.scheduling import apart
from components.scraping import MONITORING_NAMESPACE

USER = 65534
"""Whose the images' files are, and who runs in them: `nobody`."""
COMPONENT = "metrics"


def metadata(name: str, of: str, namespace: str = MONITORING_NAMESPACE) -> Any:
    """Return the metadata of an object; `of` is the application that it belongs to."""
    return {"name": name, "namespace": namespace, "labels": labels(of, COMPONENT)}


def own_labels(name: str) -> dict[str, str]:
    """Return the labels by which the pods of an application are known."""
    return {NAME: name}


def selector(name: str) -> dict[str, Any]:
    """Return what finds the pods of an application."""
    return {"match_labels": own_labels(name)}


def pod(
    account: str, container: dict[str, Any], volumes: Sequence[dict[str, Any]], grace_seconds: int
) -> dict[str, Any]:
    """Return a pod of that service account, on another node and in another zone than others like it where possible."""
    return {
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "priority_class_name": PLATFORM,  # training puts out what names no class, and nobody would be told
        "security_context": restricted_pod(USER),
        "termination_grace_period_seconds": grace_seconds,
        **apart(own_labels(account)),
        "containers": [container],
        "volumes": [*volumes],
    }


def container(
    name: str, image: str, arguments: Sequence[str], fields: Mapping[str, str], **more: Any
) -> dict[str, Any]:
    """Return the container of an application, which knows these fields of its pod by variables.

    `more` is what else it has.
    """
    return {
        "name": name,
        "image": image,
        "command": [name],
        "args": [*arguments],
        "env": [{"name": key, "value_from": {"field_ref": {"field_path": path}}} for key, path in fields.items()],
        "security_context": restricted_container(),
        **more,
    }


def probes(start_seconds: int) -> dict[str, Any]:
    """Return the probes of both servers, which may take so long to start."""

    def probe(path: str, every: int, failures: int) -> dict[str, Any]:
        asked = {"http_get": {"path": path, "port": "http"}, "timeout_seconds": 5}
        return asked | {"period_seconds": every, "failure_threshold": failures}

    return {
        "startup_probe": probe("/-/ready", 5, start_seconds // 5),
        "readiness_probe": probe("/-/ready", 10, 3),
        "liveness_probe": probe("/-/healthy", 20, 6),
    }


def claim(name: str, size_gib: int) -> dict[str, Any]:
    """Return the template of the claim for each pod's volume: encrypted with the environment's key, by its class."""
    return {
        "metadata": {"name": name},
        "spec": {
            "access_modes": ["ReadWriteOnce"],
            "storage_class_name": STORAGE_CLASS,
            "resources": {"requests": {"storage": f"{size_gib}Gi"}},
        },
    }

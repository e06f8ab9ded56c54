"""What the exporters have in common: small restricted pods with one port.

Source: Kubernetes documentation, "Pod Security Standards".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.labels import labels
from components.monitoring.pods import COMPONENT, USER, metadata, selector
from components.pod_security import restricted_container, restricted_pod
from components.scraping import MONITORING_NAMESPACE

BURST = 5
"""How many times the CPU that it asks for an exporter may use: scrapes come once a minute and are short."""


def account(application: str, namespace: str = MONITORING_NAMESPACE) -> Any:
    """Return a service account without a token; a pod that needs one says so itself."""
    return {
        "metadata": metadata(application, application, namespace),
        "automount_service_account_token": False,
    }


def deployment(application: str, annotations: Mapping[str, str], pod: Any) -> Any:
    """Return the specification of a Deployment of one pod: two would tell everything twice."""
    return {
        "replicas": 1,
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
        "selector": selector(application),
        "template": {
            "metadata": {"labels": labels(application, COMPONENT), "annotations": dict(annotations)},
            "spec": pod,
        },
    }


def daemon(application: str, annotations: Mapping[str, str], pod: Any) -> Any:
    """Return the specification of a DaemonSet."""
    return {
        "selector": selector(application),
        "update_strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": "10%"}},
        "template": {
            "metadata": {"labels": labels(application, COMPONENT), "annotations": dict(annotations)},
            "spec": pod,
        },
    }


def agent(
    application: str,
    image: str,
    arguments: Sequence[str],
    *,
    port: int,
    health: tuple[str, int],
    cpu: str,
    memory: str,
) -> Any:
    """Return a restricted pod of one container; `health` is where it says that it lives, a path and a port."""
    path, health_port = health
    probe = {"http_get": {"path": path, "port": health_port}, "timeout_seconds": 5}
    return {
        "service_account_name": application,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": restricted_pod(USER),
        "containers": [
            {
                "name": application,
                "image": image,
                "args": list(arguments),
                "ports": [{"name": "metrics", "container_port": port, "protocol": "TCP"}],
                "readiness_probe": probe | {"period_seconds": 10},
                "liveness_probe": probe | {"period_seconds": 30, "failure_threshold": 4},
                "resources": {
                    "requests": {"cpu": cpu, "memory": memory},
                    "limits": {"cpu": _times(cpu, BURST), "memory": memory},
                },
                "security_context": restricted_container(),
            }
        ],
    }


def _times(cpu: str, factor: int) -> str:
    return f"{int(cpu.removesuffix('m')) * factor}m"

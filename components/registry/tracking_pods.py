"""What all pods of the tracking server and its Jobs have in common: restricted, told where they are, known by labels.

Nothing secret is in them: the database lets them in by their identity, and what the server keeps secret is mounted from
Secrets Manager.

Source: Kubernetes documentation, "Pod Security Standards"; PostgreSQL documentation, "Environment Variables".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.labels import labels
from components.pod_security import restricted_container, restricted_pod
from components.registry.tracking_configuration import DATABASE_CONFIG
from components.registry.tracking_network import APPLICATION

CA_FILE = "/etc/groundwork/rds-ca.pem"
COMMAND = "groundwork-mlflow"
USER_ID = 65532

Environment = list[dict[str, Any]]


def values(**variables: str) -> Environment:
    """Return variables with values that are known."""
    return [{"name": name, "value": value} for name, value in variables.items()]


def from_database(*names: str) -> Environment:
    """Return variables whose values are in the ConfigMap of the database, under the same names."""
    return [
        {"name": name, "value_from": {"config_map_key_ref": {"name": DATABASE_CONFIG, "key": name}}} for name in names
    ]


def of_every_pod(region: str) -> Environment:
    """Return what each container is told: where it is, whom of the database it trusts, where it may write."""
    return values(
        AWS_REGION=region,
        AWS_DEFAULT_REGION=region,
        HOME="/tmp",  # noqa: S108 - a volume of the pod
        PGSSLMODE="verify-full",
        PGSSLROOTCERT=CA_FILE,
        MLFLOW_DISABLE_TELEMETRY="true",
    )


def pod_metadata(component: str, annotations: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the labels by which network policies and services know a pod."""
    found: dict[str, Any] = {"labels": labels(APPLICATION, component)}
    return found | ({"annotations": annotations} if annotations else {})


def pod(
    account: str, containers: list[dict[str, Any]], volumes: list[dict[str, Any]], buffer: str = "256Mi"
) -> dict[str, Any]:
    """Return a pod of that service account; `buffer` is the room in its folder for temporary files."""
    return {
        "service_account_name": account,
        "automount_service_account_token": False,
        "security_context": restricted_pod(USER_ID),
        "containers": containers,
        "volumes": [{"name": "tmp", "empty_dir": {"size_limit": buffer}}, *volumes],
    }


def container(
    name: str,
    image: str,
    word: str,
    environment: Environment,
    *,
    cpu: str,
    memory: str,
    cpu_limit: str = "1",
    arguments: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a container that runs one word of the image's command."""
    return {
        "name": name,
        "image": image,
        "command": [COMMAND, word],
        **({"args": list(arguments)} if arguments else {}),
        "env": environment,
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu_limit, "memory": memory}},
        "security_context": restricted_container(),
        "volume_mounts": [{"name": "tmp", "mount_path": "/tmp"}],  # noqa: S108 - a volume of the pod
    }

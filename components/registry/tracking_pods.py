"""The pods of the tracking server: the server with its sidecar, and those of its Jobs.

Nothing secret is in them: the database lets them in by their identity, and what the server keeps secret is mounted from
Secrets Manager. Where the database is comes by a ConfigMap, since nobody knows it before the database is there.

Source: MLflow documentation, "CLI" (`mlflow server`), "Environment Variables"; Kubernetes documentation, "Sidecar
Containers"; uvicorn documentation, "Settings" (a worker that is still loading answers no health check).
"""

import json
from collections.abc import Sequence
from typing import Any

from components.labels import labels
from components.pod_security import restricted_container, restricted_pod
from components.registry.tracking_network import APPLICATION, METRICS_PORT, SERVER, SERVER_PORT

DATABASE_CONFIG = "database"
AUTH_CONFIG = "tracking-server"
ACCESS_CONFIG = "access"
SECRET_CLASS = "tracking-server"  # noqa: S105 - the name of a class
AUTH_FILE = "basic_auth.ini"
ACCESS_FILE = "access.json"
CA_FILE = "/etc/groundwork/rds-ca.pem"
SECRET_DIRECTORY = "/run/secrets/mlflow"  # noqa: S105 - a folder
METRICS_DIRECTORY = "/run/metrics"
CONFIG_DIRECTORY = "/etc/mlflow"
COMMAND = "groundwork-mlflow"
USER_ID = 65532
WORKER_START_SECONDS = 120
START_SECONDS = 300
SERVER_SECRET_KEYS = (
    "admin_username",
    "admin_password",
    "flask_secret_key",
    "webhook_secret",
    "webhook_encryption_key",
)

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


def pod_metadata(component: str, annotations: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the labels by which network policies and services know a pod."""
    found: dict[str, Any] = {"labels": labels(APPLICATION, component)}
    return found | ({"annotations": annotations} if annotations else {})


def job_pod(
    *,
    command: str,
    image: str,
    account: str,
    environment: Environment,
    configured: Sequence[str] = (),
    memory: str = "1Gi",
) -> dict[str, Any]:
    """Return the pod of a Job that runs one word of the image's command; `configured` are its ConfigMaps."""
    container = _container(command, image, [COMMAND, command], environment, cpu="100m", memory=memory)
    container["volume_mounts"] += [
        {"name": name, "mount_path": f"{CONFIG_DIRECTORY}/{name}", "read_only": True} for name in configured
    ]
    volumes = [{"name": name, "config_map": {"name": name}} for name in configured]
    return _pod(account, [container], volumes) | {"restart_policy": "OnFailure"}


def server_pod(
    *,
    image: str,
    memory: str,
    cpu: str,
    cpu_limit: str,
    buffer: str,
    environment: Environment,
    events_environment: Environment,
    arguments: Sequence[str],
) -> dict[str, Any]:
    """Return the server's pod. The sidecar starts before the server and ends after it, so that no event is lost."""
    address = [{"name": "POD_IP", "value_from": {"field_ref": {"field_path": "status.podIP"}}}]
    server = _container(
        SERVER, image, [COMMAND, "server"], [*address, *environment],
        cpu=cpu, memory=memory, cpu_limit=cpu_limit, arguments=arguments,
    )  # fmt: skip
    health = {"http_get": {"path": "/health", "port": SERVER_PORT}}
    server |= {
        "ports": [{"name": "http", "container_port": SERVER_PORT}],
        "startup_probe": health | {"period_seconds": 5, "failure_threshold": START_SECONDS // 5, "timeout_seconds": 5},
        "readiness_probe": health | {"period_seconds": 10, "failure_threshold": 3, "timeout_seconds": 5},
        "liveness_probe": health | {"period_seconds": 20, "failure_threshold": 6, "timeout_seconds": 10},
    }
    server["volume_mounts"] += [
        {"name": "secret", "mount_path": SECRET_DIRECTORY, "read_only": True},
        {"name": AUTH_CONFIG, "mount_path": f"{CONFIG_DIRECTORY}/{AUTH_CONFIG}", "read_only": True},
        {"name": "metrics", "mount_path": METRICS_DIRECTORY},
    ]
    events = _container(
        "events", image, [COMMAND, "events"], [*address, *events_environment], cpu="50m", memory="256Mi"
    )
    events |= {
        "restart_policy": "Always",
        "ports": [{"name": "metrics", "container_port": METRICS_PORT}],
        "startup_probe": {
            "http_get": {"path": "/health", "port": METRICS_PORT},
            "period_seconds": 2,
            "failure_threshold": 60,
            "timeout_seconds": 5,
        },
        "liveness_probe": {
            "http_get": {"path": "/health", "port": METRICS_PORT},
            "period_seconds": 20,
            "failure_threshold": 6,
            "timeout_seconds": 10,
        },
    }
    events["volume_mounts"] += [
        {"name": "secret", "mount_path": SECRET_DIRECTORY, "read_only": True},
        {"name": "metrics", "mount_path": METRICS_DIRECTORY, "read_only": True},
    ]
    volumes: list[dict[str, Any]] = [
        {
            "name": "secret",
            "csi": {
                "driver": "secrets-store.csi.k8s.io",
                "read_only": True,
                "volume_attributes": {"secretProviderClass": SECRET_CLASS},
            },
        },
        {"name": AUTH_CONFIG, "config_map": {"name": AUTH_CONFIG}},
        {"name": "metrics", "empty_dir": {"size_limit": "256Mi"}},
    ]
    same = {"match_labels": labels(APPLICATION, SERVER)}
    return _pod(SERVER, [server], volumes, buffer) | {
        "init_containers": [events],
        "termination_grace_period_seconds": 60,
        "topology_spread_constraints": [
            {
                "topology_key": "topology.kubernetes.io/zone",
                "max_skew": 1,
                "when_unsatisfiable": "ScheduleAnyway",
                "label_selector": same,
            }
        ],
        "affinity": {
            "pod_anti_affinity": {
                "preferred_during_scheduling_ignored_during_execution": [
                    {
                        "weight": 100,
                        "pod_affinity_term": {"topology_key": "kubernetes.io/hostname", "label_selector": same},
                    }
                ]
            }
        },
    }


def server_arguments(bucket: str, workers: int, hosts: Sequence[str]) -> list[str]:
    """Return the command line of `mlflow server`. `hosts` are the names that callers may use, beside its address."""
    allowed = [f"$(POD_IP):{SERVER_PORT}", *hosts]
    origins = [f"http://{host}" for host in allowed] + [f"https://{host}" for host in hosts if ":" not in host]
    return [
        "--app-name=basic-auth",
        "--enable-workspaces",
        "--host=$(POD_IP)",
        f"--port={SERVER_PORT}",
        f"--workers={workers}",
        f"--artifacts-destination=s3://{bucket}/mlflow",
        f"--allowed-hosts={','.join(allowed)}",
        f"--cors-allowed-origins={','.join(origins)}",
        f"--expose-prometheus={METRICS_DIRECTORY}",
        f"--uvicorn-opts=--timeout-worker-healthcheck {WORKER_START_SECONDS}",
    ]


def secret_objects(name: str) -> str:
    """Return which entries of the server's secret become files, as the AWS provider of the CSI driver reads it."""
    paths = [{"path": key, "objectAlias": key} for key in SERVER_SECRET_KEYS]
    return json.dumps([{"objectName": name, "objectType": "secretsmanager", "jmesPath": paths}])


def _pod(
    account: str, containers: list[dict[str, Any]], volumes: list[dict[str, Any]], buffer: str = "256Mi"
) -> dict[str, Any]:
    return {
        "service_account_name": account,
        "automount_service_account_token": False,
        "security_context": restricted_pod(USER_ID),
        "containers": containers,
        "volumes": [{"name": "tmp", "empty_dir": {"size_limit": buffer}}, *volumes],
    }


def _container(
    name: str,
    image: str,
    command: Sequence[str],
    environment: Environment,
    *,
    cpu: str,
    memory: str,
    cpu_limit: str = "1",
    arguments: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "command": list(command),
        **({"args": list(arguments)} if arguments else {}),
        "env": environment,
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu_limit, "memory": memory}},
        "security_context": restricted_container(),
        "volume_mounts": [{"name": "tmp", "mount_path": "/tmp"}],  # noqa: S108 - a volume of the pod
    }

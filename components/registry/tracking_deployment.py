"""The pods of the tracking server itself, how many there are, and how they are replaced.

The sidecar `events` starts before the server and ends after it, so that no event is lost.

Source: MLflow documentation, "CLI" (`mlflow server`), "Environment Variables"; Kubernetes documentation, "Sidecar
Containers"; uvicorn documentation, "Settings" (a worker that is still loading answers no health check).
"""

from collections.abc import Sequence
from typing import Any

from components.labels import labels
from components.mounted_secret import secret_volume
from components.registry.tracking_args import EVENTS_MIB, EVENTS_MILLICORES, TrackingServerArgs, TrackingServerSettings
from components.registry.tracking_configuration import (
    AUTH_CONFIG,
    AUTH_PATH,
    CONFIG_DIRECTORY,
    SECRET_CLASS,
    SECRET_DIRECTORY,
    database_annotation,
)
from components.registry.tracking_network import APPLICATION, METRICS_PORT, NAMESPACE, SERVER, SERVER_PORT
from components.registry.tracking_pods import container, from_database, of_every_pod, pod, pod_metadata, values
from components.scheduling import apart
from components.scraping import scraped

METRICS_DIRECTORY = "/run/metrics"
WORKER_START_SECONDS = 120
START_SECONDS = 300
KEEP_ALIVE_SECONDS = 300
"""How long a connection may rest: longer than training is silent between two epochs, since the end that uvicorn sets by
itself, after five seconds, meets the next request; shorter than the 350 after which a load balancer forgets it."""
SELECTOR = labels(APPLICATION, SERVER)
"""The labels by which the Service, the budget and the Deployment know the server's pods."""


def deployment_spec(args: TrackingServerArgs) -> dict[str, Any]:
    """Return the specification of the Deployment; a pod ends only after another one serves."""
    return {
        "replicas": args.settings.min_replicas,
        "selector": {"match_labels": SELECTOR},
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
        "template": {
            "metadata": pod_metadata(SERVER, {**database_annotation(args), **scraped(METRICS_PORT)}),
            "spec": server_pod(args),
        },
    }


def budget_spec() -> dict[str, Any]:
    """Return the specification of the budget: nodes are drained one of its pods at a time."""
    return {"max_unavailable": 1, "selector": {"match_labels": SELECTOR}}


def autoscaler_spec(settings: TrackingServerSettings) -> dict[str, Any]:
    """Return the specification of the autoscaler, by CPU."""
    cpu = {"name": "cpu", "target": {"type": "Utilization", "average_utilization": 80}}
    return {
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": SERVER},
        "min_replicas": settings.min_replicas,
        "max_replicas": settings.max_replicas,
        "metrics": [{"type": "Resource", "resource": cpu}],
    }


def server_pod(args: TrackingServerArgs) -> dict[str, Any]:
    """Return the server's pod: the server and its sidecar, spread over zones and nodes where there are several."""
    volumes: list[dict[str, Any]] = [
        secret_volume("secret", SECRET_CLASS),
        {"name": AUTH_CONFIG, "config_map": {"name": AUTH_CONFIG}},
        {"name": "metrics", "empty_dir": {"size_limit": "256Mi"}},
    ]
    return pod(SERVER, [_server(args)], volumes, f"{args.settings.artifact_buffer_gib}Gi") | {
        "init_containers": [_events(args)],
        "termination_grace_period_seconds": 60,
        **apart(SELECTOR),
    }


def server_arguments(args: TrackingServerArgs) -> list[str]:
    """Return the command line of `mlflow server`; callers may use its address and the names of it that are known."""
    hosts = _hosts(args.settings)
    allowed = [f"$(POD_IP):{SERVER_PORT}", *hosts]
    origins = [f"http://{host}" for host in allowed] + [f"https://{host}" for host in hosts if ":" not in host]
    return [
        "--app-name=basic-auth",
        "--enable-workspaces",
        "--host=$(POD_IP)",
        f"--port={SERVER_PORT}",
        f"--workers={args.settings.workers}",
        f"--artifacts-destination=s3://{args.bucket_name}/mlflow",
        f"--allowed-hosts={','.join(allowed)}",
        f"--cors-allowed-origins={','.join(origins)}",
        f"--expose-prometheus={METRICS_DIRECTORY}",
        f"--uvicorn-opts=--timeout-worker-healthcheck {WORKER_START_SECONDS} --timeout-keep-alive {KEEP_ALIVE_SECONDS}",
    ]


def _server(args: TrackingServerArgs) -> dict[str, Any]:
    settings = args.settings
    environment = [
        *_told(args),
        *from_database("MLFLOW_BACKEND_STORE_URI"),
        *values(
            MLFLOW_AUTH_CONFIG_PATH=AUTH_PATH,
            SERVER_SECRET_DIRECTORY=SECRET_DIRECTORY,
            MLFLOW_RBAC_SEED_DEFAULT_ROLES="false",
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
            # The one receiver is the sidecar, on the pod's own loopback; only administrators make webhooks.
            MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS="true",
            MLFLOW_WEBHOOK_ALLOWED_SCHEMES="http",
            # MLflow remembers webhooks by event and not by workspace: an event would be told of another team.
            MLFLOW_WEBHOOK_CACHE_TTL="0",
        ),
    ]
    server = container(
        SERVER,
        settings.image,
        "server",
        environment,
        cpu=f"{settings.cpu_request_millicores}m",
        cpu_limit=f"{max(2000, 4 * settings.cpu_request_millicores)}m",
        memory=f"{settings.memory_gib}Gi",
        arguments=server_arguments(args),
    )
    server |= {
        "ports": [{"name": "http", "container_port": SERVER_PORT}],
        "startup_probe": _health(SERVER_PORT, every=5, failures=START_SECONDS // 5),
        "readiness_probe": _health(SERVER_PORT, every=10, failures=3),
        "liveness_probe": _health(SERVER_PORT, every=20, failures=6, timeout=10),
    }
    server["volume_mounts"] += [
        {"name": "secret", "mount_path": SECRET_DIRECTORY, "read_only": True},
        {"name": AUTH_CONFIG, "mount_path": f"{CONFIG_DIRECTORY}/{AUTH_CONFIG}", "read_only": True},
        {"name": "metrics", "mount_path": METRICS_DIRECTORY},
    ]
    return server


def _events(args: TrackingServerArgs) -> dict[str, Any]:
    environment = [
        *_told(args),
        *values(
            EVENTS_QUEUE_URL=args.queue_url,
            METRICS_DIRECTORY=METRICS_DIRECTORY,
            WEBHOOK_SECRET_FILE=f"{SECRET_DIRECTORY}/webhook_secret",
        ),
    ]
    events = container(
        "events", args.settings.image, "events", environment, cpu=f"{EVENTS_MILLICORES}m", memory=f"{EVENTS_MIB}Mi"
    )
    events |= {
        "restart_policy": "Always",
        "ports": [{"name": "metrics", "container_port": METRICS_PORT}],
        "startup_probe": _health(METRICS_PORT, every=2, failures=60),
        "liveness_probe": _health(METRICS_PORT, every=20, failures=6, timeout=10),
    }
    events["volume_mounts"] += [
        {"name": "secret", "mount_path": SECRET_DIRECTORY, "read_only": True},
        {"name": "metrics", "mount_path": METRICS_DIRECTORY, "read_only": True},
    ]
    return events


def _told(args: TrackingServerArgs) -> list[dict[str, Any]]:
    address = {"name": "POD_IP", "value_from": {"field_ref": {"field_path": "status.podIP"}}}
    return [address, *of_every_pod(args.region)]


def _health(port: int, *, every: int, failures: int, timeout: int = 5) -> dict[str, Any]:
    return {
        "http_get": {"path": "/health", "port": port},
        "period_seconds": every,
        "failure_threshold": failures,
        "timeout_seconds": timeout,
    }


def _hosts(settings: TrackingServerSettings) -> Sequence[str]:
    inside = [f"{SERVER}.{NAMESPACE}{suffix}:{SERVER_PORT}" for suffix in ("", ".svc", ".svc.cluster.local")]
    return inside + ([settings.load_balancer.hostname] if settings.load_balancer else [])

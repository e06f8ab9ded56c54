"""The Jobs of the tracking server: its database, its schema, its accounts, and new passwords once a month.

A Job's name carries a hash of what it does, so that a change runs it again, and what stays the same runs no more.

Source: Kubernetes documentation, "Jobs" (the pod template of a Job cannot be changed), "CronJob".
"""

from collections.abc import Sequence
from typing import Any

from components.registry.tracking_args import TrackingServerArgs
from components.registry.tracking_configuration import (
    ACCESS_CONFIG,
    ACCESS_PATH,
    AUTH_CONFIG,
    AUTH_PATH,
    CONFIG_DIRECTORY,
    DATABASE,
    database_annotation,
    digest,
)
from components.registry.tracking_network import ACCESS, BOOTSTRAP, MIGRATION, NAMESPACE, ROTATION, SERVER, SERVER_PORT
from components.registry.tracking_pods import (
    Environment,
    container,
    from_database,
    of_every_pod,
    pod,
    pod_metadata,
    values,
)
from components.registry.tracking_rights import DATABASE_USER

ROTATION_SCHEDULE = "17 3 1 * *"
"""On the first of every month, in UTC: well within the 90 days that a password may live."""
RETRIES = 6


def job_name(job: str, args: TrackingServerArgs) -> str:
    """Return the name of a Job, another one when it would do something else."""
    return f"{job}-{digest(_pod_of(job, args), args.access_configuration if job == ACCESS else '')}"


def job_spec(job: str, args: TrackingServerArgs) -> dict[str, Any]:
    """Return the specification of a Job."""
    template = {"metadata": pod_metadata(job, database_annotation(args)), "spec": _pod_of(job, args)}
    return {"backoff_limit": RETRIES, "template": template}


def rotation_spec(args: TrackingServerArgs) -> dict[str, Any]:
    """Return the specification of the CronJob of new passwords."""
    template = {"metadata": pod_metadata(ROTATION), "spec": _pod_of(ROTATION, args)}
    return {
        "schedule": ROTATION_SCHEDULE,
        "concurrency_policy": "Forbid",
        "job_template": {"spec": {"backoff_limit": RETRIES, "template": template}},
    }


def _pod_of(job: str, args: TrackingServerArgs) -> dict[str, Any]:
    if job == BOOTSTRAP:
        return _bootstrap_pod(args)
    return _migration_pod(args) if job == MIGRATION else _access_pod(job, args)


def _bootstrap_pod(args: TrackingServerArgs) -> dict[str, Any]:
    environment = [
        *from_database("DATABASE_HOST", "DATABASE_PORT", "DATABASE_MASTER_SECRET_ARN"),
        *values(
            MLFLOW_DATABASE_NAME=DATABASE,
            MLFLOW_DATABASE_USER=DATABASE_USER,
            MLFLOW_SERVER_SECRET_ID=args.server_secret,
        ),
    ]
    return _job_pod(BOOTSTRAP, BOOTSTRAP, args, environment, memory="256Mi")


def _migration_pod(args: TrackingServerArgs) -> dict[str, Any]:
    environment = [*from_database("MLFLOW_BACKEND_STORE_URI"), *values(MLFLOW_AUTH_CONFIG_PATH=AUTH_PATH)]
    return _job_pod(MIGRATION, MIGRATION, args, environment, memory="1Gi", configured=(AUTH_CONFIG,))


def _access_pod(word: str, args: TrackingServerArgs) -> dict[str, Any]:
    """Return the pod that makes accounts or new passwords: both are for the same service account."""
    environment = values(
        ACCESS_CONFIGURATION=ACCESS_PATH,
        MLFLOW_SERVER_SECRET_ID=args.server_secret,
        MLFLOW_TRACKING_URI=f"http://{SERVER}.{NAMESPACE}:{SERVER_PORT}",
    )
    return _job_pod(word, ACCESS, args, environment, memory="256Mi", configured=(ACCESS_CONFIG,))


def _job_pod(
    word: str,
    account: str,
    args: TrackingServerArgs,
    environment: Environment,
    *,
    memory: str,
    configured: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the pod of a Job that runs one word of the image's command; `configured` are its ConfigMaps."""
    told = [*of_every_pod(args.region), *environment]
    running = container(word, args.settings.image, word, told, cpu="100m", memory=memory)
    running["volume_mounts"] += [
        {"name": name, "mount_path": f"{CONFIG_DIRECTORY}/{name}", "read_only": True} for name in configured
    ]
    volumes = [{"name": name, "config_map": {"name": name}} for name in configured]
    return pod(account, [running], volumes) | {"restart_policy": "OnFailure"}

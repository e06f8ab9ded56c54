"""What the pods of the tracking server are told by ConfigMaps, and which secrets they find as files.

Where the database is comes by a ConfigMap, since nobody knows it before the database is there; what is secret is in no
ConfigMap, but is mounted from Secrets Manager.

Source: MLflow documentation, "Basic HTTP Authentication" (`basic_auth.ini`).
"""

import hashlib
import json
from typing import Any

import pulumi

from components.mounted_secret import secret_class_spec
from components.registry.tracking_args import Client, TrackingServerArgs
from components.registry.tracking_rights import DATABASE_USER

DATABASE_CONFIG = "database"
AUTH_CONFIG = "tracking-server"
ACCESS_CONFIG = "access"
CONFIG_DIRECTORY = "/etc/mlflow"
AUTH_FILE, ACCESS_FILE = "basic_auth.ini", "access.json"
AUTH_PATH = f"{CONFIG_DIRECTORY}/{AUTH_CONFIG}/{AUTH_FILE}"
ACCESS_PATH = f"{CONFIG_DIRECTORY}/{ACCESS_CONFIG}/{ACCESS_FILE}"
SECRET_CLASS = "tracking-server"  # noqa: S105 - the name of a class
SECRET_DIRECTORY = "/run/secrets/mlflow"  # noqa: S105 - a folder
CREDENTIALS_CLASS = "mlflow-credentials"
"""In each team's namespace: its file is what MLflow's clients look for at `~/.mlflow/credentials`."""
SERVER_SECRET_KEYS = (
    "admin_username",
    "admin_password",
    "flask_secret_key",
    "webhook_secret",
    "webhook_encryption_key",
)
DATABASE = "mlflow"
AUTH_CACHE_SECONDS = 30
"""How long a worker remembers that a password was right: to check one takes longer than most requests."""
HASH_LENGTH = 8


def config_maps(args: TrackingServerArgs) -> dict[str, dict[str, Any]]:
    """Return the contents of the ConfigMaps by name: variables of the database, and files under CONFIG_DIRECTORY."""
    uri = store_uri(args)
    return {
        DATABASE_CONFIG: {
            "DATABASE_HOST": args.database_address,
            "DATABASE_PORT": _port(args),
            "DATABASE_MASTER_SECRET_ARN": args.master_secret_arn,
            "MLFLOW_BACKEND_STORE_URI": uri,
        },
        AUTH_CONFIG: {AUTH_FILE: uri.apply(basic_auth)},
        ACCESS_CONFIG: {ACCESS_FILE: args.access_configuration},
    }


def secret_class(args: TrackingServerArgs) -> dict[str, Any]:
    """Return the specification of the class by which the server's secret is mounted, an entry a file."""
    return secret_class_spec(args.region, args.server_secret, SERVER_SECRET_KEYS)


def credentials_class(args: TrackingServerArgs, client: Client) -> dict[str, Any]:
    """Return the specification of the class by which the jobs of a team mount how they sign in."""
    return secret_class_spec(args.region, client.training_secret, ("credentials",))


def store_uri(args: TrackingServerArgs) -> pulumi.Output[str]:
    """Return the address of MLflow's database. No password is in it: the plugin signs in with the pod's identity."""
    return pulumi.Output.concat(
        f"postgresql+psycopg2://{DATABASE_USER}@", args.database_address, ":", _port(args),
        f"/{DATABASE}?plugin=rds_iam",
    )  # fmt: skip


def database_annotation(args: TrackingServerArgs) -> dict[str, pulumi.Output[str]]:
    """Return the annotation that rolls pods when the database is another one, as after a restore."""
    return {"groundwork.io/database": store_uri(args).apply(digest)}


def basic_auth(uri: str) -> str:
    """Return MLflow's configuration of accounts: nobody has a right that was not given."""
    lines = {
        "default_permission": "NO_PERMISSIONS",
        "database_uri": uri,
        "grant_default_workspace_access": "false",
        "auth_cache_ttl_seconds": AUTH_CACHE_SECONDS,
    }
    return "[mlflow]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


def digest(*parts: object) -> str:
    """Return a short hash of what is given, the same for the same."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:HASH_LENGTH]


def _port(args: TrackingServerArgs) -> pulumi.Output[str]:
    return pulumi.Output.from_input(args.database_port).apply(str)

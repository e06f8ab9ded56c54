"""Starts MLflow's server with what it keeps secret, read from files that only this pod has.

MLflow takes those four from its environment alone. They are put there by this process, which becomes the server, so
that no manifest and no shell has them. What follows `server` on the command line is for `mlflow server`.

Source: MLflow documentation, "Basic HTTP Authentication", "Webhooks" (their environment variables).
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from groundwork_mlflow import mounted
from groundwork_mlflow.errors import required

VARIABLES = {
    "admin_username": "MLFLOW_AUTH_ADMIN_USERNAME",
    "admin_password": "MLFLOW_AUTH_ADMIN_PASSWORD",
    "flask_secret_key": "MLFLOW_FLASK_SERVER_SECRET_KEY",
    "webhook_encryption_key": "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
}
"""By the entry of the server's secret, which is a file's name, the variable that MLflow takes it from."""


def run(arguments: Sequence[str]) -> None:
    """Become the server."""
    environment = os.environ | read(Path(required("SERVER_SECRET_DIRECTORY")))
    program = Path(sys.executable).with_name("mlflow")
    os.execve(program, [str(program), "server", *arguments], environment)  # noqa: S606 - without a shell is the point


def read(directory: Path) -> dict[str, str]:
    """Return the variables with their values."""
    return {variable: mounted.read(directory / name) for name, variable in VARIABLES.items()}

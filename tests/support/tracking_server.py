"""A real MLflow server of the image `mlflow`, started by hand: a database file, workspaces, nobody let in unknown."""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tools import images
from tools.progress import Progress
from twin import loopback_ports

ADMIN = "admin"
START_SECONDS = 600
API = "/api/3.0/mlflow"
CONFIGURATION = """[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///{folder}/users.db
admin_username = {admin}
admin_password = {password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""


@dataclass(frozen=True)
class TrackingServer:
    """Where it is, and how to be its administrator."""

    url: str
    password: str

    def add_team(self, team: str, user: str, password: str) -> None:
        """Make a workspace, and a user who may work in it and nowhere else."""
        self._post(f"{API}/workspaces", name=team)
        self._post("/api/2.0/mlflow/users/create", username=user, password=password)
        role = self._post(f"{API}/roles/create", workspace=team, name=user)["role"]["id"]
        for resource, permission in (("workspace", "USE"), ("experiment", "EDIT"), ("registered_model", "EDIT")):
            granted = {"resource_type": resource, "resource_pattern": "*", "permission": permission}
            self._post(f"{API}/roles/permissions/add", role_id=role, **granted)
        self._post(f"{API}/roles/assign", role_id=role, username=user)

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(self.url + path, json=body, auth=(ADMIN, self.password), timeout=60)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return dict(answer.json())


@contextmanager
def running(folder: Path, artifacts: str, variables: Mapping[str, str]) -> Iterator[TrackingServer]:
    """Serve until the block ends. `artifacts`: where they go; `variables`: how the server reaches that."""
    programs = images.environment("mlflow", Progress()) / "bin"
    folder.mkdir(parents=True)
    password = secrets.token_urlsafe(24)
    configuration = folder / "basic_auth.ini"
    configuration.touch(0o600)
    configuration.write_text(CONFIGURATION.format(folder=folder, admin=ADMIN, password=password))
    (port,) = loopback_ports.free(1)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLFLOW_"))},
        **variables,
        "PATH": f"{programs}:/usr/bin:/bin",
        "MLFLOW_AUTH_CONFIG_PATH": str(configuration),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(24),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [
        str(programs / "mlflow"), "server", "--app-name", "basic-auth", "--enable-workspaces",
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", artifacts,
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    server = TrackingServer(f"http://127.0.0.1:{port}", password)
    try:
        _wait(server, process, folder / "server.log")
        yield server
    finally:
        process.terminate()
        process.wait(60)


def _wait(server: TrackingServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        try:
            if requests.get(f"{server.url}/health", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(1)

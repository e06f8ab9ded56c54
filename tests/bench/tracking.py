"""How much the platform's way of running MLflow costs: the server of the manifest against the same one started by hand.

Both have the same database, with IAM sign-in over TLS, the same accounts and the same object store, and run at the same
time; the load meets them in turn, now one first and now the other, so that a slow moment of the machine meets both.
"""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.support.project import Project
from tests.twin.tracking.opened import Opened, opening
from tools import images
from tools.progress import Progress
from twin.kubernetes import pod_identity

CLIENTS = 50
METRICS = 200
"""That each client logs to each server in all, in equal parts in the rounds."""
ROUNDS = 4
START_SECONDS = 300
LOAD = """
import json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
from mlflow import MlflowClient
clients, metrics, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
client = MlflowClient()
experiment = client.create_experiment(name)
runs = [client.create_run(experiment).info.run_id for _ in range(clients)]

def work(run):
    own = MlflowClient()
    for step in range(metrics):
        own.log_metric(run, "loss", 1 / (step + 1), step=step)

began = time.monotonic()
with ThreadPoolExecutor(clients) as pool:
    list(pool.map(work, runs))
seconds = time.monotonic() - began
found = [sorted(one.step for one in client.get_metric_history(run, "loss")) for run in runs]
print(json.dumps({"seconds": seconds, "whole": sum(steps == list(range(metrics)) for steps in found)}))
"""


@dataclass(frozen=True)
class Loaded:
    """What the clients have measured."""

    of_the_manifest: list[float]
    """Seconds of each round."""
    by_hand: list[float]
    lost: int
    """Runs whose metrics are not all there."""

    @property
    def ratios(self) -> list[float]:
        """Of each round, from the least to the greatest."""
        return sorted(ours / theirs for ours, theirs in zip(self.of_the_manifest, self.by_hand, strict=True))


def measure() -> Loaded:
    """Build dev on a twin of its own, run both servers, and load them in turn."""
    python = images.environment("mlflow", Progress()) / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        project = Project.make(Path(folder) / "project")
        try:
            project.groundwork("up", "dev")
            with opening(project, python, Path(folder)) as opened, _by_hand(opened, Path(folder)) as url:
                seconds: dict[str, list[float]] = {opened.url: [], url: []}
                lost = 0
                for number in range(ROUNDS):
                    for address in sorted(seconds, reverse=bool(number % 2)):
                        found = _load(opened, address, f"load-{number}-{address == url}")
                        seconds[address].append(found["seconds"])
                        lost += CLIENTS - int(found["whole"])
                return Loaded(seconds[opened.url], seconds[url], lost)
        finally:
            project.stop()


def _load(opened: Opened, url: str, name: str) -> dict[str, float]:
    user = opened.secret("vision/data-scientist")
    variables = {
        "PATH": "/usr/bin:/bin", "HOME": str(opened.folder), "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": url, "MLFLOW_WORKSPACE": "vision",
        "MLFLOW_TRACKING_USERNAME": user["username"], "MLFLOW_TRACKING_PASSWORD": user["password"],
    }  # fmt: skip
    done = subprocess.run(
        [opened.python, "-c", LOAD, str(CLIENTS), str(METRICS // ROUNDS), name],
        env=variables, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def _by_hand(opened: Opened, folder: Path) -> Iterator[str]:
    """`mlflow server` as its documentation starts it, with one worker as in dev; its address."""
    host, _, port = opened.outputs["database_endpoint"].partition(":")
    uri = f"postgresql+psycopg2://mlflow@{host}:{port}/mlflow?plugin=rds_iam"
    accounts = folder / "basic_auth.ini"
    # A password's hash is made slow on purpose: without the cache that the platform has too, nothing else would show.
    accounts.write_text(
        f"[mlflow]\ndefault_permission = NO_PERMISSIONS\ndatabase_uri = {uri}\nauth_cache_ttl_seconds = 30\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    command = [
        str(opened.python.with_name("mlflow")), "server", "--app-name=basic-auth", "--enable-workspaces",
        "--host=127.0.0.1", f"--port={listen}", "--workers=1", f"--backend-store-uri={uri}",
        f"--artifacts-destination=s3://{opened.bucket}/mlflow",
    ]  # fmt: skip
    with (folder / "by-hand.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=_variables(opened, accounts), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{listen}"
        _wait(url, folder / "by-hand.log")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _variables(opened: Opened, accounts: Path) -> Mapping[str, str]:
    role = pod_identity.credentials(opened.world, "mlflow", "tracking-server")
    server = opened.secret("server")
    twin = {name: value for name, value in opened.project.twin_variables().items() if name.startswith("AWS_")}
    return twin | {
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token or "",
        "PATH": f"{opened.python.parent}:/usr/bin:/bin",
        "HOME": str(opened.folder),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": twin["AWS_CA_BUNDLE"],
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_AUTH_CONFIG_PATH": str(accounts),
        "MLFLOW_AUTH_ADMIN_USERNAME": server["admin_username"],
        "MLFLOW_AUTH_ADMIN_PASSWORD": server["admin_password"],
        "MLFLOW_FLASK_SERVER_SECRET_KEY": server["flask_secret_key"],
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _wait(url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        if time.monotonic() > end:
            raise TimeoutError(log.read_text())
        time.sleep(0.5)

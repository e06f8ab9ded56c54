"""`groundwork open mlflow` as a person runs it, and whoever uses what it opens."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.support.project import CLONE, Project
from tests.twin.tracking.clients import Client, Worker
from tests.unit.tools.support import Said
from twin.account import Account
from twin.kubernetes.controllers.loop import World, world_of
from twin.places import Places
from twin.pods import records
from twin.pods.runner import PodRunner

OPEN_SECONDS = 900
STOP_SECONDS = 180
NAMESPACE = "mlflow"
SERVER = "tracking-server"
ADDRESS = re.compile(r"MLflow is open in dev: (http://(\S+):5000)")


@dataclass
class Opened:
    """The server that was opened, in the world that it is in."""

    project: Project
    process: "subprocess.Popen[bytes]"
    url: str
    address: str
    log: Path
    """What the command has said."""
    world: World
    """Its cluster, as an administrator; its account, as root."""
    python: Path
    """The interpreter of the image."""
    outputs: dict[str, Any]
    folder: Path
    worker: Worker
    """What its users work with."""

    @property
    def account(self) -> Account:
        """The account's root."""
        return self.world.aws

    @property
    def bucket(self) -> str:
        """The bucket of artifacts."""
        return str(self.outputs["bucket_artifacts"])

    def secret(self, path: str) -> dict[str, str]:
        """The value of a secret below `groundwork-dev/mlflow/`."""
        client = self.account.client("secretsmanager")
        value = client.get_secret_value(SecretId=f"groundwork-dev/mlflow/{path}")["SecretString"]
        found: dict[str, str] = json.loads(value)
        return found

    def user(self, team: str, role: str = "data-scientist", **settings: str) -> Client:
        """A user of a team, with the password that the secret has now; `settings` are MLflow's client's own."""
        held = self.secret(role if role == "auditor" else f"{team}/{role}")
        return Client(self.worker, self.url, held["username"], held["password"], team, settings)

    def runner(self) -> PodRunner:
        """Runs further pods of the cluster, as `groundwork open` does."""
        places = Places(clone=self.project.root, root=self.project.root / ".twin")
        return PodRunner(places.pods, self.world, Said())

    def server_process(self) -> psutil.Process:
        """The process of the server's container, which has workers below it."""
        for process in psutil.Process(self.process.pid).children():
            if any(word.endswith("mlflow") for word in process.cmdline()[:2]) and "server" in process.cmdline():
                return process
        raise AssertionError("the server does not run")

    def log_of(self, container: str) -> str:
        """What a container of the server's pod has printed."""
        return (self.pod_folder() / "logs" / f"{container}.log").read_text()

    def pod_folder(self) -> Path:
        """The folder of the pod that runs now: those of pods that it had before stay, with their logs."""
        (folder,) = (
            folder
            for folder, pod in records.known(self.project.root / ".twin" / "pods", self.world.folder.name)
            if (pod.workload, pod.runner.pid) == (f"Deployment/{SERVER}", self.process.pid)
        )
        return folder


@contextmanager
def opening(project: Project, python: Path, folder: Path) -> Iterator[Opened]:
    """Open it; end it as `kill` does, and see that nothing of it is left."""
    log = folder / "open.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [CLONE / ".venv/bin/groundwork", "open", "mlflow"],
            cwd=project.root, env=project.environment(), stdout=said, stderr=said,
        )  # fmt: skip
    try:
        url, address = _wait(process, log)
        (cluster,) = (project.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
        world = world_of(cluster, project.twin_variables())
        worker = Worker(python, folder / "client.log")
        try:
            yield Opened(project, process, url, address, log, world, python, project.outputs(), folder, worker)
        finally:
            worker.close()
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.terminate()
        assert process.wait(STOP_SECONDS) == 0
        assert log.read_text().endswith("MLflow is stopped (SIGTERM); no process of it is left.\n")
        assert not [one for one in family if one.is_running()]
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> tuple[str, str]:
    end = time.monotonic() + OPEN_SECONDS
    while True:
        said = log.read_text()
        if "Ctrl-C ends it." in said:
            found = ADDRESS.search(said)
            assert found, said
            return found[1], found[2]
        assert process.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.5)

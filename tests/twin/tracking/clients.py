"""Plain MLflow as its users run it, in the image's own environment, told by variables who it is.

Importing it takes seconds: one process does the work of all users, one after the other.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

PROGRAM = """
import json, os, sys
answers, sys.stdout = sys.stdout, sys.stderr
import mlflow
from mlflow.exceptions import MlflowException
own = dict(os.environ)
for line in sys.stdin:
    asked = json.loads(line)
    os.environ.clear()
    os.environ.update(own | asked["variables"])
    scope = {"mlflow": mlflow, "client": mlflow.MlflowClient(), **asked["given"]}
    try:
        exec(asked["code"], scope)
        answer = {"result": scope.get("result")}
    except MlflowException as error:
        answer = {"refused": error.error_code, "said": str(error)}
    except Exception as error:
        answer = {"refused": type(error).__name__, "said": str(error)}
    print(json.dumps(answer), file=answers, flush=True)
"""
"""Runs what it is told with `mlflow` and `client`, and answers with what that leaves in `result`, or with the error."""
WORK = """
import pathlib
experiment = client.create_experiment(name)
run = client.create_run(experiment)
client.log_param(run.info.run_id, "rate", 0.1)
client.log_metric(run.info.run_id, "loss", 0.25, step=3)
pathlib.Path(file).write_text(name)
client.log_artifact(run.info.run_id, file, "model")
client.set_terminated(run.info.run_id)
source = f"{run.info.artifact_uri}/model"
client.create_registered_model(name)
version = client.create_model_version(name, source, run.info.run_id).version
client.set_registered_model_alias(name, "candidate", version)
result = {"experiment": experiment, "run": run.info.run_id, "artifacts": run.info.artifact_uri}
"""
"""What a data scientist does: an experiment, a run, an artifact, a registered model of the name, an alias."""


class RefusedError(Exception):
    """What the client raised."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(f"{code}: {said}")
        self.code = code


@dataclass
class Worker:
    """The process. It is started when it is first needed, and again after it was closed."""

    python: Path
    log: Path
    _process: "subprocess.Popen[str] | None" = None

    def begin(self, asked: Mapping[str, Any]) -> None:
        """Have it do something, without waiting."""
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(f"{json.dumps(asked)}\n")
        process.stdin.flush()

    def end(self) -> Any:
        """Wait for what was begun. Raises RefusedError."""
        process = self._running()
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, self.log.read_text()
        answer = json.loads(line)
        if "refused" in answer:
            raise RefusedError(answer["refused"], answer["said"])
        return answer["result"]

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            home = self.log.parent
            variables = {"PATH": "/usr/bin:/bin", "HOME": str(home), "MLFLOW_DISABLE_TELEMETRY": "true"}
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [self.python, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                    env=variables | {"GIT_PYTHON_REFRESH": "quiet"},
                )  # fmt: skip
        return self._process


@dataclass
class Client:
    """One user, who may be asked to do things in MLflow."""

    worker: Worker
    url: str
    username: str
    password: str
    workspace: str
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further variables of MLflow's client."""

    def run(self, code: str, **given: Any) -> Any:
        """Run code with these names; what it leaves in `result`. Raises RefusedError."""
        self.begin(code, **given)
        return self.end()

    def refusal(self, code: str, **given: Any) -> str:
        """The error code of what is to be refused."""
        try:
            done = self.run(code, **given)
        except RefusedError as error:
            return error.code
        raise AssertionError(f"{self.username} was let through: {code} -> {done}")

    def begin(self, code: str, **given: Any) -> None:
        """Run code without waiting for it; until it has ended, nobody else can run any."""
        variables = {
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_TRACKING_USERNAME": self.username,
            "MLFLOW_TRACKING_PASSWORD": self.password,
            "MLFLOW_WORKSPACE": self.workspace,
            **self.settings,
        }
        self.worker.begin({"code": code, "given": given, "variables": variables})

    def end(self) -> Any:
        """Wait for what was begun."""
        return self.worker.end()

    def asks(self, method: str, path: str, workspace: str | None = None, **body: Any) -> requests.Response:
        """A bare request, in another workspace if need be."""
        return requests.request(
            method, self.url + path, auth=(self.username, self.password), timeout=60,
            headers={"X-MLFLOW-WORKSPACE": workspace or self.workspace}, json=body or None,
        )  # fmt: skip

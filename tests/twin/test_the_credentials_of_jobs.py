"""How a team's Job finds its password for MLflow: the example's own mount, by the class that dev has, as a process."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.project import CLONE, Project
from tests.support.tracking_secrets import held_or_made
from tests.unit.tools.support import Said
from twin.account import Account
from twin.kubernetes.controllers.loop import World, world_of
from twin.places import Places
from twin.pods.errors import PodError
from twin.pods.runner import JobResult, PodRunner

NAMESPACE = "team-vision"
LOOK = """
import pathlib
print((pathlib.Path.home() / ".mlflow" / "credentials").read_text(), end="")
"""


@pytest.fixture(scope="module")
def world(dev: Project) -> World:
    (folder,) = (dev.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
    return world_of(folder, dev.twin_variables())


@pytest.fixture(scope="module")
def secret(account: Account) -> str:
    """The secret of the team's jobs, with a value as the Job `access` puts it."""
    name = "groundwork-dev/mlflow/vision/training"
    held_or_made(account.client("secretsmanager"), name, "mlflow/vision/training")
    return name


@pytest.fixture
def runner(dev: Project, world: World) -> PodRunner:
    places = Places(clone=dev.root, root=dev.root / ".twin")
    return PodRunner(places.pods, world, Said(), environment_of=lambda _: Path(sys.prefix))


def looking(name: str, outputs: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The example's Job with another program: it says what it finds in the folder of MLflow's credentials."""
    job: dict[str, Any] = yaml.safe_load((CLONE / "examples" / "wine" / "job.yaml").read_text())
    job["metadata"] = {"name": name, "namespace": NAMESPACE}
    job["spec"] |= {"backoffLimit": 0, "activeDeadlineSeconds": 120}
    pod = job["spec"]["template"]["spec"]
    pod["volumes"] = [volume for volume in pod["volumes"] if volume["name"] != "code"]
    (container,) = pod["containers"]
    container |= {
        "image": f"{outputs['repository_training']}@sha256:{'1' * 64}",
        "command": ["python", "-c", LOOK],
        "args": [],
        "env": [entry for entry in container["env"] if entry["name"] == "HOME"],
        "volumeMounts": [mount for mount in container["volumeMounts"] if mount["name"] != "code"],
    }
    pod |= changed
    return job


@pytest.fixture
def ran(world: World, runner: PodRunner) -> Iterator[Any]:
    """Put a Job into the cluster, run it, and take it away in the end."""
    made: list[str] = []

    def run(job: dict[str, Any]) -> JobResult:
        world.api.create(job)
        made.append(job["metadata"]["name"])
        return runner.run_job(NAMESPACE, made[-1])

    yield run
    for name in made:
        world.api.delete("batch/v1", "Job", name, NAMESPACE, propagationPolicy="Background")


def test_the_example_finds_its_password_where_mlflow_looks_for_it(
    account: Account, secret: str, ran: Any, outputs: Any
) -> None:
    done = ran(looking("finds", outputs))
    assert done.exit_code == 0, done.message
    value = json.loads(account.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    assert "mlflow_tracking_username = vision-training\n" in value["credentials"]
    assert done.logs["train"].read_text() == value["credentials"]


def test_a_pod_of_another_service_account_is_refused_by_aws(secret: str, ran: Any, outputs: Any) -> None:
    with pytest.raises(PodError, match="is not authorized to perform: secretsmanager:GetSecretValue") as refused:
        ran(looking("refused", outputs, serviceAccountName="tensorboard"))
    assert secret in str(refused.value)


def test_each_team_has_the_class_of_its_own_secret(world: World) -> None:
    found = {}
    for team in ("vision", "language"):
        made = world.api.get(
            "secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "mlflow-credentials", f"team-{team}"
        )
        assert made is not None
        (named,) = json.loads(made["spec"]["parameters"]["objects"])
        found[team] = named["objectName"]
    assert found == {team: f"groundwork-dev/mlflow/{team}/training" for team in ("vision", "language")}

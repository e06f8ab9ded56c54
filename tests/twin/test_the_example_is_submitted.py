"""`examples/wine/submit.sh` against a real API server: what it puts there, and what it refuses to put there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.support import control_plane
from tests.support.git import git
from tests.support.wine import Wine
from tools import images, toolchain
from tools.progress import Progress
from twin.kubernetes.client import Client

NAMESPACE = "team-vision"
IMAGE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-training@sha256:{'a' * 64}"
LOGS = "s3://groundwork-dev-artifacts/teams/vision/tensorboard"


@dataclass(frozen=True)
class Place:
    wine: Wine
    commit: str
    api: Client
    kubeconfig: Path

    def submit(self, *arguments: str) -> "CompletedProcess[str]":
        path = f"{toolchain.locate().kubernetes_bin}:{self.wine.programs}:/usr/local/bin:/usr/bin:/bin"
        return self.wine.run({"PATH": path, "KUBECONFIG": str(self.kubeconfig)}, "./submit.sh", *arguments)

    def jobs(self) -> list[dict[str, Any]]:
        return self.api.list("batch/v1", "Job", NAMESPACE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("submitted")
    programs = images.environment("training", Progress()) / "bin"
    wine = Wine(folder / "wine" / "clone", programs, "http://127.0.0.1:9", "vision", IMAGE, LOGS)
    commit = wine.create(str(folder / "remote"), {})
    with control_plane.running(folder, controllers=False) as plane:
        api = plane.client()
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        yield Place(wine, commit, api, plane.written())


def test_the_job_has_the_committed_code_its_commit_and_the_image_once(place: Place) -> None:
    before = {job["metadata"]["name"] for job in place.jobs()}
    done = place.submit("vision", IMAGE, LOGS)
    assert done.returncode == 0, done.stderr
    (job,) = [job for job in place.jobs() if job["metadata"]["name"] not in before]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["image"] == IMAGE
    variables = {entry["name"]: entry for entry in container["env"]}
    assert variables["IMAGE"]["value"] == IMAGE
    assert json.loads(variables["MLFLOW_RUN_CONTEXT"]["value"]) == {
        "mlflow.docker.image.uri": "$(IMAGE)",
        "mlflow.source.git.commit": "$(GIT_COMMIT)",
        "mlflow.source.git.repoURL": "$(GIT_REPOSITORY)",
    }

    named = {entry["valueFrom"]["configMapKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry}
    (volume,) = [one for one in job["spec"]["template"]["spec"]["volumes"] if one["name"] == "code"]
    assert named == {volume["configMap"]["name"]} == {f"wine-{place.commit[:12]}"}
    held = place.api.get("v1", "ConfigMap", f"wine-{place.commit[:12]}", NAMESPACE)
    assert held is not None
    assert held["data"] == {
        "commit": place.commit,
        "repository": str(place.wine.folder.parent / "wine.git"),
        "workspace": "vision",
        "logs": LOGS,
        "train.py": (place.wine.folder / "train.py").read_text(),
        "wine.csv.dvc": (place.wine.folder / "wine.csv.dvc").read_text(),
        "dvc.config": (place.wine.folder / ".dvc" / "config").read_text(),
    }


def test_the_same_commit_is_submitted_again_as_another_job(place: Place) -> None:
    for _ in range(2):
        assert place.submit("vision", IMAGE, LOGS).returncode == 0
    assert len({job["metadata"]["name"] for job in place.jobs()}) >= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "usage: ./submit.sh TEAM IMAGE LOGS"),
        (("vision", "groundwork-dev-training:latest", LOGS), "is not HOST/NAME@sha256:DIGEST"),
    ],
)
def test_wrong_arguments_are_explained(place: Place, arguments: tuple[str, ...], said: str) -> None:
    before = len(place.jobs())
    done = place.submit(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(place.jobs()) == before


def test_what_is_not_committed_or_not_pushed_is_not_run(place: Place) -> None:
    before, code = len(place.jobs()), place.wine.folder / "train.py"
    written = code.read_text()
    code.write_text(written + "\n# another\n")
    try:
        done = place.submit("vision", IMAGE, LOGS)
        assert (done.returncode, "train.py" in done.stderr) == (1, True)
        git(place.wine.folder, "commit", "--all", "--message", "Another")
        done = place.submit("vision", IMAGE, LOGS)
        assert (done.returncode, "Push first" in done.stderr) == (1, True)
    finally:
        git(place.wine.folder, "reset", "--hard", place.commit)
    assert len(place.jobs()) == before


def test_a_token_in_the_address_of_the_repository_stays_here(place: Place) -> None:
    origin = git(place.wine.folder, "remote", "get-url", "origin")
    git(place.wine.folder, "remote", "set-url", "origin", "https://somebody:a-token@github.com/vision/wine.git")
    try:
        assert place.submit("vision", IMAGE, LOGS).returncode == 0
    finally:
        git(place.wine.folder, "remote", "set-url", "origin", origin)
    held = place.api.get("v1", "ConfigMap", f"wine-{place.commit[:12]}", NAMESPACE)
    assert held is not None
    assert held["data"]["repository"] == "https://github.com/vision/wine.git"

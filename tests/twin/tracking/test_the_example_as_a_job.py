"""`examples/wine` as a Job of a team: the cluster's own Job, against the server of the cluster's own manifest.

Everything that the pod has comes from the API server: its code from the ConfigMap, the password from the team's
SecretProviderClass, AWS from its service account's association.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.container_images import push_image
from tests.support.git import git
from tests.support.project import Project
from tests.support.wine import SYSTEM_PATH, Wine
from tests.twin.actors import variables_of
from tests.twin.tracking.opened import Opened
from tools import images, toolchain
from tools.progress import Progress
from twin.pods.runner import JobResult

TEAM = "vision"
NAMESPACE = f"team-{TEAM}"
REPOSITORY = "https://github.com/vision/wine.git"


@dataclass(frozen=True)
class Ran:
    """What the Job has done."""

    wine: Wine
    commit: str
    result: JobResult
    scientist: dict[str, str]
    """The variables of the person who has submitted it."""
    home: Path
    """With that person's password for MLflow."""

    def said(self) -> str:
        return self.result.logs["train"].read_text()


@pytest.fixture(scope="module")
def ran(dev: Project, opened: Opened, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One of the team's people commits and submits it, with no right but that role's; its pod runs as processes."""
    folder = tmp_path_factory.mktemp("wine")
    image = push_image(opened.account, opened.outputs["repository_training"].partition("/")[2])
    logs = f"s3://{opened.bucket}/teams/{TEAM}/tensorboard"
    programs = images.environment("training", Progress()) / "bin"
    wine = Wine(folder / "clone", programs, opened.url, TEAM, image, logs)
    role = opened.account.assume(opened.outputs[f"team_{TEAM}_role_data-scientist"], "somebody")
    scientist = variables_of(dev, role)
    scientist["PATH"] = f"{programs}:{toolchain.locate().kubernetes_bin}:{scientist['PATH']}:{SYSTEM_PATH}"
    commit = wine.create(f"s3://{opened.outputs['bucket_dvc']}/teams/{TEAM}", scientist)
    # Pushed to a folder, told as what teams have: a path of this machine would be taken for one of the pod's.
    git(wine.folder, "remote", "set-url", "origin", REPOSITORY)
    before = names_of_jobs(opened)
    submit(wine, scientist, opened.outputs["kubeconfig"])
    (name,) = names_of_jobs(opened) - before
    held = opened.secret(f"{TEAM}/data-scientist")
    try:
        result = opened.runner().run_job(NAMESPACE, name)
        assert result.exit_code == 0, result.message
        yield Ran(wine, commit, result, scientist, wine.home(held["username"], held["password"]))
    finally:
        opened.world.api.delete("batch/v1", "Job", name, NAMESPACE, propagationPolicy="Background")


def names_of_jobs(opened: Opened) -> set[str]:
    return {job["metadata"]["name"] for job in opened.world.api.list("batch/v1", "Job", NAMESPACE)}


def submit(wine: Wine, scientist: dict[str, str], kubeconfig: Any) -> None:
    """Section 2 of the example's README, with the kubeconfig that the stack exports."""
    config = wine.folder.parent / "kubeconfig"
    config.touch(0o600)
    config.write_text(kubeconfig if isinstance(kubeconfig, str) else json.dumps(kubeconfig))
    done = wine.run(scientist | {"KUBECONFIG": str(config)}, "./submit.sh", TEAM, wine.image, wine.logs)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_registers_the_model_under_its_alias(ran: Ran) -> None:
    assert re.search(r"^wine/\d+ is registered, and is wine@candidate\.$", ran.said(), re.MULTILINE), ran.said()
    assert ran.result.attempts == 1


def test_the_team_can_look_up_all_that_it_was_made_of(ran: Ran) -> None:
    done = ran.wine.lineage(ran.home, ran.scientist, "wine@candidate", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    links = {link["name"]: link for link in json.loads(done.stdout)["links"]}
    assert {name: link["state"] for name, link in links.items()} == dict.fromkeys(
        ("run", "commit", "data", "image", "artifacts"), "verified"
    )
    assert links["commit"]["value"] == f"{ran.commit} of github.com/vision/wine"
    assert links["commit"]["said"] == "on origin/main"
    assert links["image"]["value"] == ran.wine.image
    assert f"by {TEAM}-training" in json.dumps(links["run"])


def test_what_it_has_left_is_in_the_teams_prefixes_under_the_stores_key(opened: Opened, ran: Ran) -> None:
    s3, bucket = opened.account.client("s3"), opened.bucket
    key = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    wanted = key["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    for prefix, what in ((f"teams/{TEAM}/tensorboard/", "tfevents"), (f"mlflow/workspaces/{TEAM}/", "model.skops")):
        found = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
        found = [name for name in found if what in name]
        assert found, (prefix, what)
        assert {s3.head_object(Bucket=bucket, Key=name)["SSEKMSKeyId"] for name in found} == {wanted}


def test_the_password_is_in_no_log_and_no_manifest(opened: Opened, ran: Ran) -> None:
    password = opened.secret(f"{TEAM}/training")["password"]
    held = [ran.said()]
    for version, kind in (("batch/v1", "Job"), ("v1", "Pod"), ("v1", "ConfigMap")):
        held.append(json.dumps(opened.world.api.list(version, kind, NAMESPACE)))
    assert "wine" in held[-1]
    assert not [text for text in held if password in text]

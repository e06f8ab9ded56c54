"""`examples/wine` from the data to the chain of its model: real DVC, Git and MLflow, S3 and ECR of the twin with IAM.

The tracking server is started by hand; that of the cluster's own manifest takes the same steps in its own tests.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.naming import bucket_name
from tests.support import tracking_server
from tests.support.container_images import push_image
from tests.support.project import Project
from tests.support.wine import Wine
from tools import images
from tools.progress import Progress
from twin.account import Account

TEAM, OTHER = "vision", "language"
PASSWORD = "a-long-password-of-a-test"
REPOSITORY = "groundwork-dev-training"


@dataclass(frozen=True)
class World:
    """Everything that the example needs."""

    wine: Wine
    account: Account
    """The account's root."""
    buckets: Mapping[str, str]
    key: str
    root: Mapping[str, str]
    """Variables of the account's root, of whoever keeps the data, of the team's jobs."""
    scientist: Mapping[str, str]
    training: Mapping[str, str]
    home: Path
    """Of the team's user of MLflow."""
    commit: str
    trained: str
    """What the training said."""

    def lineage(self, aws: Mapping[str, str] | None = None, code: int = 0) -> dict[str, dict[str, Any]]:
        """The links of the candidate by name."""
        done = self.wine.lineage(self.home, aws or self.root, "wine@candidate", "--json")
        assert done.returncode == code, done.stdout + done.stderr
        return {link["name"]: link for link in json.loads(done.stdout)["links"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("lineage")
    project = Project.make(folder / "project")
    programs = images.environment("training", Progress()) / "bin"
    try:
        project.groundwork("twin", "start")
        root = {name: value for name, value in project.twin_variables().items() if name.startswith("AWS_")}
        account = Account.of(root)
        key, buckets = make_stores(account)
        account.client("ecr").create_repository(repositoryName=REPOSITORY)
        image = push_image(account, REPOSITORY)
        scientist, training = (
            variables_of(account.assume(make_role(account, name, buckets["dvc"], buckets[store], key)), root)
            for name, store in (("scientist", "dvc"), ("training", "artifacts"))
        )
        with tracking_server.running(folder / "server", f"s3://{buckets['artifacts']}/mlflow", root) as server:
            wine = Wine(
                folder / "wine" / "clone", programs, server.url, TEAM, image,
                logs=f"s3://{buckets['artifacts']}/teams/{TEAM}/tensorboard",
            )  # fmt: skip
            commit = wine.create(f"s3://{buckets['dvc']}/teams/{TEAM}", scientist)
            for team in (TEAM, OTHER):
                server.add_team(team, f"{team}-training", PASSWORD)
            home = wine.home(f"{TEAM}-training", PASSWORD)
            done = wine.train(home, training)
            assert done.returncode == 0, done.stdout + done.stderr
            yield World(wine, account, buckets, key, root, scientist, training, home, commit, done.stdout)
    finally:
        project.stop()


def make_stores(account: Account) -> tuple[str, dict[str, str]]:
    """The stores of artifacts and of DVC as the platform calls them, under one key."""
    key = account.client("kms").create_key(Description="stores")["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    buckets = {}
    for store in ("artifacts", "dvc"):
        number = account.client("sts").get_caller_identity()["Account"]
        buckets[store] = bucket_name("dev", store, number, account.region)
        place = {"LocationConstraint": account.region}
        account.client("s3").create_bucket(Bucket=buckets[store], CreateBucketConfiguration=place)
        account.client("s3").put_bucket_encryption(
            Bucket=buckets[store], ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
    return key, buckets


def make_role(account: Account, name: str, reads: str, writes: str, key: str) -> str:
    """A role that reads and writes the team's part of a bucket each, and looks images up; its ARN."""
    objects = "arn:aws:s3:::{}/teams/" + TEAM + "/*"
    statements = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects.format(reads)},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": objects.format(writes)},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{reads}"},
        {"Effect": "Allow", "Action": "ecr:DescribeImages", "Resource": "*"},
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key},
    ]
    number = account.client("sts").get_caller_identity()["Account"]
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{number}:root"}, "Action": "sts:AssumeRole"}
    trusted, rights = (json.dumps({"Version": "2012-10-17", "Statement": of}) for of in ([trust], statements))
    iam = account.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=rights)
    return arn


def variables_of(caller: Account, root: Mapping[str, str]) -> dict[str, str]:
    """What a process needs in order to be this caller."""
    return {
        **root,
        "AWS_ACCESS_KEY_ID": caller.access_key_id,
        "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
        "AWS_SESSION_TOKEN": caller.session_token or "",
    }


def test_the_whole_chain_of_the_example_is_verified(world: World) -> None:
    assert "wine/1 is registered, and is wine@candidate." in world.trained
    links = world.lineage()
    assert {link["state"] for link in links.values()} == {"verified"}
    assert links["commit"]["value"].startswith(world.commit)
    assert links["commit"]["said"] == "on origin/main"
    assert re.search(rf"wine\.csv s3://{world.buckets['dvc']}/teams/{TEAM}/files/md5/", links["data"]["value"])
    assert links["data"]["said"].endswith("as the commit says")
    assert links["image"]["value"] == world.wine.image
    assert "accuracy" in links["run"]["details"]["metrics"]
    assert links["artifacts"]["details"]["key"] == world.key
    assert links["artifacts"]["details"]["object store"].startswith(f"s3://{world.buckets['artifacts']}/mlflow/")


def test_a_person_without_a_right_to_the_servers_part_of_the_store_sees_a_whole_chain_too(world: World) -> None:
    links = world.lineage(world.scientist)
    assert {link["state"] for link in links.values()} == {"verified"}
    assert "AccessDenied" in links["artifacts"]["details"]["key"] or "403" in links["artifacts"]["details"]["key"]


def test_event_files_are_in_the_teams_prefix_under_the_key(world: World) -> None:
    s3, bucket = world.account.client("s3"), world.buckets["artifacts"]
    run_id = world.lineage()["run"]["value"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"teams/{TEAM}/tensorboard/{run_id}/")["Contents"]
    assert [entry for entry in listed if "tfevents" in entry["Key"] and entry["Size"] > 1000]
    assert s3.head_object(Bucket=bucket, Key=listed[0]["Key"])["SSEKMSKeyId"] == world.key


def test_data_that_is_deleted_breaks_the_chain(world: World) -> None:
    s3, bucket = world.account.client("s3"), world.buckets["dvc"]
    key = world.lineage()["data"]["value"].partition(f"{bucket}/")[2]
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.delete_object(Bucket=bucket, Key=key)
    try:
        broken = world.lineage(code=2)
        assert {name for name, link in broken.items() if link["state"] != "verified"} == {"data"}
        assert "not in the remote" in broken["data"]["said"]
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=content)


def test_a_model_file_that_is_deleted_breaks_the_chain(world: World) -> None:
    s3, bucket = world.account.client("s3"), world.buckets["artifacts"]
    folder = world.lineage()["artifacts"]["details"]["object store"].partition(f"{bucket}/")[2]
    content = s3.get_object(Bucket=bucket, Key=f"{folder}/model.skops")["Body"].read()
    s3.delete_object(Bucket=bucket, Key=f"{folder}/model.skops")
    try:
        assert world.lineage(code=2)["artifacts"]["said"] == "MLmodel names model.skops, which is not there"
    finally:
        s3.put_object(Bucket=bucket, Key=f"{folder}/model.skops", Body=content)


def test_an_image_that_is_deleted_breaks_the_chain(world: World) -> None:
    ecr, digest = world.account.client("ecr"), world.wine.image.partition("@")[2]
    ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}])
    try:
        broken = world.lineage(code=2)
        assert {name for name, link in broken.items() if link["state"] != "verified"} == {"image"}
    finally:
        assert push_image(world.account, REPOSITORY) == world.wine.image


def test_another_team_does_not_see_the_model(world: World) -> None:
    home = world.wine.home(f"{OTHER}-training", PASSWORD)
    done = world.wine.lineage(home, world.root, "wine/1", "--team", TEAM)
    assert done.returncode == 1
    assert done.stderr.startswith("error: wine/1 is not in workspace vision")
    assert "Permission denied" in done.stderr


def test_a_run_that_cannot_name_its_image_registers_nothing(world: World) -> None:
    done = world.wine.train(world.home, world.training, **{"mlflow.docker.image.uri": ""})
    assert done.returncode == 1
    assert "not registered: the run has no tag mlflow.docker.image.uri" in done.stderr
    missing = world.wine.lineage(world.home, world.root, "wine/2")
    assert (missing.returncode, missing.stdout) == (1, "")


def test_changed_data_and_uncommitted_code_are_refused_before_anything_is_logged(world: World) -> None:
    data, code = world.wine.folder / "wine.csv", world.wine.folder / "train.py"
    whole, written = data.read_bytes(), code.read_bytes()
    try:
        data.unlink()
        data.write_bytes(whole + b"1,2,3\n")
        assert "is not what wine.csv.dvc says" in world.wine.train(world.home, world.training).stderr
        data.write_bytes(whole)
        code.write_bytes(written + b"\n# another\n")
        assert "Commit first" in world.wine.train(world.home, world.training).stderr
    finally:
        data.write_bytes(whole)
        code.write_bytes(written)

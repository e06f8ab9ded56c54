"""The DVC remote with the real client: what a team pushes and pulls, and what nobody may."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project
from tests.twin.actors import variables_of
from tests.unit.tools.support import Said
from tools import images
from twin.account import Account

SCIENTIST = "team_vision_role_data-scientist"
GIT = shutil.which("git") or "git"
REFUSED = "Forbidden|AccessDenied"
"""How DVC says that S3 has refused: which of them depends on what it asked first."""
TABLE = b"x,y\n1,2\n"


@dataclass(frozen=True)
class Checkout:
    """A Git repository with a DVC project, and whoever works in it."""

    folder: Path
    dvc: Path
    variables: dict[str, str]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`dvc`, as a person types it."""
        done = subprocess.run(
            [self.dvc, *arguments],
            cwd=self.folder, env=self.variables, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"dvc {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def write(self, name: str, content: bytes) -> None:
        """Put a file under version control."""
        (self.folder / name).write_bytes(content)
        self.run("add", name)

    def refers_to(self, other: "Checkout", name: str) -> None:
        """Take over what Git would bring: which version of a file it is."""
        (self.folder / f"{name}.dvc").write_text((other.folder / f"{name}.dvc").read_text())

    def read(self, name: str) -> bytes:
        """The file as it is here."""
        return (self.folder / name).read_bytes()


@pytest.fixture(scope="module")
def dvc() -> Path:
    return images.environment("training", Said()) / "bin" / "dvc"


@pytest.fixture
def checkout(
    dev: Project, account: Account, outputs: dict[str, Any], dvc: Path, tmp_path: Path
) -> Callable[..., Checkout]:
    """A new checkout of a team's project, in which somebody works: nothing is in it or in its cache."""

    def make(role: str, team: str = "vision") -> Checkout:
        folder = tmp_path / f"checkout-{len(list(tmp_path.iterdir()))}"
        subprocess.run([GIT, "init", "--quiet", folder], check=True)
        somebody = account.assume(outputs[role], "somebody")
        variables = variables_of(dev, somebody) | {"HOME": str(tmp_path), "DVC_SITE_CACHE_DIR": str(folder / ".cache")}
        made = Checkout(folder, dvc, variables)
        made.run("init", "--quiet")
        (folder / ".dvc" / "config").write_text(outputs[f"dvc_config_{team}"])
        return made

    return make


def versions(account: Account, outputs: dict[str, Any]) -> dict[str, str]:
    """What is in the remote: the current version of each object by its key."""
    found = account.client("s3").list_object_versions(Bucket=outputs["bucket_dvc"])
    assert "DeleteMarkers" not in found
    return {version["Key"]: version["VersionId"] for version in found.get("Versions", ()) if version["IsLatest"]}


def test_what_one_pushes_another_of_the_team_pulls_with_the_config_as_it_is(
    checkout: Callable[..., Checkout], account: Account, outputs: dict[str, Any]
) -> None:
    mine, theirs = checkout(SCIENTIST), checkout("team_vision_role_ml-engineer")
    before = versions(account, outputs)  # of other tests, which are no files of DVC all of them
    mine.write("table.csv", TABLE)
    mine.write("large.bin", bytes(range(256)) * 260_000)  # more than one part
    assert "2 files pushed" in mine.run("push").stdout
    for name in ("table.csv", "large.bin"):
        theirs.refers_to(mine, name)
    theirs.run("pull")
    assert theirs.read("table.csv") == TABLE
    assert theirs.read("large.bin") == mine.read("large.bin")

    key = account.client("kms").describe_key(KeyId=outputs["key_alias_data-versioning"])["KeyMetadata"]["Arn"]
    pushed = versions(account, outputs).keys() - before.keys()
    assert len(pushed) == len(("table.csv", "large.bin"))
    for name in pushed:
        head = account.client("s3").head_object(Bucket=outputs["bucket_dvc"], Key=name)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
        assert name.startswith("teams/vision/files/md5/")


def test_another_team_neither_reads_nor_writes(
    checkout: Callable[..., Checkout], account: Account, outputs: dict[str, Any]
) -> None:
    mine = checkout(SCIENTIST)
    mine.write("secret.csv", b"of vision")
    mine.run("push")
    before = versions(account, outputs)
    # Of language, with the config of vision: nothing but the role stands in the way.
    stranger = checkout("team_language_role_ml-engineer", team="vision")
    stranger.refers_to(mine, "secret.csv")
    pulled = stranger.run("pull", check=False)
    assert pulled.returncode != 0
    assert re.search(REFUSED, pulled.stderr), pulled.stderr
    assert not (stranger.folder / "secret.csv").exists()
    stranger.write("theirs.csv", b"of language")
    pushed = stranger.run("push", check=False)
    assert pushed.returncode != 0
    assert re.search(REFUSED, pushed.stderr), pushed.stderr
    assert versions(account, outputs) == before


def test_s3_without_the_key_is_not_enough(
    checkout: Callable[..., Checkout], account: Account, outputs: dict[str, Any]
) -> None:
    mine = checkout(SCIENTIST)
    mine.write("sealed.csv", b"sealed")
    mine.run("push")
    iam, tag = account.client("iam"), "key-access-data-versioning"
    role = outputs[SCIENTIST].rpartition("/")[2]
    held = {each["Key"]: each["Value"] for each in iam.get_role(RoleName=role)["Role"]["Tags"]}
    assert held[tag] == "write"
    assert held["key-access-confidential"] == "write", "or this would not show that the one key is not the other"
    iam.untag_role(RoleName=role, TagKeys=[tag])
    try:
        without = checkout(SCIENTIST)
        without.refers_to(mine, "sealed.csv")
        assert without.run("pull", check=False).returncode != 0
        assert not (without.folder / "sealed.csv").exists()
        without.write("new.csv", b"new")
        assert without.run("push", check=False).returncode != 0
    finally:
        iam.tag_role(RoleName=role, Tags=[{"Key": tag, "Value": held[tag]}])
    again = checkout(SCIENTIST)
    again.refers_to(mine, "sealed.csv")
    again.run("pull")
    assert again.read("sealed.csv") == b"sealed"


def test_garbage_collection_takes_nothing_from_the_remote(
    checkout: Callable[..., Checkout], account: Account, outputs: dict[str, Any]
) -> None:
    mine = checkout(SCIENTIST)
    mine.write("old.csv", b"of a model that is in use")
    mine.run("push")
    before = versions(account, outputs)
    forgetful = checkout(SCIENTIST)  # a workspace that refers to none of it
    forgetful.write("new.csv", b"new")
    collected = forgetful.run("gc", "--workspace", "--cloud", "--force", check=False)
    assert collected.returncode != 0
    assert "s3:DeleteObject" in collected.stderr
    assert versions(account, outputs) == before
    reader = checkout(SCIENTIST)
    reader.refers_to(mine, "old.csv")
    reader.run("pull")
    assert reader.read("old.csv") == b"of a model that is in use"


def test_what_is_not_what_its_name_says_is_not_taken_for_it(
    checkout: Callable[..., Checkout], account: Account, outputs: dict[str, Any]
) -> None:
    mine = checkout(SCIENTIST)
    before = versions(account, outputs)
    mine.write("labels.csv", b"good")
    mine.run("push")
    (key,) = versions(account, outputs).keys() - before.keys()
    account.client("s3").put_object(Bucket=outputs["bucket_dvc"], Key=key, Body=b"evil")
    reader = checkout("team_vision_role_ml-engineer")
    reader.refers_to(mine, "labels.csv")
    assert reader.run("pull", check=False).returncode != 0
    assert not (reader.folder / "labels.csv").exists()

"""One whole version, then each of its links broken in turn. What a real server says: tests/twin/test_lineage.py."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from groundwork.__main__ import app
from groundwork.errors import GroundworkError
from groundwork.lineage.tags import COMMIT, DATA, DIRTY, IMAGE, REPOSITORY
from tests.support.git import git
from tests.unit.groundwork.lineage import platform as fake
from tests.unit.groundwork.lineage.platform import Platform

WINE = DATA + "wine.csv"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    fake.repository(tmp_path / "git")
    return tmp_path / "git" / "clone"


@pytest.fixture
def platform(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    with fake.serving(fake.whole(git(clone, "rev-parse", "HEAD"))) as served:
        home = tmp_path / "home"
        (home / ".mlflow").mkdir(parents=True)
        (home / ".mlflow" / "credentials").write_text(
            f"[mlflow]\nmlflow_tracking_username = {fake.USER}\nmlflow_tracking_password = {fake.PASSWORD}\n"
        )
        for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        given = {
            "HOME": str(home),
            "MLFLOW_TRACKING_URI": served.url,
            "MLFLOW_WORKSPACE": "vision",
            "AWS_ENDPOINT_URL": served.url,
            "AWS_REGION": fake.REGION,
            "AWS_DEFAULT_REGION": fake.REGION,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(clone)
        yield served


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["lineage", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def links(*arguments: str) -> dict[str, dict[str, str]]:
    """What is said of each link, by name, and that the exit code fits."""
    result = run("wine/1", *arguments, "--json")
    found = {link["name"]: link for link in json.loads(result.stdout)["links"]}
    states = {link["state"] for link in found.values()}
    assert result.exit_code == (2 if states & {"broken", "missing"} else 3 if "not checked" in states else 0)
    return found


def faulty(name: str, *arguments: str) -> str:
    """What is said of the only link that is not verified, with its state."""
    found = links(*arguments)
    others = {link["name"]: link["said"] for link in found.values() if link["state"] != "verified"}
    assert list(others) == [name]
    return f"{found[name]['state']}: {found[name]['said']}"


def tag(platform: Platform, name: str, value: str) -> None:
    """Give both the version and its run a tag."""
    platform.tags[name] = platform.run_tags[name] = value


@pytest.mark.parametrize("written", ["wine/1", "models:/wine/1", "wine@candidate", "models:/wine@candidate"])
def test_a_whole_chain_is_printed_and_verified(platform: Platform, written: str) -> None:
    result = run(written)
    assert result.exit_code == 0
    assert "wine/1 (@candidate) in workspace vision" in result.stdout
    for said in (
        "parameters alpha 0.01",
        "metrics accuracy 0.987654",
        "of github.com/vision/wine",
        "on origin/main",
        f"wine.csv {fake.ADDRESS}",
        "8 bytes in the remote, as the commit says",
        fake.IMAGE_URI,
        "tagged 2026-11",
        "4 files",
        f"key {fake.KMS_KEY}",
        "5 of 5 links verified",
    ):
        assert said in result.stdout
    assert fake.PASSWORD not in result.stdout


def test_it_asks_as_the_user_of_the_credentials_file_in_the_workspace(platform: Platform) -> None:
    run("wine/1")
    assert {workspace for _, workspace, _ in platform.seen} == {"vision"}
    assert len({credentials for _, _, credentials in platform.seen}) == 1


def test_the_environment_comes_before_the_file(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "a-token")
    run("wine/1")
    assert {credentials for _, _, credentials in platform.seen} == {"Bearer a-token"}


@pytest.mark.parametrize(
    ("name", "link"), [(COMMIT, "commit"), (REPOSITORY, "commit"), (IMAGE, "image"), (WINE, "data")]
)
def test_a_tag_that_the_version_lacks_is_missing_and_named(platform: Platform, name: str, link: str) -> None:
    of_run = platform.tags.pop(name)
    said = faulty(link)
    assert said.startswith("missing: ")
    assert name in said
    if name != REPOSITORY:
        assert of_run in said


def test_without_any_data_tag_the_convention_is_named(platform: Platform) -> None:
    del platform.tags[WINE], platform.run_tags[WINE]
    assert faulty("data") == f"missing: no tag {DATA}FILE"


@pytest.mark.parametrize(("name", "link"), [(COMMIT, "commit"), (IMAGE, "image"), (WINE, "data")])
def test_a_run_that_says_something_else_breaks_the_link(platform: Platform, name: str, link: str) -> None:
    platform.run_tags[name] = "another"
    assert faulty(link) == "broken: the run says another"


def test_a_version_without_a_run(platform: Platform) -> None:
    platform.version["run_id"] = ""
    found = links()
    assert found["run"]["state"] == "missing"
    assert found["artifacts"]["state"] == "broken"


def test_a_run_that_is_not_there(platform: Platform) -> None:
    platform.run = None
    assert faulty("run").startswith(f"broken: not in workspace vision, or not shown to {fake.USER}")


def test_a_run_that_was_deleted(platform: Platform) -> None:
    assert platform.run
    platform.run["info"]["lifecycle_stage"] = "deleted"
    assert faulty("run").startswith("broken: was deleted")


def test_a_run_of_another_workspace(platform: Platform) -> None:
    platform.experiment_workspace = "language"
    assert faulty("run") == "broken: is in workspace language, the model in vision"


def test_a_commit_that_is_not_in_the_repository(platform: Platform) -> None:
    tag(platform, COMMIT, "0" * 40)
    assert faulty("commit").startswith("broken: not in the clone")


def test_a_commit_that_nobody_else_has(platform: Platform, clone: Path) -> None:
    git(clone, "commit", "-q", "--allow-empty", "-m", "Not pushed")
    tag(platform, COMMIT, git(clone, "rev-parse", "HEAD"))
    assert faulty("commit").endswith("on no branch of a remote: git push")


@pytest.mark.parametrize("commit", ["abc1234", "main", "--output=x"])
def test_a_commit_that_is_no_whole_id(platform: Platform, commit: str) -> None:
    tag(platform, COMMIT, commit)
    assert "no whole commit id" in faulty("commit")


def test_code_that_was_not_committed(platform: Platform) -> None:
    platform.tags[DIRTY] = "true"
    assert faulty("commit").startswith(f"broken: {DIRTY} is true")


def test_without_a_clone_the_commit_is_not_checked_and_the_data_still_is(platform: Platform, tmp_path: Path) -> None:
    assert faulty("commit", "--repository", str(tmp_path)).startswith("not checked: no clone")
    platform.objects.clear()
    assert links("--repository", str(tmp_path))["data"]["state"] == "broken"


def test_a_clone_of_another_repository_proves_nothing(platform: Platform, clone: Path) -> None:
    git(clone, "remote", "set-url", "origin", "https://github.com/vision/beer")
    assert faulty("commit").startswith("not checked: no clone")


def test_data_that_is_gone(platform: Platform) -> None:
    del platform.objects[f"{fake.DVC_BUCKET}/{fake.DVC_KEY}"]
    assert faulty("data").startswith(f"broken: not in the remote: {fake.MD5}")


def test_data_that_was_cut_short(platform: Platform) -> None:
    platform.objects[f"{fake.DVC_BUCKET}/{fake.DVC_KEY}"] = (b"a,b\n", {})
    assert faulty("data") == "broken: the remote holds 4 bytes of it, the commit says 8"


def test_data_of_another_commit(platform: Platform) -> None:
    other = hashlib.md5(b"other", usedforsecurity=False).hexdigest()
    key = f"teams/vision/files/md5/{other[:2]}/{other[2:]}"
    platform.objects[f"{fake.DVC_BUCKET}/{key}"] = (b"other", {})
    tag(platform, WINE, f"s3://{fake.DVC_BUCKET}/{key}")
    assert faulty("data").startswith(f"broken: the commit's own data is {fake.MD5}")


def test_data_that_the_commit_does_not_know(platform: Platform) -> None:
    del platform.tags[WINE], platform.run_tags[WINE]
    tag(platform, DATA + "beer.csv", fake.ADDRESS)
    assert faulty("data") == "broken: the commit has neither beer.csv.dvc nor a dvc.lock with it"


def test_data_that_names_no_revision(platform: Platform) -> None:
    tag(platform, WINE, f"s3://{fake.DVC_BUCKET}/wine.csv")
    assert faulty("data").startswith("broken: is no address in a DVC remote")


def test_data_that_one_may_not_see_is_not_checked(platform: Platform) -> None:
    platform.refused.add(fake.DVC_BUCKET)
    assert faulty("data").startswith("not checked: ")


def test_a_folder_of_a_pipeline_is_whole_only_with_each_of_its_files(platform: Platform, clone: Path) -> None:
    contents = {f"{number}.csv": f"{number}".encode() for number in range(20)}
    hashes = {name: hashlib.md5(content, usedforsecurity=False).hexdigest() for name, content in contents.items()}
    listing = json.dumps([{"md5": md5, "relpath": name} for name, md5 in hashes.items()]).encode()
    folder = f"{hashlib.md5(listing, usedforsecurity=False).hexdigest()}.dir"
    root = f"{fake.DVC_BUCKET}/teams/vision/files/md5"
    stored = {folder: listing} | {hashes[name]: content for name, content in contents.items()}
    platform.objects |= {f"{root}/{name[:2]}/{name[2:]}": (content, {}) for name, content in stored.items()}
    size = sum(map(len, contents.values()))
    outs = [{"path": "data/rows", "md5": folder, "size": size, "nfiles": 20}]
    (clone / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {"prepare": {"outs": outs}}}))
    git(clone, "add", "dvc.lock")
    git(clone, "commit", "-q", "-m", "A pipeline")
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    tag(platform, COMMIT, git(clone, "rev-parse", "HEAD"))
    del platform.tags[WINE], platform.run_tags[WINE]
    tag(platform, f"{DATA}data/rows", f"s3://{root}/{folder[:2]}/{folder[2:]}")
    assert links()["data"]["said"] == f"{size} bytes in the remote, as the commit says"

    gone = hashes["7.csv"]
    del platform.objects[f"{root}/{gone[:2]}/{gone[2:]}"]
    assert faulty("data").startswith("broken: not in the remote: 7.csv;")


def test_every_data_file_is_a_link(platform: Platform) -> None:
    tag(platform, DATA + "beer.csv", fake.ADDRESS)
    result = run("wine/1")
    assert result.exit_code == 2
    assert "1 broken (data), 5 of 6 links verified" in result.stdout


def test_an_image_that_is_gone(platform: Platform) -> None:
    platform.images.clear()
    assert faulty("image").startswith("broken: not in the repository groundwork-dev-training")


def test_an_image_of_a_repository_that_is_gone(platform: Platform) -> None:
    tag(platform, IMAGE, fake.IMAGE_URI.replace("training", "beer"))
    assert faulty("image").startswith("broken: not in the repository groundwork-dev-beer")


def test_an_image_without_a_digest(platform: Platform) -> None:
    tag(platform, IMAGE, fake.IMAGE_URI.replace(f"@{fake.DIGEST}", ":latest"))
    assert faulty("image").startswith(f"broken: {IMAGE} is not HOST/NAME@sha256:DIGEST")


def test_an_image_of_another_registry_is_not_checked(platform: Platform) -> None:
    tag(platform, IMAGE, f"docker.io/library/python@{fake.DIGEST}")
    assert faulty("image").startswith("not checked: docker.io is not ECR")


def test_an_image_that_one_may_not_see_is_not_checked(platform: Platform) -> None:
    platform.refused.add("ecr")
    assert faulty("image").startswith("not checked: ")


@pytest.mark.parametrize("name", ["model.skops", "conda.yaml", "data/rows/first.csv"])
def test_a_file_of_the_model_that_is_gone(platform: Platform, name: str) -> None:
    del platform.files[name]
    assert faulty("artifacts") == f"broken: MLmodel names {name.split('/')[0]}, which is not there"


def test_a_model_without_its_description(platform: Platform) -> None:
    del platform.files["MLmodel"]
    assert "no MLmodel" in faulty("artifacts")


def test_a_model_without_any_file(platform: Platform) -> None:
    platform.files.clear()
    assert faulty("artifacts") == "broken: no file is there"


def test_files_of_another_run(platform: Platform) -> None:
    platform.put_model(fake.ML_MODEL | {"run_id": "another"}, "model.skops", "conda.yaml", "data/rows/first.csv")
    assert faulty("artifacts") == f"broken: they are of the run another, the version names {fake.RUN_ID}"


def test_a_file_that_the_object_store_lost(platform: Platform) -> None:
    del platform.objects[f"{fake.ARTIFACTS}/mlflow/{fake.FOLDER}/model.skops"]
    assert "model.skops is not in s3://" in faulty("artifacts")


def test_a_file_without_the_platforms_encryption(platform: Platform) -> None:
    platform.objects[f"{fake.ARTIFACTS}/mlflow/{fake.FOLDER}/model.skops"] = (b"", {})
    assert "model.skops is not encrypted with a KMS key" in faulty("artifacts")


def test_whoever_may_not_look_into_the_object_store_has_the_servers_word(platform: Platform) -> None:
    platform.refused.add(fake.ARTIFACTS)
    found = links()["artifacts"]
    assert found["state"] == "verified"
    assert "not read" in found["details"]["key"]  # type: ignore[index]


def test_without_credentials_of_aws_nothing_there_is_claimed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    states = {name: link["state"] for name, link in links().items()}
    assert states == {
        "run": "verified",
        "commit": "verified",
        "data": "not checked",
        "image": "not checked",
        "artifacts": "verified",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wine/7"], "wine/7 is not in workspace vision"),
        (["wine@champion"], "wine@champion is not in workspace vision"),
        (["wine/1", "--team", "language"], f"or not shown to {fake.USER}: Permission denied"),
        (["wine"], "MODEL/VERSION or MODEL@ALIAS is expected"),
        (["wine/latest"], "MODEL/VERSION or MODEL@ALIAS is expected"),
    ],
)
def test_what_is_not_there_is_said(platform: Platform, arguments: list[str], said: str) -> None:
    with pytest.raises(GroundworkError, match=said):
        run(*arguments)


def test_an_unknown_user_is_told_where_credentials_are_looked_for(platform: Platform) -> None:
    (Path.home() / ".mlflow" / "credentials").unlink()
    with pytest.raises(GroundworkError, match=r"does not know this user: .*~/\.mlflow/credentials"):
        run("wine/1")


@pytest.mark.parametrize("address", ["", "sqlite:///mlflow.db"])
def test_an_address_that_is_none(platform: Platform, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(GroundworkError, match="the address of a tracking server is expected"):
        run("wine/1")


def test_a_server_that_is_not_there(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(GroundworkError, match=r"127\.0\.0\.1:9 .*does not answer: .*refused"):
        run("wine/1")


def test_a_password_in_the_address_is_used_and_not_shown(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    (Path.home() / ".mlflow" / "credentials").unlink()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", platform.url.replace("//", f"//{fake.USER}:{fake.PASSWORD}@"))
    assert run("wine/1").exit_code == 0
    with pytest.raises(GroundworkError) as refused:
        run("wine/7")
    assert platform.url in str(refused.value)
    assert fake.PASSWORD not in str(refused.value)


def test_without_a_team_it_is_asked_for(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_WORKSPACE")
    with pytest.raises(GroundworkError, match="Give --team TEAM"):
        run("wine/1")
    assert run("wine/1", "--team", "vision").exit_code == 0

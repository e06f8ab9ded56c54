"""A job of the pool of dev, run for real: with the project, the specification and the role that the account holds."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import has_ended
from tests.support.project import CLONE, Project
from twin.account import Account
from twin.codebuild import build
from twin.codebuild.build import Build, Machine
from twin.errors import TwinError

PROJECT = "groundwork-dev-runners-build"
ROLE = f"{PROJECT}-jobs"


@pytest.fixture(scope="module")
def machine(dev: Project) -> Machine:
    known = dev.twin_variables()
    names = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    return Machine(f"{CLONE}/.venv/bin:{known['PATH']}", {name: known[name] for name in names})


@pytest.fixture
def cleaned(account: Account, outputs: dict[str, Any]) -> Iterator[None]:
    """The cache is empty before and after."""
    s3, bucket = account.client("s3"), outputs["bucket_artifacts"]

    def clean() -> None:
        prefix = "runner-caches/"
        for version in s3.list_object_versions(Bucket=bucket, Prefix=prefix).get("Versions", ()):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])

    clean()
    yield
    clean()


def log(account: Account, done: Build) -> str:
    found = account.client("logs").get_log_events(
        logGroupName=done.log_group, logStreamName=done.log_stream, startFromHead=True
    )
    return "\n".join(event["message"] for event in found["events"])


def test_a_job_does_its_work_with_the_rights_of_the_pool_and_leaves_its_log(
    account: Account, machine: Machine, outputs: dict[str, Any], cleaned: None
) -> None:
    work = f"mkdir -p ~/.cache/groundwork/engine/{uuid.uuid4()} && echo made > ~/.cache/groundwork/engine/it"
    done = build.run(account, PROJECT, machine, [work, "echo did its work"])
    told = log(account, done)
    assert done.status == "SUCCEEDED", told
    assert [phase.name for phase in done.phases] == ["pre_build", "build", "post_build"]
    assert re.search(rf"arn:aws:sts::\d+:assumed-role/{ROLE}/AWSCodeBuild-", told), "whose rights it has"
    assert "did its work" in told
    assert "the cache is empty" in told
    (kept,) = account.client("s3").list_objects_v2(Bucket=outputs["bucket_artifacts"], Prefix="runner-caches/")[
        "Contents"
    ]
    assert kept["Key"] == "runner-caches/runners-build/toolchain.tar.gz"
    head = account.client("s3").head_object(Bucket=outputs["bucket_artifacts"], Key=kept["Key"])
    assert head["ServerSideEncryption"] == "aws:kms", "the store's own key"

    again = build.run(account, PROJECT, machine, ["cat ~/.cache/groundwork/engine/it"])
    told = log(account, again)
    assert again.status == "SUCCEEDED", told
    assert "the cache is empty" not in told
    assert "made" in told.splitlines()
    same = account.client("s3").head_object(Bucket=outputs["bucket_artifacts"], Key=kept["Key"])
    assert same["LastModified"] == head["LastModified"], "nothing new, so nothing is sent"


FORBIDDEN = {
    "read models": "aws s3api get-object --bucket {bucket_artifacts} --key models/x /dev/null",
    "write to the cache of another pool": "echo x | aws s3 cp - s3://{bucket_artifacts}/runner-caches/other/toolchain.tar.gz",
    "list data sets": "aws s3 ls s3://{bucket_datasets}",
    "take the deploy role": "aws sts assume-role --role-arn {role_github_deploy} --role-session-name job",
    "read a secret": "aws secretsmanager get-secret-value --secret-id groundwork-dev/mlflow/server",
    "read its own log": "aws logs get-log-events --log-group-name /aws/codebuild/{project} --log-stream-name x",
    "change its own project": "aws codebuild update-project --name {project} --timeout-in-minutes 480",
    "give itself rights": "aws iam put-role-policy --role-name {role} --policy-name x --policy-document '{{}}'",
    "describe the cluster": "aws eks describe-cluster --name groundwork-dev",
    "choose the encryption": "echo x | aws s3 cp --sse AES256 - s3://{bucket_artifacts}/runner-caches/runners-build/x",
}


def test_a_job_cannot_do_what_is_not_its_own(
    account: Account, machine: Machine, outputs: dict[str, Any], cleaned: None
) -> None:
    values = {**outputs, "project": PROJECT, "role": ROLE}
    job = [
        f"if {command.format(**values)}; then echo 'GOT THROUGH: {what}'; else echo 'refused: {what}'; fi"
        for what, command in FORBIDDEN.items()
    ]
    done = build.run(account, PROJECT, machine, job)
    told = log(account, done)
    assert done.status == "SUCCEEDED", told
    assert "GOT THROUGH" not in told
    for what in FORBIDDEN:
        said, found, _ = told.partition(f"refused: {what}")
        assert found, what
        assert "AccessDenied" in said.rpartition("refused: ")[2], f"{what}: it failed, and not for want of a right"


def test_nothing_of_the_caller_reaches_a_job(
    account: Account, machine: Machine, dev: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "hunter2")
    (tmp_path / "file").write_text("from the source\n")
    done = build.run(account, PROJECT, machine, ["env", "pwd -P", "cat file", "ls -a ~"], source=tmp_path)
    told = log(account, done)
    assert done.status == "SUCCEEDED", told
    assert "hunter2" not in told
    assert dev.twin_variables()["AWS_SECRET_ACCESS_KEY"] not in told, "the root user's"
    assert f"AWS_ACCESS_KEY_ID={account.access_key_id}" not in told
    assert str(tmp_path.resolve()) in told
    assert "from the source" in told
    assert not re.search(r"^(PULUMI_|KUBECONFIG)", told, re.MULTILINE)


def test_a_command_that_fails_ends_the_job_and_what_comes_after_the_job_still_runs(
    account: Account, machine: Machine, outputs: dict[str, Any], cleaned: None
) -> None:
    done = build.run(account, PROJECT, machine, ["mkdir -p ~/.cache/groundwork/engine/new", "false", "echo never"])
    told = log(account, done)
    assert done.status == "FAILED"
    assert [(phase.name, phase.status) for phase in done.phases][1:] == [
        ("build", "FAILED"),
        ("post_build", "SUCCEEDED"),
    ]
    assert "never" not in told.splitlines()
    held = account.client("s3").list_objects_v2(Bucket=outputs["bucket_artifacts"], Prefix="runner-caches/")
    assert held["KeyCount"] == 0, "what a failed job made is not kept for the next one"


def test_a_job_that_takes_too_long_is_stopped_with_all_that_it_started(
    account: Account, machine: Machine, tmp_path: Path
) -> None:
    job = [f"sleep 600 & echo $! > {tmp_path}/child; wait"]
    began = time.monotonic()
    done = build.run(account, PROJECT, machine, job, seconds=45)  # of which what comes before the job takes some
    assert done.status == "TIMED_OUT"
    assert time.monotonic() - began < 120
    child = int((tmp_path / "child").read_text())
    assert has_ended(child)
    assert "time is over" in log(account, done)


def test_a_role_that_trusts_somebody_else_runs_nothing(account: Account, machine: Machine) -> None:
    iam = account.client("iam")
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    other = json.loads(json.dumps(trust).replace(f"project/{PROJECT}", "project/another"))
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(other))
    try:
        with pytest.raises(TwinError, match=r"codebuild\.amazonaws\.com cannot assume"):
            build.run(account, PROJECT, machine, ["echo no"])
    finally:
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))


@pytest.mark.parametrize(
    ("sid", "said"),
    [
        ("WriteLogs", "cannot write the log"),
        ("MakeInterfaces", "into its VPC"),
        ("MakeInterfacesInOurs", "into its VPC"),
    ],
)
def test_a_role_that_lacks_what_every_build_needs_runs_nothing(
    account: Account, machine: Machine, sid: str, said: str
) -> None:
    iam = account.client("iam")
    (name,) = [one for one in iam.list_role_policies(RoleName=ROLE)["PolicyNames"] if "rights" in one]
    policy = iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
    less = {**policy, "Statement": [one for one in policy["Statement"] if one["Sid"] != sid]}
    iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=json.dumps(less))
    try:
        with pytest.raises(TwinError, match=said):
            build.run(account, PROJECT, machine, ["echo no"])
    finally:
        iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=json.dumps(policy))


def test_a_build_leaves_no_interface_behind(account: Account, machine: Machine) -> None:
    ec2 = account.client("ec2")
    (project,) = account.client("codebuild").batch_get_projects(names=[PROJECT])["projects"]
    before = len(ec2.describe_network_interfaces()["NetworkInterfaces"])
    build.run(account, PROJECT, machine, ["false"])
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == before
    assert project["vpcConfig"]["subnets"]


def test_the_command_shows_the_log_and_ends_as_the_job_did(dev: Project) -> None:
    good = dev.groundwork("twin", "run-job", "build", "echo hello from the pool")
    assert "hello from the pool" in good.stdout
    assert "SUCCEEDED" in good.stderr
    bad = dev.groundwork("twin", "run-job", "build", "exit 3", check=False)
    assert bad.returncode == 1
    assert "FAILED" in bad.stderr
    none = dev.groundwork("twin", "run-job", "nobody", check=False)
    assert none.returncode == 1
    assert f"There is no CodeBuild project groundwork-dev-runners-nobody; the account has {PROJECT}" in (
        " ".join(none.stderr.split())
    )

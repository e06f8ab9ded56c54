"""One build: what the account holds of a project is read back, its role assumed, its phases run with that role alone.

Nothing of the caller's environment or rights reaches the job: its variables are CodeBuild's, the project's and those of
the specification; its credentials are a session of the project's role, which the role's trust policy has to give to
codebuild.amazonaws.com for this project. CodeBuild acts with the same session before the first phase, by which it
makes a network interface, and all along, by which it writes the log: where the role lacks a right for either, there is
no build.

Source: AWS CodeBuild user guide, "Environment variables in build environments", "Use AWS CodeBuild with Amazon Virtual
Private Cloud"; AWS CodeBuild API reference, Build.
"""

import contextlib
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from twin.account import Account
from twin.codebuild import phases, specification
from twin.codebuild.phases import FAILED, SUCCEEDED, Phase, Work
from twin.errors import TwinError
from twin.kubernetes.service_roles import assumed

SERVICE = "codebuild.amazonaws.com"
_PLAIN = "PLAINTEXT"
_LOG_BATCH = 100


@dataclass(frozen=True)
class Build:
    """What became of it."""

    id: str
    status: str
    phases: tuple[Phase, ...]
    log_group: str
    log_stream: str


@dataclass(frozen=True)
class Machine:
    """What a job finds on the machine beside what CodeBuild gives it."""

    path: str
    """Where programs are."""
    variables: Mapping[str, str]
    """By which programs find the AWS of this account; no credentials."""


def run(
    account: Account,
    project_name: str,
    machine: Machine,
    job: Sequence[str] = (),
    source: Path | None = None,
    seconds: float | None = None,
) -> Build:
    """Run a build of a project; `account` is the root of its account.

    Args:
        account: whose project it is.
        project_name: the project.
        machine: what is there for a job.
        job: commands for the phase `build`, as a runner runs those of a job; none: those of the specification.
        source: a folder that the job finds as its source; it works in that very folder. None: an empty one.
        seconds: how long it may take; None: as long as the project says.

    Raises:
        TwinError: there is no such project, its role may not be assumed or lacks what every build needs, or the
            specification has what the twin does not run.
    """
    project = _project(account, project_name)
    specified = specification.read(project["source"].get("buildspec", ""))
    if job:
        specified = replace(specified, commands={**specified.commands, "build": tuple(job)})
    build_id = f"{project_name}:{uuid.uuid4()}"
    role = assumed(account, project["serviceRole"], SERVICE, f"AWSCodeBuild-{build_id[-36:]}", project["arn"])
    with _interface(role, project), tempfile.TemporaryDirectory(prefix="groundwork-build-") as made:
        folder = Path(made)
        _furnish(folder, source)
        log = _Log(role, project, build_id)
        limit = seconds if seconds is not None else project["timeoutInMinutes"] * 60
        variables = _variables(project, build_id, role, machine, folder) | dict(specified.variables)
        try:
            done = phases.run(specified, Work(folder, variables, limit, log.write))
        finally:
            log.flush()
    broken = next((phase.status for phase in done if phase.status != SUCCEEDED), SUCCEEDED)
    return Build(build_id, broken, tuple(done), log.group, log.stream)


def _project(account: Account, name: str) -> dict[str, Any]:
    client = account.client("codebuild")
    found = client.batch_get_projects(names=[name])["projects"]
    if not found:
        known = ", ".join(client.list_projects()["projects"]) or "none"
        raise TwinError(f"There is no CodeBuild project {name}; the account has {known}.")
    return dict(found[0])


@contextlib.contextmanager
def _interface(role: Account, project: Mapping[str, Any]) -> Iterator[None]:
    """The network interface by which a build is in the VPC: made and deleted with the role, as CodeBuild does."""
    place = project.get("vpcConfig") or {}
    if not place:
        yield
        return
    ec2 = role.client("ec2")
    try:
        ec2.describe_subnets(SubnetIds=place["subnets"])
        ec2.describe_security_groups(GroupIds=place["securityGroupIds"])
        made = ec2.create_network_interface(SubnetId=place["subnets"][0], Groups=place["securityGroupIds"])
    except ClientError as error:
        raise TwinError(f"The role of {project['name']} cannot put a build into its VPC: {error}") from error
    try:
        yield
    finally:
        try:
            ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"])
        except ClientError as error:
            raise TwinError(f"The role of {project['name']} cannot take a build out of its VPC: {error}") from error


def _furnish(folder: Path, source: Path | None) -> None:
    (folder / "home").mkdir(mode=0o700)
    if source is None:
        (folder / "src").mkdir()
    else:
        (folder / "src").symlink_to(source.resolve(), target_is_directory=True)


def _variables(
    project: Mapping[str, Any], build_id: str, role: Account, machine: Machine, folder: Path
) -> dict[str, str]:
    """The whole environment of a job."""
    if role.session_token is None:
        raise TwinError("A build's credentials are those of a session.")
    given = {}
    for variable in project["environment"].get("environmentVariables", ()):
        if variable.get("type", _PLAIN) != _PLAIN:
            raise TwinError(f"The project's variable {variable['name']} is a {variable['type']}; the twin has none.")
        given[variable["name"]] = variable["value"]
    region, account = project["arn"].split(":")[3:5]
    return {
        **machine.variables,
        "PATH": machine.path,
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "CI": "true",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
        "CODEBUILD_BUILD_ARN": f"arn:aws:codebuild:{region}:{account}:build/{build_id}",
        "CODEBUILD_BUILD_ID": build_id,
        "CODEBUILD_BUILD_IMAGE": project["environment"]["image"],
        "CODEBUILD_KMS_KEY_ID": project.get("encryptionKey", ""),
        "CODEBUILD_SRC_DIR": str(folder / "src"),
        **given,
    }


class _Log:
    """The stream of one build, in the project's log group, written with the build's own role."""

    def __init__(self, role: Account, project: Mapping[str, Any], build_id: str) -> None:
        told = (project.get("logsConfig") or {}).get("cloudWatchLogs") or {}
        prefix = f"{told['streamName']}/" if told.get("streamName") else ""
        self.group = told.get("groupName") or f"/aws/codebuild/{project['name']}"
        self.stream = f"{prefix}{build_id.rpartition(':')[2]}"
        self._client, self._lines = role.client("logs"), []  # type: tuple[Any, list[tuple[int, str]]]
        try:
            self._client.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        except ClientError as error:
            raise TwinError(f"The role of {project['name']} cannot write the log of its builds: {error}") from error

    def write(self, line: str) -> None:
        """Add a line; CloudWatch Logs takes no empty one."""
        self._lines.append((int(time.time() * 1000), line or " "))
        if len(self._lines) >= _LOG_BATCH:
            self.flush()

    def flush(self) -> None:
        """Send what is there."""
        events = [{"timestamp": when, "message": line} for when, line in self._lines]
        self._lines = []
        if events:
            self._client.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=events)


__all__ = ["FAILED", "SUCCEEDED", "Build", "Machine", "run"]

"""`pulumi` on a twin of its own, with a program that a test writes anew for each step, and no policies."""

import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.project import Project
from twin.account import Account

PROGRAM = """\
import pulumi
from pulumi import ResourceOptions
from pulumi_aws import cloudwatch, ec2, iam, kms, rds, s3, vpc
from pulumi_aws.provider import Provider

aws = Provider("aws", region="eu-west-1"{settings})
trust = {trust!r}


def on_aws(**options):
    return ResourceOptions(provider=aws, **options)


"""
"""What every program begins with: a provider, and `on_aws()` for a resource to use it."""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)  # fmt: skip
"""A trust policy for roles, in the program as `trust`."""


@dataclass(frozen=True)
class Engine:
    """The engine and the world that it works on. What a program no longer names is deleted by its `up`."""

    project: Project
    variables: Mapping[str, str]
    aws: Account
    head: str = PROGRAM
    """What every program begins with; `{settings}` and `{trust}` are filled in."""

    @classmethod
    def make(cls, root: Path, head: str = PROGRAM) -> "Engine":
        """Start a twin in a project of its own, without a program yet."""
        project = Project.make(root)
        (project.root / "stacks").unlink()
        (project.root / "stacks").mkdir()
        project.groundwork("twin", "start")
        # The engine shows its option --event-log, which the Automation API uses, only with the debug commands.
        return cls(project, project.twin_variables() | {"PULUMI_DEBUG_COMMANDS": "true"}, project.account(), head)

    def declare(self, program: str, settings: str = "") -> None:
        """Make this the program; `settings` are further arguments of the provider."""
        head = self.head.format(settings=f", {settings}" if settings else "", trust=TRUST)
        (self.project.root / "stacks/__main__.py").write_text(head + program)

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command of `pulumi` on the stack dev, which takes ten minutes at most."""
        done = subprocess.run(
            [self._program, *arguments, "--non-interactive", "-s", "dev"],
            cwd=self.project.root, env=dict(self.variables), capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert not check or done.returncode == 0, said
        assert "Traceback" not in said
        return done

    def up(self, program: str, settings: str = "") -> list[tuple[str, str]]:
        """Run `pulumi up` on a program; returns its steps in the order they began: operation and logical name."""
        self.declare(program, settings)
        log = self._new_log()
        self.pulumi("up", "--yes", "--skip-preview", "--event-log", str(log))
        return steps(log)

    def refused(self, program: str, settings: str = "") -> str:
        """What `pulumi preview` says of a program that it does not take."""
        self.declare(program, settings)
        done = self.pulumi("preview", check=False)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def no_change(self) -> None:
        """The program as it is written is what the state says."""
        self.pulumi("preview", "--diff", "--expect-no-changes")

    def begin_up(self) -> tuple[subprocess.Popen[bytes], Path]:
        """Start an `up` as a terminal does, in a process group of its own; returns it and its event log."""
        log = self._new_log()
        command = [self._program, "up", "--yes", "--skip-preview", "--event-log", str(log)]
        with log.with_suffix(".out").open("wb") as said:
            running = subprocess.Popen(
                [*command, "--non-interactive", "-s", "dev"], cwd=self.project.root, env=dict(self.variables),
                start_new_session=True, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return running, log

    def state(self) -> dict[str, dict[str, Any]]:
        """The resources of `stack export`, by logical name."""
        exported = json.loads(self.pulumi("stack", "export").stdout)["deployment"]
        assert not exported.get("pending_operations")
        return {resource["urn"].rpartition("::")[2]: resource for resource in exported["resources"]}

    @property
    def _program(self) -> str:
        found = shutil.which("pulumi", path=self.variables["PATH"])
        assert found is not None
        return found

    def _new_log(self) -> Path:
        return self.project.root / f"events-{time.monotonic_ns()}.json"


def steps(log: Path) -> list[tuple[str, str]]:
    """What an engine's event log says so far, `same` left out."""
    found = []
    for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
        try:
            step = json.loads(line).get("resourcePreEvent", {}).get("metadata", {})
        except json.JSONDecodeError:
            break  # the line is still being written, and may end in the midst of a character
        if step and step["op"] != "same":
            found.append((step["op"], step["urn"].rpartition("::")[2]))
    return found

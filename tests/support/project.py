"""A project folder of its own for a test: the clone's code by links, its own settings and its own twin."""

import functools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from twin.account import Account

CLONE = Path(__file__).resolve().parents[2]
LINKED = ("components", "policies", "stacks", "groundwork", "twin", "tools", ".venv", "pyproject.toml", "Pulumi.yaml")


@dataclass(frozen=True)
class Project:
    """Everything through the commands that a person would type."""

    root: Path
    checkpoints: bool = True
    """Whether the engine writes the state at each step, as for a person. Without, it writes it once, in the end, also
    when it fails: four tenths of an `up`'s work, that only what may be killed needs."""

    @classmethod
    def make(cls, root: Path, *, checkpoints: bool = True) -> "Project":
        """Link the code, copy what a test may change."""
        root.mkdir(parents=True, exist_ok=True)
        for name in LINKED:
            (root / name).symlink_to(CLONE / name)
        for path in CLONE.glob("Pulumi.*.yaml"):
            shutil.copy(path, root / path.name)
        return cls(root, checkpoints)

    def environment(self) -> dict[str, str]:
        """This process's variables without any that point at a cloud or at another twin."""
        variables = {
            key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_", "GROUNDWORK_"))
        }
        return variables if self.checkpoints else {**variables, "PULUMI_SKIP_CHECKPOINTS": "true"}

    def groundwork(
        self, *arguments: str, check: bool = True, timeout: float = 1200
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line as a person does."""
        done = subprocess.run(
            [str(CLONE / ".venv/bin/groundwork"), *arguments],
            cwd=self.root, env=self.environment(), capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(
                f"groundwork {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def twin_variables(self, environment: str = "dev") -> dict[str, str]:
        """What `eval "$(groundwork twin env)"` gives a shell: asked anew when the twin or the settings changed."""
        files = (self.root / ".twin" / "twin.json", self.root / f"Pulumi.{environment}.yaml")
        return dict(_variables_of(self, environment, *(file.read_bytes() for file in files if file.exists())))

    def pulumi(self, *arguments: str, environment: str = "dev", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Plain `pulumi` in a shell that has the twin's variables."""
        return self.run("pulumi", *arguments, environment=environment, check=check)

    def run(
        self,
        *command: str,
        environment: str = "dev",
        check: bool = True,
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Any command in a shell that has the twin's variables, or these."""
        variables = variables or self.twin_variables(environment)
        program = shutil.which(command[0], path=variables["PATH"]) or command[0]
        done = subprocess.run(
            [program, *command[1:]],
            cwd=self.root,
            env=dict(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def account(self, environment: str = "dev") -> Account:
        """Plain boto3 clients of the environment's account on the twin."""
        return Account.of(self.twin_variables(environment))

    def outputs(self, environment: str = "dev") -> dict[str, Any]:
        """The stack's outputs."""
        found: dict[str, Any] = json.loads(
            self.pulumi("stack", "output", "--json", "-s", environment, environment=environment).stdout
        )
        return found

    def settings(self, environment: str = "dev") -> dict[str, Any]:
        """What the stack file says."""
        found: dict[str, Any] = yaml.safe_load((self.root / f"Pulumi.{environment}.yaml").read_text())["config"][
            "groundwork:settings"
        ]
        return found

    def change(self, edit: Callable[[dict[str, Any]], object], environment: str = "dev") -> None:
        """Edit the settings in the stack file."""
        path = self.root / f"Pulumi.{environment}.yaml"
        document = yaml.safe_load(path.read_text())
        edit(document["config"]["groundwork:settings"])
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def stop(self) -> None:
        """Stop the twin and leave nothing."""
        self.groundwork("twin", "stop", check=False)


@functools.lru_cache(maxsize=32)
def _variables_of(project: Project, environment: str, *_known: bytes) -> dict[str, str]:
    exported = project.groundwork("twin", "env", "--env", environment).stdout
    printed = subprocess.run(
        ["/bin/bash", "-c", 'eval "$1"; env -0', "bash", exported],
        env=project.environment(), capture_output=True, check=True,
    )  # fmt: skip
    return dict(line.decode().split("=", 1) for line in printed.stdout.split(b"\0") if b"=" in line)


@dataclass(frozen=True)
class RunningUp:
    """A `pulumi up` that is under way."""

    engine: "subprocess.Popen[bytes]"
    begun: list[str]
    """The URNs of creates that it had begun when it was last looked at."""
    said: Path
    """All that it prints."""


def begin_up(project: Project, creates: int, of: str = "", environment: str = "dev") -> RunningUp:
    """Run `pulumi up` until it has begun `creates` creates, and leave it running.

    `of`: how the types begin of which the creates are counted; all count when it is empty.
    """
    # The engine shows its option --event-log, which the Automation API uses, to people only with the debug commands.
    variables = {**project.twin_variables(environment), "PULUMI_DEBUG_COMMANDS": "true"}
    log = project.root / f"events-{creates}-{time.monotonic_ns()}.json"
    pulumi = shutil.which("pulumi", path=variables["PATH"])
    assert pulumi is not None
    running = RunningUp(_engine(project, pulumi, environment, variables, log), [], log.with_suffix(".out"))
    try:
        _wait_for_creates(log, creates, of, running.engine, running.begun)
    except BaseException:
        kill(running)
        raise
    return running


def kill_engine_after(project: Project, creates: int, of: str = "", environment: str = "dev") -> list[str]:
    """SIGKILL the engine of an `up` once it has begun `creates` creates, as `begin_up`; the URNs it had begun."""
    running = begin_up(project, creates, of, environment)
    kill(running)
    return running.begun


def kill(running: RunningUp) -> None:
    """SIGKILL the engine, if it still runs."""
    if running.engine.poll() is None:
        os.kill(running.engine.pid, signal.SIGKILL)
    running.engine.wait()


def _engine(
    project: Project, pulumi: str, environment: str, variables: Mapping[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    command = [pulumi, "up", "--yes", "--skip-preview", "--non-interactive", "-s", environment, "--event-log", str(log)]
    with log.with_suffix(".out").open("wb") as said:
        return subprocess.Popen(command, cwd=project.root, env=dict(variables), stdout=said, stderr=subprocess.STDOUT)


def step_type(urn: str) -> str:
    """The type of the resource itself, without those that it is a part of."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _wait_for_creates(log: Path, creates: int, of: str, engine: subprocess.Popen[bytes], begun: list[str]) -> None:
    read = 0
    while engine.poll() is None and sum(step_type(urn).startswith(of) for urn in begun) < creates:
        time.sleep(0.02)
        if not log.exists():
            continue
        lines = log.read_text(errors="replace").splitlines()
        for line in lines[read:]:
            try:
                event: Mapping[str, Any] = json.loads(line)
            except json.JSONDecodeError:
                break  # the line is still being written, and may end in the midst of a character
            read += 1
            step = event.get("resourcePreEvent", {}).get("metadata", {})
            if step.get("op") == "create":
                begun.append(step["urn"])

"""The `run:` steps of workflow files, run as GitHub's runner runs them.

A runner writes a step's script to a file and gives it to `bash --noprofile --norc -eo pipefail {0}`, or to
`bash -e {0}` where the step names no shell. Both end at the first command that fails; only the former sees a failure
inside a pipe. What is said about a step with `shell: bash` is said by the workflow itself. Expressions (`${{ … }}`)
stand in `env:` alone here, so a script is run as it is written; a test holds the files to that.

Source: GitHub docs, "Workflow syntax for GitHub Actions", jobs.<job_id>.steps[*].shell, defaults.run.
"""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CLONE = Path(__file__).resolve().parents[2]
FOLDER = CLONE / ".github" / "workflows"
SHELLS = {
    None: ("bash", "-e"),
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail"),
}
"""By what the workflow says."""


@dataclass(frozen=True)
class Step:
    """A step that runs a script."""

    workflow: str
    job: str
    script: str
    shell: str | None
    env: Mapping[str, str]

    def run(
        self, folder: Path, variables: Mapping[str, str], scratch: Path, timeout: float = 1500
    ) -> "subprocess.CompletedProcess[str]":
        """Run it in `folder` with these variables and no others; `scratch` is for the script's file."""
        file = scratch / "step.sh"
        file.write_text(self.script)
        return subprocess.run(
            [*SHELLS[self.shell], str(file)],
            cwd=folder,
            env=dict(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )


def load(name: str) -> dict[Any, Any]:
    """Return a workflow as YAML; the key `on` is true there, as YAML 1.1 has it."""
    found: dict[Any, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return found


def names() -> list[str]:
    """Return the names of the files."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def jobs(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the jobs of a workflow."""
    found: Mapping[str, Mapping[str, Any]] = load(name)["jobs"]
    return found


def steps(name: str, job: str | None = None) -> list[Step]:
    """Return the steps that run something, in their order."""
    return list(_steps(name, job))


def _steps(name: str, only: str | None) -> Iterator[Step]:
    written = load(name)
    default = written.get("defaults", {}).get("run", {}).get("shell")
    for job, what in written["jobs"].items():
        if only in (None, job):
            for step in what["steps"]:
                if "run" in step:
                    yield Step(name, job, step["run"], step.get("shell", default), step.get("env", {}))

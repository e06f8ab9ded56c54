"""`examples/wine` as its README has it, in a repository of its own; it needs addresses and credentials alone."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.git import SOMEBODY, git
from tests.support.project import CLONE

FILES = (".gitignore", "dataset.py", "job.yaml", "submit.sh", "train.py")
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
SECONDS = 1200


@dataclass(frozen=True)
class Wine:
    """A team's repository, and where its work goes."""

    folder: Path
    """The clone; beside it are its remote and the home folders of users."""
    programs: Path
    """The `bin` of the environment of the image `training`."""
    tracking_uri: str
    workspace: str
    image: str
    """HOST/NAME@sha256:DIGEST."""
    logs: str
    """Where event files go."""
    extra: Mapping[str, str] = field(default_factory=dict)

    def create(self, dvc_remote: str, aws: Mapping[str, str]) -> str:
        """Section 1 of the README, as whoever `aws` are the variables of: data written, pushed, committed."""
        self.folder.mkdir(parents=True)
        for name in FILES:
            shutil.copy(CLONE / "examples" / "wine" / name, self.folder / name)
        remote = self.folder.parent / "wine.git"
        git(self.folder.parent, "init", "--bare", remote)
        git(self.folder, "init")
        git(self.folder, "remote", "add", "origin", remote)
        for command in (
            ("dvc", "init"),
            ("dvc", "remote", "add", "--default", "storage", dvc_remote),
            ("python", "dataset.py"),
            ("dvc", "add", "wine.csv"),
            ("dvc", "push"),
        ):
            done = self.run(aws, *command)
            assert done.returncode == 0, done.stdout + done.stderr
        return self.commit("Wines of three cultivars")

    def commit(self, message: str) -> str:
        """Commit and push everything; the commit's id."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "-m", message)
        git(self.folder, "push", "origin", "HEAD:main")
        return git(self.folder, "rev-parse", "HEAD")

    def home(self, user: str, password: str) -> Path:
        """A home folder with a user's credentials for MLflow."""
        folder = self.folder.parent / "homes" / user
        credentials = folder / ".mlflow" / "credentials"
        credentials.parent.mkdir(parents=True, exist_ok=True)
        credentials.touch(0o600)
        credentials.write_text(f"[mlflow]\nmlflow_tracking_username = {user}\nmlflow_tracking_password = {password}\n")
        return folder

    def train(self, home: Path, aws: Mapping[str, str], **tags: str) -> subprocess.CompletedProcess[str]:
        """Train as a local process that is told its image."""
        told = {"mlflow.docker.image.uri": self.image} | tags
        variables = {
            "MLFLOW_RUN_CONTEXT": json.dumps({name: value for name, value in told.items() if value}),
            "TENSORBOARD_LOGS": self.logs,
        }
        return self.run({**aws, **self._mlflow(home), **variables}, "python", "train.py")

    def lineage(self, home: Path, aws: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """`groundwork lineage` in the clone."""
        return subprocess.run(
            [Path(sys.executable).with_name("groundwork"), "lineage", *arguments],
            cwd=self.folder, env={"PATH": SYSTEM_PATH, **SOMEBODY, **aws, **self._mlflow(home)},
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip

    def run(self, variables: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
        """A program of the image, in the clone."""
        given = {
            "PATH": f"{self.programs}:{SYSTEM_PATH}",
            "HOME": str(self.folder.parent),
            "DVC_NO_ANALYTICS": "true",
            "DVC_SITE_CACHE_DIR": str(self.folder.parent / "dvc"),
            **SOMEBODY,
            **self.extra,
            **variables,
        }
        return subprocess.run(
            command, cwd=self.folder, env=given, capture_output=True, text=True, timeout=SECONDS, check=False,
            executable=shutil.which(command[0], path=given["PATH"]),
        )  # fmt: skip

    def _mlflow(self, home: Path) -> dict[str, str]:
        return {
            "HOME": str(home),
            "MLFLOW_TRACKING_URI": self.tracking_uri,
            "MLFLOW_WORKSPACE": self.workspace,
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

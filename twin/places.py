"""Where a clone keeps its twin. Nothing of a twin is anywhere else, so that removing one folder removes it."""

import os
from dataclasses import dataclass
from pathlib import Path

from twin.errors import TwinError

CODE = Path(__file__).resolve().parents[1]
"""The folder to import from, for processes that start elsewhere: the clone, or where Groundwork is installed."""
OVERRIDE = "GROUNDWORK_TWIN"
"""Environment variable: another folder than `.twin` of the clone."""


@dataclass(frozen=True)
class Places:
    """The paths of one clone and of its twin, all absolute."""

    clone: Path
    """The folder of pyproject.toml and Pulumi.yaml."""
    root: Path
    """`.twin`: everything of a running twin."""

    @property
    def state_file(self) -> Path:
        """Ports, processes and secrets: see twin/state.py."""
        return self.root / "twin.json"

    @property
    def lock_file(self) -> Path:
        """Held by whoever starts or stops the twin."""
        return self.root / "lock"

    @property
    def certificates(self) -> Path:
        """See twin/certificates.py."""
        return self.root / "certificates"

    @property
    def logs(self) -> Path:
        """`<service>.log`."""
        return self.root / "logs"

    @property
    def databases(self) -> Path:
        """A folder for each DB instance."""
        return self.root / "postgres"

    @property
    def clusters(self) -> Path:
        """A folder for each EKS cluster."""
        return self.root / "kubernetes"

    @property
    def pods(self) -> Path:
        """A folder for each pod that runs as processes: see twin/pods/runner.py."""
        return self.root / "pods"

    @property
    def kubeconfig(self) -> Path:
        """`KUBECONFIG`: where `aws eks update-kubeconfig` writes, so that a person's own file stays what it is."""
        return self.root / "kubeconfig"

    @property
    def aws_config(self) -> Path:
        """`AWS_CONFIG_FILE`: profiles on the twin, such as `aws configure` writes them; not there until it does."""
        return self.root / "aws" / "config"

    @property
    def aws_credentials(self) -> Path:
        """`AWS_SHARED_CREDENTIALS_FILE`, likewise."""
        return self.root / "aws" / "credentials"

    @property
    def pulumi_home(self) -> Path:
        """`PULUMI_HOME`, with the twin's provider plugin."""
        return self.root / "pulumi" / "home"

    @property
    def pulumi_state(self) -> Path:
        """The state backend."""
        return self.root / "pulumi" / "state"

    @property
    def project(self) -> Path:
        """What the engine sees as the folder of Pulumi.yaml."""
        return self.root / "project"

    @property
    def bin(self) -> Path:
        """The folder of the `pulumi` that runs in `project`."""
        return self.root / "bin"


def find(start: Path | None = None) -> Places:
    """The clone at or above `start` (the working directory), else the one that this code is part of.

    Raises TwinError when there is none, as for an installed package that is used outside any clone.
    """
    for folder in (*_upward((start or Path.cwd()).resolve()), *_upward(CODE)):
        if (folder / "pyproject.toml").is_file() and (folder / "Pulumi.yaml").is_file():
            chosen = os.environ.get(OVERRIDE)
            return Places(clone=folder, root=Path(chosen).absolute() if chosen else folder / ".twin")
    raise TwinError(
        f"No Groundwork project here: neither {start or Path.cwd()} nor a folder above it has both pyproject.toml and "
        "Pulumi.yaml. Change into your clone and try again."
    )


def _upward(folder: Path) -> tuple[Path, ...]:
    return folder, *folder.parents

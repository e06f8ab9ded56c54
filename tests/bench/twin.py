"""How long the engine's work takes on the twin: a first `up` from nothing, then commands that find no change."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.project import Project

PROGRAM = """\
import pulumi
from pulumi_aws.provider import Provider

from components.storage.object_store import ObjectStore, ObjectStoreArgs, ObjectStoreSettings

aws = Provider("aws", region="eu-west-1", allowed_account_ids=["000000000000"])
settings = ObjectStoreSettings(protect=False, force_destroy=True)
for index in range({count}):
    ObjectStore(
        f"store-{{index}}",
        ObjectStoreArgs(
            settings=settings, account_id="000000000000", region="eu-west-1", environment="dev",
            key_arn="arn:aws:kms:eu-west-1:000000000000:key/1",
        ),
        pulumi.ResourceOptions(providers=[aws]),
    )
"""


@dataclass(frozen=True)
class Timed:
    """One command, as a person would type it."""

    command: str
    seconds: float


def environment(name: str) -> list[Timed]:
    """An environment from nothing; the toolchain is installed, the twin is not running."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.make(Path(folder) / "project")
        try:
            return [
                _timed(project, f"first up of {name}, twin start included", "up", name),
                _timed(project, f"preview of {name} without change, policies mandatory", "preview", name),
                _timed(project, f"up of {name} without change", "up", name),
                _timed(project, f"refresh of {name} without change", "refresh", name),
            ]
        finally:
            project.stop()


def object_stores(count: int) -> list[Timed]:
    """A program of so many object stores and nothing else: `up`, then `preview`, on a running twin."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.make(Path(folder) / "project")
        try:
            (project.root / "stacks").unlink()
            (project.root / "stacks").mkdir()
            (project.root / "stacks/__main__.py").write_text(PROGRAM.format(count=count))
            shutil.copy(Path(__file__).parents[2] / "Pulumi.dev.yaml", project.root)
            project.groundwork("twin", "start")
            return [
                _timed(project, f"up of {count} object stores", "up", "dev", policies=False),
                _timed(project, f"preview of {count} object stores without change", "preview", "dev", policies=False),
            ]
        finally:
            project.stop()


def _timed(project: Project, what: str, operation: str, environment: str, *, policies: bool = True) -> Timed:
    began = time.perf_counter()
    if policies:
        project.groundwork(operation, environment, timeout=3600)
    else:
        confirmed = ["--yes", "--skip-preview"] if operation == "up" else []
        project.pulumi(operation, *confirmed, "--non-interactive", "-s", environment, environment=environment)
    return Timed(what, time.perf_counter() - began)

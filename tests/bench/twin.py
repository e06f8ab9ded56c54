"""How long the engine's work takes on the twin: a first `up` from nothing, then commands that find no change."""

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

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


@dataclass(frozen=True)
class Spent:
    """An `up` of so many object stores on a running twin, and who used the processor meanwhile."""

    stores: int
    resources: int
    seconds: float
    engine_seconds: float
    """The engine itself. It writes the whole state anew after each step, as it does on every `file://` backend."""
    provider_seconds: float
    program_seconds: float


def object_stores(count: int) -> Spent:
    """A program of so many object stores and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.make(Path(folder) / "project")
        try:
            (project.root / "stacks").unlink()
            (project.root / "stacks").mkdir()
            (project.root / "stacks/__main__.py").write_text(PROGRAM.format(count=count))
            project.groundwork("twin", "start")
            return spent(project, count)
        finally:
            project.stop()


def spent(project: Project, count: int) -> Spent:
    """Run `up` on a program of so many."""
    variables = project.twin_variables()
    pulumi = shutil.which("pulumi", path=variables["PATH"])
    assert pulumi is not None
    began = time.perf_counter()
    engine = psutil.Popen(
        [pulumi, "up", "--yes", "--skip-preview", "--non-interactive", "-s", "dev"],
        cwd=project.root, env=variables, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    used: dict[str, float] = {}
    while engine.poll() is None:
        for process in _with_children(engine):
            with contextlib.suppress(psutil.Error):
                times, command = process.cpu_times(), " ".join(process.cmdline())
                kind = (
                    "provider" if "twin.providers" in command else "program" if "python-exec" in command else "engine"
                )
                if kind != "engine" or process.pid == engine.pid:
                    used[kind] = times.user + times.system
        time.sleep(0.2)
    seconds = time.perf_counter() - began
    if engine.returncode:
        raise RuntimeError(f"pulumi up of {count} ended with {engine.returncode}")
    resources = len(json.loads(project.pulumi("stack", "export", "-s", "dev").stdout)["deployment"]["resources"])
    return Spent(count, resources, seconds, used["engine"], used["provider"], used["program"])


def _with_children(engine: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [engine, *engine.children(recursive=True)]
    return []


def _timed(project: Project, what: str, operation: str, environment: str) -> Timed:
    began = time.perf_counter()
    project.groundwork(operation, environment, timeout=3600)
    return Timed(what, time.perf_counter() - began)

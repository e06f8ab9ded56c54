"""A component is usable by another program: one that installs the package and knows nothing of this clone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack_files import CLONE

# Another team's program: its own names, its own key, no settings file, no stacks/.
PROGRAM = """
import asyncio, json, sys
from pathlib import Path

import pulumi
from pulumi.runtime import MockResourceArgs, Mocks

import components
from components.network.network import Network, NetworkArgs, NetworkSettings
from components.storage.object_store import ObjectStore, ObjectStoreArgs

assert Path(components.__file__).is_relative_to(sys.argv[1]), components.__file__

class Recorder(Mocks):
    made = []
    def new_resource(self, args):
        self.made.append([args.typ, args.name])
        return f"{args.name}-id", {"arn": f"arn:aws:x:::{args.name}"} | args.inputs
    def call(self, args):
        raise NotImplementedError(args.token)

asyncio.set_event_loop(asyncio.new_event_loop())
pulumi.runtime.set_mocks(Recorder(), project="elsewhere", stack="test")

@pulumi.runtime.test
def program():
    place = {"account_id": "111122223333", "region": "eu-west-1", "environment": "lab"}
    key = "arn:aws:kms:eu-west-1:111122223333:key/a"
    ObjectStore("scans", ObjectStoreArgs(key_arn=key, **place))
    Network("lab", NetworkArgs(
        settings=NetworkSettings(cidr="10.60.0.0/18", nat="none"),
        zones=("eu-west-1a", "eu-west-1b"),
        logs_key_arn=key,
        boundary_arn="arn:aws:iam::111122223333:policy/boundary",
        **place,
    ))

program()
print(json.dumps(Recorder.made))
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package from a copy of its sources, beside nothing but its dependencies."""
    folder = tmp_path_factory.mktemp("elsewhere")
    source = folder / "source"
    for path in ("components", "groundwork", "policies", "stacks", "tools", "twin"):
        shutil.copytree(CLONE / path, source / path, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ("pyproject.toml", "README.md"):
        if (CLONE / path).exists():
            shutil.copy(CLONE / path, source / path)
    options = ["--no-deps", "--no-build-isolation", "--offline", "--quiet", "--target", str(folder / "site")]
    command = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, *options, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    return folder


def test_a_program_elsewhere_builds_a_store_and_a_network_of_the_installed_package(elsewhere: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
    done = subprocess.run(
        [sys.executable, "program.py", str(elsewhere / "site")],
        cwd=elsewhere,
        env=environment | {"PYTHONPATH": str(elsewhere / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '["groundwork:storage:ObjectStore", "scans"]' in done.stdout
    assert '["aws:s3/bucket:Bucket", "scans-bucket"]' in done.stdout
    assert '["groundwork:network:Network", "lab"]' in done.stdout
    assert done.stdout.count("aws:ec2/subnet:Subnet") == 6

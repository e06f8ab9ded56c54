"""The installed engine, its language host and a mandatory policy pack together, on a small project."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.toolchain import CLONE, locate

PROGRAM = """
import pulumi
class Room(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:index:Room", name)
        self.register_outputs({})
Room(pulumi.Config().require("name"))
"""
PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy
def no_cellar(args, report):
    if args.name == "cellar":
        report("a cellar floods")
PolicyPack("rooms", policies=[ResourceValidationPolicy("dry", "Rooms are dry.", no_cellar)],
           enforcement_level=EnforcementLevel.MANDATORY)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    toolchain = locate()
    variables = {
        "PATH": f"{toolchain.engine_bin}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    files = {
        "Pulumi.yaml": "name: rooms\nruntime: python\nmain: stacks\n",
        "stacks/__main__.py": PROGRAM,
        "policies/PulumiPolicy.yaml": "runtime: python\nversion: 0.0.1\n",
        "policies/__main__.py": PACK,
    }
    for path, content in files.items():
        file = tmp_path / "rooms" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (tmp_path / "state").mkdir()
    (tmp_path / "rooms" / ".venv").symlink_to(CLONE / ".venv")
    assert pulumi(tmp_path / "rooms", "stack", "init", "dev").returncode == 0
    return tmp_path / "rooms"


def pulumi(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [locate().pulumi, "--non-interactive", *arguments], cwd=project, capture_output=True, text=True, check=False
    )


def test_a_program_runs_below_a_mandatory_policy_pack_without_a_warning(project: Path) -> None:
    up = pulumi(project, "up", "--yes", "--stack", "dev", "--policy-pack", "policies", "--config", "rooms:name=attic")
    said = up.stdout + up.stderr
    assert up.returncode == 0, said
    assert "rooms@v0.0.1" in said
    assert "warning" not in said.lower()
    urns = pulumi(project, "stack", "--stack", "dev", "--show-urns").stdout
    assert "test:index:Room::attic" in urns


def test_a_violation_stops_the_update_before_it_begins(project: Path) -> None:
    up = pulumi(project, "up", "--yes", "--stack", "dev", "--policy-pack", "policies", "--config", "rooms:name=cellar")
    assert up.returncode != 0
    assert "[mandatory]" in up.stdout
    assert "a cellar floods" in up.stdout
    assert "cellar" not in pulumi(project, "stack", "--stack", "dev", "--show-urns").stdout

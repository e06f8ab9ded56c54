"""The pack by itself: copied into a stranger's folder, under another name, with its own Python environment.

The real engine runs it over a stranger's program, which is seeded with secrets; nothing of Groundwork is in reach.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundwork.__main__ import app
from tests.support import stub_provider
from tests.support.pack import POLICIES
from tools.toolchain import locate

SEEDS = ("hunter2-s3cr3t", "seed-of-the-state")
PROGRAM = f"""
import pulumi

class Anything(pulumi.CustomResource):
    def __init__(self, token, name, props):
        super().__init__(token, name, props)

key = Anything("aws:kms/key:Key", "key", {{"enableKeyRotation": pulumi.Config().get_bool("rotated")}})
Anything("aws:rds/instance:Instance", "db", {{
    "storageEncrypted": True,
    "kmsKeyId": key.id,
    "password": pulumi.Output.secret("{SEEDS[0]}"),
    "engine": "{SEEDS[1]}",
    "tags": {{"data-classification": pulumi.Output.secret("{SEEDS[0]}")}},
}})
"""


class Stranger:
    """A folder with a program, a copy of the pack, and an environment with what `requirements.txt` names."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pack = root / "acme-policies"
        shutil.copytree(POLICIES, self.pack, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
        packages = next((root / ".venv/lib").glob("python*")) / "site-packages"
        # Third-party packages alone: the clone, which this interpreter knows by a .pth file, is not on the path.
        third_party = Path(sys.modules["pulumi_policy"].__file__ or "").parents[1]
        (packages / "packages.pth").write_text(f"{third_party}\n")
        self.python = root / ".venv/bin/python"
        (root / "bin").mkdir()
        plugin = root / "bin/pulumi-resource-aws"
        shutil.copy(stub_provider.__file__, root / "bin/provider.py")
        plugin.write_text(f'#!/bin/sh\nexec {self.python} -P {root / "bin/provider.py"} "$@"\n')
        plugin.chmod(0o700)
        (root / "shop").mkdir()
        (root / "shop/Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (root / "shop/__main__.py").write_text(PROGRAM)
        (root / "state").mkdir()
        self.variables = {
            "HOME": str(root),
            "PATH": os.pathsep.join((str(root / "bin"), str(locate().engine_bin), "/usr/bin", "/bin")),
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_BACKEND_URL": (root / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        self.said = ""

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [locate().pulumi, "--non-interactive", *arguments],
            cwd=self.root / "shop", env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        return done

    def judged(self, command: str, *, rotated: bool, strictness: str | None = None) -> tuple[int, str]:
        """Run `preview` or `up` under the pack; exit code and what was said."""
        config = ("--policy-pack-config", f"../acme-policies/strictness/{strictness}.json") if strictness else ()
        yes = ("--yes", "--skip-preview") if command == "up" else ()
        done = self.pulumi(
            command, *yes, "--policy-pack", "../acme-policies", *config, "--config", f"rotated={str(rotated).lower()}"
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    made = Stranger(tmp_path_factory.mktemp("acme"))
    assert made.pulumi("stack", "init", "dev").returncode == 0
    return made


def test_nothing_of_groundwork_is_in_reach(stranger: Stranger) -> None:
    for module in ("groundwork", "components", "policies", "tests"):
        found = subprocess.run(
            [stranger.python, "-c", f"import {module}"], cwd=stranger.root, capture_output=True, check=False
        )
        assert found.returncode != 0, module


def test_the_pack_imports_what_its_requirements_bring_and_nothing_else() -> None:
    allowed = {*sys.stdlib_module_names, "policies", "pulumi_policy", "pulumi", "google"}  # the one brings the others
    for path in POLICIES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert {name.partition(".")[0] for name in named} <= allowed, path
    pinned = re.search(r"^pulumi-policy==(\S+)$", (POLICIES / "requirements.txt").read_text(), re.MULTILINE)
    project = (POLICIES.parent / "pyproject.toml").read_text()
    assert pinned
    assert f'"pulumi-policy=={pinned[1]}"' in project


def test_each_step_of_the_ladder_stops_what_it_says(stranger: Stranger) -> None:
    code, said = stranger.judged("preview", rotated=False)
    assert code != 0
    assert re.search(r"\[mandatory\].*ENC-07", said), said
    assert re.search(r"\[advisory\].*ENC-08", said), said
    code, baseline = stranger.judged("preview", rotated=False, strictness="baseline")
    assert code == 0, baseline
    assert re.search(r"\[advisory\].*ENC-07", baseline), baseline
    code, regulated = stranger.judged("preview", rotated=True, strictness="regulated")
    assert code != 0
    assert re.search(r"\[mandatory\].*ENC-08", regulated), regulated
    assert "ENC-07" not in regulated
    assert "groundwork@v" in said


def test_no_secret_of_the_program_is_told_by_the_engine_the_pack_or_the_evidence(
    stranger: Stranger, tmp_path: Path
) -> None:
    code, said = stranger.judged("up", rotated=False, strictness="baseline")
    assert code == 0, said
    unchanged = ("preview", "--json", "--show-sames", "--save-plan", str(tmp_path / "plan.json"))
    forms = {
        "preview": stranger.pulumi(*unchanged, "--config", "rotated=false").stdout,
        "state": stranger.pulumi("stack", "export").stdout,
    }
    assert SEEDS[0] not in stranger.said
    forms["readable state"] = stranger.pulumi("stack", "export", "--show-secrets").stdout
    assert SEEDS[0] in forms["readable state"]
    assert SEEDS[1] in forms["state"]
    (tmp_path / "state.json").write_text(forms["state"])
    forms["plan"] = (tmp_path / "plan.json").read_text()
    for form, text in forms.items():
        (tmp_path / "saved.json").write_text(text)
        folder = tmp_path / form.replace(" ", "-")
        given = ["policy", "evidence", str(tmp_path / "saved.json"), "--output", str(folder)]
        result = CliRunner().invoke(app, [*given, "--state", str(tmp_path / "state.json")])
        assert result.exit_code == 2, result.output
        evidence = json.loads((folder / "evidence.json").read_text())
        judged = {answer["rule"]: answer["verdict"] for answer in evidence["answers"]}
        assert judged["ENC-04"] == "pass", f"{form}: the key is one of the stack"
        assert judged["ENC-07"] == "violation", form
        told = [result.output, *(path.read_text() for path in folder.iterdir())]
        assert not [seed for seed in SEEDS for text in told if seed in text], form

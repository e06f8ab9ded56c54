"""The real engine in the project folder of a twin, started as a person does, by `.twin/bin/pulumi`."""

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.twin.conftest import SETTINGS, Clone
from twin import project, state
from twin.errors import TwinError
from twin.state import TwinState

PROGRAM = """
import os
import pulumi
pulumi.export("folder", os.getcwd())
pulumi.export("settings", pulumi.Config("groundwork").require_object("settings"))
pulumi.export("hidden", pulumi.Output.secret("hush"))
"""


@pytest.fixture(scope="module")
def prepared(make_clone: Callable[[], Clone]) -> tuple[Clone, dict[str, str]]:
    """A clone with a program and a stack; no service runs, none is needed."""
    clone = make_clone()
    (clone.places.clone / "stacks" / "__main__.py").write_text(PROGRAM)
    held = TwinState.new(1, 2)
    state.save(clone.places.state_file, held)
    project.prepare(clone.places, clone.tools)
    variables = {**os.environ, **clone.variables(held)}
    project.ensure_stack(clone.places, "dev", variables)
    return clone, variables


def pulumi(
    prepared: tuple[Clone, dict[str, str]], *arguments: str, folder: str = "."
) -> subprocess.CompletedProcess[str]:
    clone, variables = prepared
    return subprocess.run(
        (clone.places.bin / "pulumi", *arguments),
        cwd=clone.places.clone / folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_plain_pulumi_runs_the_program_through_links_and_leaves_the_clone_as_it_is(
    prepared: tuple[Clone, dict[str, str]],
) -> None:
    clone, _ = prepared
    checked_in = {path: path.read_bytes() for path in clone.places.clone.glob("*.yaml")}
    up = pulumi(prepared, "up", "--stack", "dev", "--yes", "--non-interactive", folder="stacks")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "warning" not in up.stdout + up.stderr
    outputs = json.loads(pulumi(prepared, "stack", "output", "--stack", "dev", "--json").stdout)
    assert Path(outputs["folder"]).samefile(clone.places.clone / "stacks")
    assert outputs["settings"]["account_id"] == "111122223333"
    assert outputs["hidden"] == "[secret]"
    assert {path: path.read_bytes() for path in clone.places.clone.glob("*.yaml")} == checked_in


def test_a_changed_setting_reaches_the_next_run_and_secrets_can_still_be_read(
    prepared: tuple[Clone, dict[str, str]],
) -> None:
    clone, _ = prepared
    salted = (clone.places.project / "Pulumi.dev.yaml").read_text()
    assert "encryptionsalt: v1:" in salted
    (clone.places.clone / "Pulumi.dev.yaml").write_text(SETTINGS.replace("eu-west-1", "eu-north-1"))
    shown = pulumi(prepared, "config", "get", "groundwork:settings", "--stack", "dev")
    assert "eu-north-1" in shown.stdout, shown.stderr
    assert (clone.places.project / "Pulumi.dev.yaml").read_text() == salted.replace("eu-west-1", "eu-north-1")
    assert pulumi(prepared, "stack", "export", "--show-secrets", "--stack", "dev").returncode == 0


def test_a_file_is_written_where_the_person_is(prepared: tuple[Clone, dict[str, str]]) -> None:
    clone, _ = prepared
    assert pulumi(prepared, "stack", "export", "--file", "state.json", "-s", "dev", folder="stacks").returncode == 0
    assert json.loads((clone.places.clone / "stacks" / "state.json").read_text())["version"] == 3


def test_settings_are_not_changed_through_the_engine(prepared: tuple[Clone, dict[str, str]]) -> None:
    refused = pulumi(prepared, "config", "set", "a", "b", "--stack", "dev")
    assert refused.returncode == 255
    assert "Edit Pulumi.<environment>.yaml" in refused.stderr


def test_the_providers_are_installed_as_plugins_of_the_versions_that_the_sdks_ask_for(
    prepared: tuple[Clone, dict[str, str]],
) -> None:
    clone, _ = prepared
    listed = json.loads(pulumi(prepared, "plugin", "ls", "--json").stdout)
    assert [(one["name"], one["kind"], one["version"]) for one in listed] == [
        (name, "resource", project.provider_version(name)) for name in ("aws", "kubernetes")
    ]
    scripts = sorted(clone.places.pulumi_home.glob("plugins/*/pulumi-resource-*"))
    assert [script.name for script in scripts] == ["pulumi-resource-aws", "pulumi-resource-kubernetes"]
    assert {stat.S_IMODE(script.stat().st_mode) for script in scripts} == {0o700}


def test_making_a_stack_again_does_nothing_and_a_failure_is_told_in_the_engines_words(
    prepared: tuple[Clone, dict[str, str]],
) -> None:
    clone, variables = prepared
    project.ensure_stack(clone.places, "dev", {"PATH": "/nowhere"})
    with pytest.raises(TwinError, match="The stack other cannot be made: error: PULUMI_ACCESS_TOKEN must be set"):
        project.ensure_stack(clone.places, "other", {**variables, "PULUMI_BACKEND_URL": "gopher://x"})

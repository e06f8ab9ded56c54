"""How a build specification is read, and how its phases run: real shells, no account."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.runners.build_specification import build_specification
from twin.codebuild.phases import Phase, Work, run
from twin.codebuild.specification import Specification, read
from twin.errors import TwinError


def written(**parts: Any) -> str:
    return json.dumps({"version": 0.2, **parts})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no build specification of its own"),
        ("version: 0.1", "version: 0.2"),
        ("[1, 2", "is no YAML"),
        (written(batch={}), "batch, which the twin does not run"),
        (written(env={"secrets-manager": {}}), "env.secrets-manager"),
        (written(env={"shell": "powershell.exe"}), "'powershell.exe'"),
        (written(phases={"deploy": {}}), "phases.deploy"),
        (written(phases={"build": {"on-failure": "CONTINUE", "commands": []}}), "phases.build.on-failure"),
        (written(phases={"build": {"commands": "make"}}), "must be a list"),
        (written(phases=["build"]), "phases of the project's build specification must be a mapping"),
    ],
)
def test_what_the_twin_does_not_run_is_named(text: str, said: str) -> None:
    with pytest.raises(TwinError, match=said.replace(".", r"\.").replace("[", r"\[")):
        read(text)


def test_a_pools_own_specification_is_one_that_runs() -> None:
    found = read(build_specification("s3://bucket/key"))
    assert found.variables == {"RUNNER_CACHE": "s3://bucket/key"}
    assert set(found.commands) == {"pre_build", "post_build"}
    assert "cache" not in str(read(build_specification(None)).commands)


def done(
    folder: Path, commands: Mapping[str, Sequence[str]], seconds: float = 60, shell: str = "bash"
) -> tuple[list[Phase], list[str]]:
    (folder / "src").mkdir(exist_ok=True)
    lines: list[str] = []
    specification = Specification(shell, {}, {phase: tuple(listed) for phase, listed in commands.items()})
    work = Work(folder, {"PATH": os.environ["PATH"], "GIVEN": "yes"}, seconds, lines.append)
    return run(specification, work), lines


@pytest.mark.parametrize(
    ("fails", "run_then"),
    [
        (None, ["install", "pre_build", "build", "post_build"]),
        ("install", ["install"]),
        ("pre_build", ["install", "pre_build"]),
        ("build", ["install", "pre_build", "build", "post_build"]),
        ("post_build", ["install", "pre_build", "build", "post_build"]),
    ],
)
def test_what_follows_a_failure_is_what_follows_it_on_aws(
    tmp_path: Path, fails: str | None, run_then: list[str]
) -> None:
    """AWS CodeBuild user guide, "Build phase transitions"."""
    commands = {
        phase: ["exit 7" if phase == fails else "true"] for phase in ("install", "pre_build", "build", "post_build")
    }
    phases, _ = done(tmp_path, commands)
    assert [phase.name for phase in phases] == run_then
    assert {phase.name: phase.exit_code for phase in phases if phase.status != "SUCCEEDED"} == (
        {fails: 7} if fails else {}
    )


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_phase_goes_on_where_the_one_before_was(tmp_path: Path, shell: str) -> None:
    _, lines = done(
        tmp_path,
        {
            "install": ["export MADE='in \"install\"'", "mkdir -p deep && cd deep", "kept=no"],
            "build": ['echo "$MADE $GIVEN ${kept:-gone}"', "pwd", "cat <<END\nhere\nEND", "# a comment"],
        },
        shell=shell,
    )
    assert 'in "install" yes gone' in lines
    assert any(line.endswith("/src/deep") for line in lines)
    assert "here" in lines


def test_a_command_that_fails_ends_its_phase_and_no_part_of_it_does(tmp_path: Path) -> None:
    phases, lines = done(tmp_path, {"build": ["false || echo caught", "false; echo went on", "(exit 3)", "echo never"]})
    assert (phases[0].status, phases[0].exit_code) == ("FAILED", 3)
    assert "caught" in lines
    assert "went on" in lines
    assert "never" not in lines


def test_what_follows_knows_whether_the_build_went_well(tmp_path: Path) -> None:
    for command, told in (("true", "1"), ("false", "0")):
        _, lines = done(tmp_path, {"build": [command], "post_build": ["echo succeeding=$CODEBUILD_BUILD_SUCCEEDING"]})
        assert f"succeeding={told}" in lines


def test_when_the_time_is_over_nothing_follows(tmp_path: Path) -> None:
    phases, lines = done(tmp_path, {"build": ["trap '' TERM; sleep 300 & wait; sleep 300"], "post_build": ["true"]}, 1)
    assert [(phase.name, phase.status) for phase in phases] == [("build", "TIMED_OUT")]
    assert "The build's time is over; it was stopped." in lines


def test_a_command_that_is_no_shell_fails_its_phase(tmp_path: Path) -> None:
    phases, _ = done(tmp_path, {"build": ["if true"], "post_build": ["true"]})
    assert phases[0].status == "FAILED"

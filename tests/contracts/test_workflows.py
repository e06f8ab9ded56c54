"""What every workflow file is held to, and their steps that need no platform, run in a clean clone.

`tests/twin/test_workflow_steps.py` runs the others on the twin. Here `make` stands for itself only in `make install`;
what it would do for minutes is noted down and answered as a test wants.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from groundwork.preview import report
from tests.support import github_api
from tests.support.git import git
from tests.support.workflows import CLONE, FOLDER, Step, jobs, load, names, steps
from tools.pull_request_comment import MARK

each_workflow = pytest.mark.parametrize("name", names())
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def every_step(name: str) -> list[Mapping[str, Any]]:
    return [step for job in jobs(name).values() for step in job["steps"]]


def text(name: str) -> str:
    return (FOLDER / f"{name}.yml").read_text()


def test_there_is_a_workflow_for_each_thing_that_is_to_be_done() -> None:
    assert names() == ["check", "deploy", "drift", "long", "preview", "preview-comment"]


@each_workflow
def test_actions_are_pinned_by_commit_and_say_their_version(name: str) -> None:
    used = re.findall(r"uses: (.+)", text(name))
    assert used
    assert not [one for one in used if not PINNED.fullmatch(one)]


def test_an_action_is_used_at_one_commit_everywhere() -> None:
    used = {tuple(one.split("@")) for name in names() for one in re.findall(r"uses: (.+)", text(name))}
    assert len(used) == len({action for action, _ in used})


@each_workflow
def test_a_token_may_do_what_the_job_needs_and_nothing_by_default(name: str) -> None:
    assert load(name)["permissions"] == {}
    for what in jobs(name).values():
        written = {right for right, level in what["permissions"].items() if level == "write"}
        assert what["permissions"].keys() - written <= {"contents", "actions"}
        assert written <= {"id-token", "pull-requests", "security-events"}
        assert len(written) <= 1


@each_workflow
def test_no_secret_is_stored_and_no_credential_stays_behind(name: str) -> None:
    assert "secrets." not in text(name)
    assert "access-key" not in text(name)
    for step in every_step(name):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
            assert "ref" not in step["with"], "the code of somebody else"
        if step.get("uses", "").startswith("aws-actions/"):
            assert step["with"]["role-to-assume"].startswith("${{ vars.")


@each_workflow
def test_nothing_runs_for_ever_or_twice_at_once(name: str) -> None:
    of_all = load(name).get("concurrency")
    groups = [(of_all or what["concurrency"])["group"] for what in jobs(name).values()]
    assert of_all or len(set(groups)) == len(groups), "jobs of one group would cancel each other"
    assert all(what["timeout-minutes"] <= 120 for what in jobs(name).values())


@each_workflow
def test_no_expression_is_put_into_a_script(name: str) -> None:
    """What an expression stands for may hold a command: it goes into a variable, which the shell takes as a text."""
    assert not [step.script for step in steps(name) if "${{" in step.script]
    assert {step.shell for step in steps(name)} == {"bash"}, "without pipefail"


@each_workflow
def test_code_of_a_pull_request_never_runs_with_rights(name: str) -> None:
    on = load(name)[True]
    triggers = set(on) if isinstance(on, dict) else {on}
    assert "pull_request_target" not in triggers
    if "pull_request" in triggers:
        assert all(what["permissions"] == {"contents": "read"} for what in jobs(name).values())
        assert all("environment" not in what for what in jobs(name).values())
    if "workflow_run" in triggers:
        assert not [step.script for step in steps(name) if "groundwork" in step.script.replace("tools.", "")]
        assert all("id-token" not in what["permissions"] for what in jobs(name).values())


@each_workflow
def test_a_job_with_rights_reads_no_cache(name: str) -> None:
    """Whoever may start any job could leave a program in it."""
    for what in jobs(name).values():
        if what["permissions"].get("id-token") == "write":
            assert "buildspec-override" not in what["runs-on"], "with it CodeBuild fetches the pool's cache"
            assert not [step for step in what["steps"] if "actions/cache" in step.get("uses", "")]
            assert not [step for step in what["steps"] if "cache" in step.get("with", {})], "setup-python has one too"


def test_prod_follows_dev_and_waits_for_its_environment() -> None:
    found = jobs("deploy")
    assert {name: (what["environment"], what.get("needs")) for name, what in found.items()} == {
        "dev": ("dev", None),
        "prod": ("prod", "dev"),
    }
    assert "concurrency" not in load("deploy"), "a prod that waits for approval would keep merges from dev"
    assert {name: what["concurrency"] for name, what in found.items()} == {
        name: {"group": f"deploy-{name}", "cancel-in-progress": False} for name in ("dev", "prod")
    }
    assert load("deploy")[True] == {"push": {"branches": ["main"]}}


def test_drift_is_looked_for_every_day_with_the_role_that_reads() -> None:
    (when,) = load("drift")[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", when["cron"])
    assert {what["environment"] for what in jobs("drift").values()} == {"dev-drift", "prod-drift"}
    assert "AWS_DEPLOY_ROLE" not in text("drift")


def test_check_is_what_continuous_integration_runs_by_hand() -> None:
    by_hand = re.findall(r"^make [^&\n]*\b", (CLONE / ".ci" / "run").read_text(), re.MULTILINE)
    assert [step.script for step in steps("check")] == by_hand


def test_what_takes_too_long_for_a_pull_request_is_run_every_week() -> None:
    (when,) = load("long")[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", when["cron"])
    assert [step.script for step in steps("long")] == ["make install", "make long"]
    assert all(what["permissions"] == {"contents": "read"} for what in jobs("long").values())


def test_make_long_is_a_million_inputs_and_a_hundred_thousand_documents() -> None:
    make = shutil.which("make")
    assert make is not None
    printed = subprocess.run([make, "--dry-run", "long"], cwd=CLONE, capture_output=True, text=True, check=True).stdout
    assert [line.partition(" -m ")[2] for line in printed.splitlines() if " -m tests." in line] == [
        "tests.policies.fuzz --inputs 1000000",
        "tests.policies.differential --documents 100000",
    ]


BROKEN = {
    "an unknown context": ("github.ref }}", "github.reff }}"),
    "a runner that is none": ("ubuntu-24.04", "ubuntu-1"),
    "a right that is none": ("contents: read", "content: read"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_actionlint_finds(what: str, tmp_path: Path) -> None:
    from tools.actionlint.__main__ import ensure
    from tools.progress import Progress

    before, after = BROKEN[what]
    assert before in text("check")
    (tmp_path / "check.yml").write_text(text("check").replace(before, after, 1))
    program = ensure(Progress())
    for file, code in ((FOLDER / "check.yml", 0), (tmp_path / "check.yml", 1)):
        assert subprocess.run([program, str(file)], capture_output=True, check=False).returncode == code


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody has who clones it."""
    folder = tmp_path_factory.mktemp("clone") / "groundwork"
    git(CLONE, "clone", "--quiet", "--no-hardlinks", CLONE, folder)
    return folder


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """The variables of a runner, and a `make` that notes what it is asked and fails where `fails` names it."""
    real = shutil.which("make")
    assert real is not None
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "make").write_text(
        f"#!/bin/sh\necho \"make $*\" >> '{tmp_path}/asked'\n"
        f'case "$1" in install) exec \'{real}\' "$@" ;; esac\n'
        f"[ -e '{tmp_path}/fails' ] && [ \"$(cat '{tmp_path}/fails')\" = \"$*\" ] && exit 3\nexit 0\n"
    )
    (folder / "make").chmod(0o755)
    (tmp_path / "temp").mkdir()
    return {
        "PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "CI": "true",
        "GITHUB_PATH": str(tmp_path / "path"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "RUNNER_TEMP": str(tmp_path / "temp"),
    }


def run_job(found: list[Step], folder: Path, variables: Mapping[str, str], scratch: Path) -> list[tuple[str, int]]:
    """Run steps as a runner does: none after one that failed."""
    done: list[tuple[str, int]] = []
    for step in found:
        result = step.run(folder, variables, scratch)
        done.append((step.script, result.returncode))
        if result.returncode:
            break
    return done


def test_check_runs_every_command_in_a_clean_clone(clone: Path, runner: dict[str, str], tmp_path: Path) -> None:
    done = run_job(steps("check"), clone, runner, tmp_path)
    assert [code for _, code in done] == [0] * len(steps("check"))
    assert (tmp_path / "asked").read_text().splitlines() == [step.script for step in steps("check")]
    assert (clone / ".venv" / "bin" / "groundwork").exists(), "make install is run for real"
    assert git(clone, "status", "--porcelain") == "", "it leaves nothing that is not ignored"


def test_check_ends_at_the_command_that_fails(clone: Path, runner: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "fails").write_text("preview")
    done = run_job(steps("check"), clone, runner, tmp_path)
    assert done[-1] == ("make preview", 3)
    assert "make test" not in (tmp_path / "asked").read_text()


def previewing() -> Step:
    (step,) = [one for one in steps("preview") if "groundwork preview" in one.script]
    return step


def previewed(variables: Mapping[str, str], scratch: Path, code: int = 0) -> tuple[int, list[str]]:
    """How the step ends, and how the command was called, which is somebody else's test and ends with `code` here."""
    program = scratch / "work" / ".venv" / "bin" / "groundwork"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{scratch}/arguments'\nexit {code}\n")
    program.chmod(0o755)
    done = previewing().run(scratch / "work", variables, scratch)
    return done.returncode, (scratch / "arguments").read_text().splitlines()


CODES = (*report.ORDER, 64)
"""Every exit code of a preview, and one that it does not have."""


def test_every_code_of_a_preview_is_in_the_table_of_the_documentation() -> None:
    told = re.findall(r"^\| (\d) \|", (CLONE / "docs" / "previews.md").read_text(), re.MULTILINE)
    assert sorted(map(int, told)) == sorted(report.ORDER) == sorted(report.VERDICTS) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("code", CODES)
def test_preview_ends_as_the_command_does(runner: dict[str, str], tmp_path: Path, code: int) -> None:
    variables = runner | {"BASE": "abc; touch /tmp/pwned", "CONFIRMED": ""}
    ended, arguments = previewed(variables, tmp_path, code)
    assert ended == code
    assert arguments == ["preview", "--base", "abc; touch /tmp/pwned", "--output", "preview"]


@pytest.mark.parametrize("confirmed", ["", "yes"])
def test_what_is_lost_is_confirmed_where_a_person_has_said_so(
    runner: dict[str, str], tmp_path: Path, confirmed: str
) -> None:
    ended, arguments = previewed(runner | {"BASE": "abc", "CONFIRMED": confirmed}, tmp_path)
    assert ended == 0
    assert ("--confirm-destructive" in arguments) is bool(confirmed)
    assert "" not in arguments


def test_a_label_confirms_the_head_that_it_is_set_on_and_a_push_takes_that_back() -> None:
    """The run that the label starts is confirmed and no other: not that of a later push, of another label, of none."""
    expression = previewing().env["CONFIRMED"]
    condition = "github.event.action == 'labeled' && github.event.label.name == 'confirm-destructive'"
    assert expression == f"${{{{ {condition} && 'yes' || '' }}}}"
    assert set(previewing().env) == {"BASE", "CONFIRMED"}
    types = set(load("preview")[True]["pull_request"]["types"])
    assert types == {"opened", "synchronize", "reopened", "labeled", "unlabeled"}
    assert all("if" not in what for what in jobs("preview").values()), "a job that is skipped counts as passed"


def cached(name: str, kind: str = "") -> list[Mapping[str, Any]]:
    return [step for step in every_step(name) if step.get("uses", "").startswith(f"actions/cache{kind}@")]


def test_a_base_that_was_built_is_kept_for_every_preview_of_it(
    clone: Path, runner: dict[str, str], tmp_path: Path
) -> None:
    """Under the key of what is kept, and from runs on the default branch, whose caches alone all pull requests see."""
    (restored,), (saved,) = cached("preview", "/restore"), cached("preview", "/save")
    assert {step["with"]["path"] for step in (restored, saved)} == {"${{ steps.base.outputs.folder }}"}
    (key,) = {step["with"]["key"] for step in (restored, saved)}
    assert key == "base-${{ runner.os }}-${{ runner.arch }}-${{ steps.base.outputs.key }}"
    order = [step.get("run", step.get("uses")) for step in every_step("preview")]
    install, place, preview = (order.index(one.script) for one in steps("preview"))
    assert install < place < order.index(restored["uses"]) < preview < order.index(saved["uses"])
    # A preview that objects has built its base as well; one that is stopped half-way has not.
    assert saved["if"] == (
        "${{ !cancelled() && steps.restored.outcome == 'success' && steps.restored.outputs.cache-hit != 'true' }}"
    )
    assert restored["id"] == "restored"
    assert load("preview")[True]["push"] == {"branches": ["main"]}
    assert previewing().env["BASE"] == "${{ github.event.pull_request.base.sha || github.sha }}"

    (step,) = [one for one in steps("preview") if "GITHUB_OUTPUT" in one.script]
    assert step.env == {"BASE": previewing().env["BASE"]}
    installed = steps("preview")[0].run(clone, runner, tmp_path)
    assert installed.returncode == 0, installed.stderr
    done = step.run(clone, runner | {"BASE": "HEAD"}, tmp_path)
    assert done.returncode == 0, done.stderr
    told = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    folder = Path(runner["XDG_CACHE_HOME"]) / "groundwork" / "previews" / told["key"]
    assert re.fullmatch(r"[0-9a-f]{16}", told["key"])
    assert told == {"key": told["key"], "folder": str(folder)}
    assert step.run(clone, runner | {"BASE": "no-such-commit"}, tmp_path).returncode == 1


@each_workflow
def test_what_runs_with_rights_takes_nothing_out_of_a_cache(name: str) -> None:
    for what in jobs(name).values():
        used = [step["uses"] for step in what["steps"] if step.get("uses", "").startswith("actions/cache")]
        assert not used or what["permissions"] == {"contents": "read"}


def test_the_cache_of_the_toolchain_is_the_same_for_all_and_holds_no_base() -> None:
    (check,), (preview,) = cached("check"), cached("preview")
    assert check["with"] == preview["with"]
    assert check["with"]["path"].split() == ["~/.cache/groundwork/*", "!~/.cache/groundwork/previews"]


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("code", [0, 1, 2])
def test_mp_drift_job_the_exit_code_is_not_lost_in_a_pipe(
    runner: dict[str, str], tmp_path: Path, environment: str, code: int
) -> None:
    """A defect that others met live (shared/anchors.md 4.1): a job that was green whatever had drifted."""
    program = tmp_path / "work" / ".venv" / "bin" / "groundwork"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{tmp_path}/arguments'\nexit {code}\n")
    program.chmod(0o755)
    (step,) = [one for one in steps("drift", environment) if "drift" in one.script]
    assert step.run(tmp_path / "work", runner, tmp_path).returncode == code
    assert (tmp_path / "arguments").read_text().splitlines() == ["drift", environment, "--target", "aws"]
    assert not [step for step in jobs("drift")[environment]["steps"] if "continue-on-error" in step]
    assert "continue-on-error" not in jobs("drift")[environment]


def test_the_report_is_uploaded_whatever_the_preview_says() -> None:
    (upload,) = [step for step in every_step("preview") if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert upload["if"] == "always()"
    assert (upload["with"]["name"], upload["with"]["path"]) == ("preview", "preview/")


@pytest.mark.parametrize("name", ["deploy", "drift"])
def test_the_engine_is_on_path_for_the_steps_that_follow(
    name: str, clone: Path, runner: dict[str, str], tmp_path: Path
) -> None:
    for job in jobs(name):
        install, on_path, _ = steps(name, job)
        assert install.run(clone, runner, tmp_path).returncode == 0
        done = on_path.run(clone, runner, tmp_path)
        assert done.returncode == 0, done.stderr
    folders = set((tmp_path / "path").read_text().split())
    assert len(folders) == 1
    assert (Path(folders.pop()) / "pulumi").exists()


def test_a_clone_that_is_not_installed_fails_before_any_credential_is_asked_for(
    runner: dict[str, str], tmp_path: Path
) -> None:
    _, on_path, _ = steps("deploy", "dev")
    assert on_path.run(tmp_path, runner, tmp_path).returncode != 0


def test_the_comment_is_posted_from_the_artifact(clone: Path, runner: dict[str, str], tmp_path: Path) -> None:
    (step,) = steps("preview-comment")
    preview = tmp_path / "temp" / "preview"
    preview.mkdir()
    (preview / "comment.md").write_text("$(touch pwned) `touch pwned` @everyone\n")
    with github_api.served() as api:
        variables = runner | {
            "GITHUB_API_URL": api.address,
            "GITHUB_REPOSITORY": "octo-org/groundwork",
            "GITHUB_TOKEN": github_api.TOKEN,
            "HEAD_SHA": github_api.SHA,
        }
        done = step.run(clone, variables, tmp_path)
        assert done.returncode == 0, done.stderr
        ((_, path, body),) = api.asked
        assert path.endswith("/issues/121/comments")
        assert body["body"].startswith(MARK)
        assert "$(touch pwned)" in body["body"]
        assert not (clone / "pwned").exists()
        assert (tmp_path / "output").read_text() == "number=121\n"
        (preview / "comment.md").unlink()
        assert step.run(clone, variables, tmp_path).returncode == 1, "without a report there is no green"
    assert set(step.env) == {"GITHUB_TOKEN", "HEAD_SHA"}


def test_a_shell_like_the_runners_ends_at_the_first_failure(tmp_path: Path) -> None:
    """The stand-in itself: a failure in the middle, and one inside a pipe."""
    for script in ("false\necho later", "false | cat\necho later", "echo $(exit 4)x; x=$(exit 4)\necho later"):
        done = Step("w", "j", script, "bash", {}).run(tmp_path, {"PATH": os.environ["PATH"]}, tmp_path)
        assert done.returncode != 0
        assert "later" not in done.stdout
    lenient = Step("w", "j", "false | cat\necho later", None, {}).run(tmp_path, {"PATH": os.environ["PATH"]}, tmp_path)
    assert lenient.returncode == 0, "which is why the workflows name their shell"

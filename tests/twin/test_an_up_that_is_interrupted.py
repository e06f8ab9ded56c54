"""A `kill -9` at any moment, a Ctrl-C, an API server that dies: the next run finishes the work, nothing is twice."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import replace
from typing import Any

import psutil
import pytest

from tests.support.cluster_objects import folders
from tests.support.project import CLONE, Project, begin_up, kill, kill_engine_after, step_type
from tests.support.world import assert_nothing_is_left, assert_state_and_world_agree
from twin.kubernetes.control_plane import running

MOMENTS = (
    (1, ""),
    (13, ""),
    (40, ""),
    (1, "aws:eks/cluster:"),
    (2, "aws:eks/addon:"),
    (1, "aws:eks/nodeGroup:"),
    (5, "aws:autoscaling/tag:"),
    (1, "kubernetes:"),
    (12, "kubernetes:"),
    (25, "kubernetes:"),
)
"""How many creates of which types each `up` begins before it is killed; each goes on where the one before it ended."""


@pytest.fixture
def project(project: Project) -> Project:
    """A project of one team: a quarter of dev fewer, and nothing fewer of what an `up` is killed at."""

    def one_team(settings: dict[str, Any]) -> None:
        settings["teams"] = {"vision": settings["teams"]["vision"]}
        settings |= {"tracking_server": None, "tensorboard": None}

    project.change(one_team)
    return replace(project, checkpoints=True)


def test_an_up_that_is_killed_ten_times_is_finished_by_running_it_again(project: Project) -> None:
    project.groundwork("twin", "start")
    begun: set[str] = set()
    for creates, of in MOMENTS:
        killed = kill_engine_after(project, creates, of)
        assert [urn for urn in killed if step_type(urn).startswith(of)], f"no {of} was left to be killed at: {killed}"
        begun.update(killed)
        project.groundwork("recover", "dev")
    assert len([urn for urn in begun if step_type(urn).startswith("kubernetes:")]) > 25, "killed in the middle of it"
    assert_no_process_is_left_of(project)

    project.groundwork("up", "dev")
    assert_finished(project)

    project.groundwork("destroy", "dev", "--yes", "--unprotect")
    assert_nothing_is_left(project)


def assert_finished(project: Project) -> None:
    """Nothing is left to do, and nothing is there twice."""
    project.pulumi("preview", "--expect-no-changes", "--non-interactive", "-s", "dev")
    exported = json.loads(project.pulumi("stack", "export", "-s", "dev").stdout)["deployment"]
    assert not exported.get("pending_operations")
    assert_state_and_world_agree(project)


def assert_no_process_is_left_of(project: Project) -> None:
    """Language host, program and provider of a killed engine end by themselves; the twin's services go on."""
    end = time.monotonic() + 20
    while left := [process for process in psutil.process_iter() if _belongs_to_an_engine_of(project, process)]:
        assert time.monotonic() < end, [process.cmdline() for process in left]
        time.sleep(0.2)


def _belongs_to_an_engine_of(project: Project, process: psutil.Process) -> bool:
    try:
        return process.environ().get("PULUMI_HOME", "").startswith(str(project.root)) and process.status() != "zombie"
    except psutil.Error:
        return False


def test_ctrl_c_lets_the_engine_end_in_good_order_and_what_is_there_can_be_destroyed(project: Project) -> None:
    under_way = re.compile(r" +\d+ of \d+ resources")
    running = subprocess.Popen(
        [CLONE / ".venv/bin/groundwork", "up", "dev"], cwd=project.root, env=project.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    said: list[str] = []
    assert running.stdout is not None
    for line in running.stdout:
        if under_way.match(line) and not any(map(under_way.match, said)):
            os.killpg(running.pid, signal.SIGINT)  # as a terminal does: everybody in the foreground gets it
        said.append(line)
    assert running.wait(timeout=180) == 1, "".join(said)
    assert "Traceback" not in "".join(said)
    assert "was interrupted; run it again to go on: dev" in said[-1]
    assert_state_and_world_agree(project, "dev")
    project.groundwork("destroy", "dev", "--yes", "--unprotect")
    assert_nothing_is_left(project)


def test_an_up_whose_api_server_is_away_for_a_while_goes_on_or_says_so_and_the_next_one_finishes(
    project: Project,
) -> None:
    project.groundwork("twin", "start")
    under_way = begin_up(project, 15, "kubernetes:")
    try:
        killed = keep_away(project, "kube-apiserver", 6)
        under_way.engine.wait(timeout=600)
    finally:
        kill(under_way)
    assert killed > 1, "it came back, and was ended again"
    said = under_way.said.read_text(errors="replace")
    assert "Traceback" not in said
    errors = set(re.findall(r"^ {4}error: (.*)", said, re.MULTILINE)) - {"update failed"}
    assert under_way.engine.returncode == (1 if errors else 0), said
    unclear = [
        each for each in errors if not re.search(r"^\w+ \S+ .*: the API server https://\S+ does not answer", each)
    ]
    assert not unclear
    project.groundwork("up", "dev")
    assert_finished(project)


def keep_away(project: Project, program: str, seconds: float) -> int:
    """SIGKILL a program of dev's cluster whenever it is there, for so long; how often that was."""
    [folder] = folders(project)
    end, killed = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for name, process in running(folder):
            if name == program:
                with contextlib.suppress(psutil.NoSuchProcess):  # it has ended by itself just now
                    process.kill()
                    process.wait()
                    killed += 1
        time.sleep(0.1)
    return killed

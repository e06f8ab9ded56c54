"""The pods that are known to run here, and ending those of one process alone."""

import subprocess
import sys
from pathlib import Path

import psutil

from twin.pods import records
from twin.pods.records import LocalPod
from twin.state import ProcessId


def started(root: Path, name: str, runner: ProcessId) -> "subprocess.Popen[bytes]":
    """A pod of one process, which sleeps."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    container = ProcessId.of(psutil.Process(process.pid))
    pod = LocalPod("shop", name, "Job/once", "127.1.1.1", {}, {}, runner, {"main": container})
    records.save(root / name / "shop" / name, pod)
    return process


def test_what_one_runner_has_left_is_ended_and_nothing_of_another(tmp_path: Path) -> None:
    ours = ProcessId.of(psutil.Process())
    parent = psutil.Process().parent()
    assert parent is not None
    other = ProcessId.of(parent)
    mine, foreign = started(tmp_path, "mine", ours), started(tmp_path, "foreign", other)
    try:
        records.end_all(tmp_path, runner=ours.pid)
        assert not psutil.pid_exists(mine.pid)
        assert psutil.pid_exists(foreign.pid)
        assert [pod.name for pod in records.running(tmp_path)] == ["foreign"]
        assert records.running(tmp_path, "mine") == []
    finally:
        for process in (mine, foreign):
            process.kill()
            process.wait()

"""The steps of `deploy` and `drift` that reach the platform, run as a runner does, against dev on the twin.

To the commands it is AWS: they see this shell's variables alone. `tests/twin/test_drift.py` runs the step of `drift`
where there is some; `tests/contracts/test_workflows.py` runs all the other steps.
"""

from pathlib import Path

import pytest

from tests.support.project import Project
from tests.support.workflows import Step, steps
from twin.account import Account


def last(workflow: str, job: str) -> Step:
    return steps(workflow, job)[-1]


@pytest.fixture
def variables(dev: Project) -> dict[str, str]:
    """What earlier steps have put into the environment: credentials, region, backend, and the engine on PATH."""
    return dev.twin_variables()


def test_a_merge_deploys_dev(dev: Project, account: Account, variables: dict[str, str], tmp_path: Path) -> None:
    """The step really deploys: what the settings say now is there afterwards."""
    (project,) = account.client("codebuild").list_projects()["projects"]
    dev.change(lambda settings: settings["runners"]["build"].update(concurrent_jobs=3))
    try:
        done = last("deploy", "dev").run(dev.root, variables, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "dev is deployed" in done.stdout + done.stderr
        (held,) = account.client("codebuild").batch_get_projects(names=[project])["projects"]
        assert held["concurrentBuildLimit"] == 3
    finally:
        dev.change(lambda settings: settings["runners"]["build"].update(concurrent_jobs=2))
        dev.groundwork("up", "dev")


def test_a_deployment_that_is_refused_fails_the_step_and_changes_nothing(
    dev: Project, account: Account, variables: dict[str, str], tmp_path: Path
) -> None:
    dev.change(lambda settings: settings["runners"]["build"].update(build_timeout_minutes=3000))
    try:
        done = last("deploy", "dev").run(dev.root, variables, tmp_path)
        assert done.returncode == 1
        assert "groundwork:settings.runners.build" in done.stdout + done.stderr
    finally:
        dev.change(lambda settings: settings["runners"]["build"].update(build_timeout_minutes=90))


def test_without_drift_the_daily_job_is_green(dev: Project, variables: dict[str, str], tmp_path: Path) -> None:
    done = last("drift", "dev").run(dev.root, variables, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

"""Changes behind the platform's back, in more than ten kinds of resource: each is told, nothing is changed, and `up`
after a refresh puts all of them right."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.workflows import steps
from tests.twin.drifts import DRIFTS, World
from twin.account import Account


def drift(dev: Project, *more: str, code: int) -> str:
    done = dev.groundwork("drift", "dev", *more, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def about(text: str, name: str) -> str:
    """The lines that are about one resource."""
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if line.startswith(f"{name} is ")), None)
    assert first is not None, f"{name} is not told:\n{text}"
    end = next((number for number in range(first + 1, len(lines)) if not lines[number].startswith("  ")), len(lines))
    return "\n".join(lines[first:end])


@pytest.fixture(scope="module")
def told(dev: Project, account: Account) -> Any:
    """What `groundwork drift` says after all of the changes; in the end everything is as the program says."""
    before = dev.pulumi("stack", "export", "-s", "dev").stdout
    world = World(account, administrator(dev))
    try:
        for one in DRIFTS:
            one.make(world)
        said = drift(dev, code=2)
        programs = drift(dev, "--json", code=2)
        after = dev.pulumi("stack", "export", "-s", "dev").stdout
        yield said, json.loads(programs), (json.loads(before), json.loads(after))
    finally:
        dev.groundwork("refresh", "dev")
        dev.groundwork("up", "dev")
    drift(dev, code=0)


def test_each_is_told_with_the_property_and_both_values(told: Any) -> None:
    said, _, _ = told
    assert len({one.type for one in DRIFTS}) >= 10
    for one in DRIFTS:
        assert one.told in about(said, one.name)
    assert f"dev: {len(DRIFTS)} of its resources are not as the state says. Nothing was changed." in said


def test_the_daily_job_fails(told: Any, dev: Project, tmp_path: Path) -> None:
    """The step of the workflow, as a runner runs it: to the command it is AWS, by the variables of its shell."""
    done = steps("drift", "dev")[-1].run(dev.root, dev.twin_variables(), tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    for one in DRIFTS:
        assert one.told in about(done.stdout, one.name)


def test_programs_get_the_same(told: Any) -> None:
    _, document, _ = told
    assert {(one["type"], one["name"]) for one in document["resources"]} == {(one.type, one.name) for one in DRIFTS}
    by = {one["name"]: one for one in document["resources"]}
    assert by["people-auditor-entry"]["what"] == "gone"
    assert by["cluster-log-group"]["differences"] == [{"path": "retentionInDays", "state": "365", "world": "1"}]


def test_the_state_is_left_as_it_was(told: Any) -> None:
    _, _, (before, after) = told
    assert before["deployment"]["resources"] == after["deployment"]["resources"]

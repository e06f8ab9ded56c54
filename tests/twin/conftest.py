"""Projects of their own for the end-to-end tests: each has a twin in a temporary folder and leaves nothing behind."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.distribution import ENVIRONMENTS, unit
from tests.support.project import Project
from twin.account import Account

_ENDS = {name: ExitStack() for name in ENVIRONMENTS}
"""What is to be done when the last test of an environment is over."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A file that has an environment through another fixture alone would be in another worker, or come too late."""
    for name in set(ENVIRONMENTS) & set(getattr(item, "fixturenames", ())) - {unit(item.path)}:
        pytest.fail(f"it uses {name}: a test or a fixture of its file has to ask for {name} itself", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """End an environment as soon as no test needs it: an idle twin takes a tenth of a core."""
    try:
        return (yield)
    finally:
        name = unit(item.path)
        if name in _ENDS and (nextitem is None or unit(nextitem.path) != name):
            _ENDS[name].close()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project that nothing has been built in."""
    made = Project.make(tmp_path / "project", checkpoints=False)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose dev is up, for every file that asks for it: an `up` is what costs most of the time.

    A test may use what is there; what it changes, it changes back.
    """
    made = Project.make(tmp_path_factory.mktemp("dev") / "project", checkpoints=False)
    with _ENDS["dev"] as end:
        end.callback(made.stop)
        made.groundwork("up", "dev")
        yield made


def before_the_changes(settings: dict[str, Any]) -> None:
    """What the tests of changes begin with: a version to go up from, and a workload that nobody misses."""
    settings["cluster"]["version"] = "1.35"
    settings["workloads"]["labeller"] = {
        "trust": {
            "kind": "pod-identity",
            "cluster_name": "groundwork-dev",
            "namespace": "labels",
            "service_account": "labeller",
        },
        "grants": [{"store": "datasets", "access": "read"}],
    }


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose dev is up, one minor version behind, for the files whose tests change it by its settings.

    The tests run in any order: each leaves an environment that agrees with its settings, and takes nothing away that
    another begins with.
    """
    made = Project.make(tmp_path_factory.mktemp("changed") / "project", checkpoints=False)
    made.change(before_the_changes)
    with _ENDS["changed"] as end:
        end.callback(made.stop)
        made.groundwork("up", "dev")
        yield made


@pytest.fixture(scope="session")
def account(dev: Project) -> Account:
    """Clients of the account that dev is in."""
    return dev.account()


@pytest.fixture(scope="session")
def outputs(dev: Project) -> dict[str, Any]:
    """The outputs of dev."""
    return dev.outputs()

"""Projects of their own for the end-to-end tests: each has a twin in a temporary folder and leaves nothing behind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project
from twin.account import Account


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project that nothing has been built in."""
    made = Project.make(tmp_path / "project")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose dev is up, for every file of one worker: an `up` is what costs most of the time.

    A test may use what is there; what it changes, it changes back.
    """
    made = Project.make(tmp_path_factory.mktemp("dev") / "project")
    made.groundwork("up", "dev")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def account(dev: Project) -> Account:
    """Clients of the account that dev is in."""
    return dev.account()


@pytest.fixture(scope="session")
def outputs(dev: Project) -> dict[str, Any]:
    """The outputs of dev."""
    return dev.outputs()

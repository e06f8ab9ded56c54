"""One server for all tests of this folder: a second one would want the same port, and each takes most of a minute."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import Project
from tests.twin.tracking.opened import Opened, opening
from tools import images
from tools.progress import Progress

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the files of this folder together; whoever sorts afterwards does so stably."""
    items.sort(key=lambda item: item.path.parent == HERE)


@pytest.fixture(scope="package")
def opened(dev: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """`groundwork open mlflow`, for every test here. What a test breaks, it mends."""
    python = images.environment("mlflow", Progress()) / "bin" / "python"
    with opening(dev, python, tmp_path_factory.mktemp("tracking")) as found:
        yield found

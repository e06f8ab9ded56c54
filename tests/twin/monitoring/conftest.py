"""Prometheus and Alertmanager of dev, for each file of this folder that asks for them."""

from collections.abc import Iterator

import pytest

from tests.support.project import Project
from tests.twin.monitoring.watched import Watched, watching


@pytest.fixture(scope="module")
def watched(dev: Project) -> Iterator[Watched]:
    """They run, with shorter times, as long as the tests of one file do: others want them as the program has them."""
    with watching(dev) as found:
        yield found

"""Fixtures that every test may use, and how tests are distributed."""

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.support import distribution

pytest_plugins = ["tests.support.recorder"]

# Seconds are of the machine: a busy one must not fail an example, nor the making of it.
settings.register_profile("groundwork", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("groundwork")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> distribution.Units | None:
    """`--dist loadfile`, with files together that share an environment."""
    return distribution.Units(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first; apart from that the order stays the random one."""
    items.sort(key=lambda item: distribution.rank(item.path))

"""What can be opened is called as the components call it."""

import pytest

from components.monitoring.network import ALERTMANAGER
from components.monitoring.settings import MonitoringSettings
from components.registry import tensorboard, tracking_configuration, tracking_network
from components.scraping import MONITORING_NAMESPACE, PROMETHEUS
from components.teams.team_workspace import namespace_name
from groundwork.open import told
from groundwork.open.servers import SERVERS
from stacks.settings import StackSettings


def test_mlflow_is_where_the_component_makes_it() -> None:
    server = SERVERS["mlflow"]
    assert (server.namespace, server.workload) == (tracking_network.NAMESPACE, tracking_network.SERVER)
    assert server.before == (tracking_network.BOOTSTRAP, tracking_network.MIGRATION)
    assert server.after == (tracking_network.ACCESS,)
    assert told.ACCESS == (
        tracking_network.NAMESPACE,
        tracking_configuration.ACCESS_CONFIG,
        tracking_configuration.ACCESS_FILE,
    )


def test_tensorboard_is_where_the_component_makes_it() -> None:
    server = SERVERS["tensorboard"]
    assert server.is_a_teams
    assert server.namespace.format(team="vision") == namespace_name("vision")
    assert server.workload == tensorboard.APPLICATION


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_monitoring_is_where_the_components_make_it(name: str) -> None:
    server = SERVERS[name]
    assert (server.namespace, server.kind) == (MONITORING_NAMESPACE, "StatefulSet")
    assert server.workload in (PROMETHEUS, ALERTMANAGER)


def test_the_settings_that_are_named_exist() -> None:
    for server in SERVERS.values():
        first, _, second = server.setting.partition(".")
        assert first in StackSettings.model_fields
        assert not second or second in MonitoringSettings.model_fields

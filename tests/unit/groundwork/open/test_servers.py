"""What can be opened is called as the components call it."""

from components.registry import tensorboard, tracking_configuration, tracking_network
from components.teams.team_workspace import namespace_name
from groundwork.open import told
from groundwork.open.servers import SERVERS
from stacks.settings import StackSettings


def test_mlflow_is_where_the_component_makes_it() -> None:
    server = SERVERS["mlflow"]
    assert (server.namespace, server.deployment) == (tracking_network.NAMESPACE, tracking_network.SERVER)
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
    assert server.deployment == tensorboard.APPLICATION


def test_the_settings_that_are_named_exist() -> None:
    assert {server.setting for server in SERVERS.values()} <= StackSettings.model_fields.keys()

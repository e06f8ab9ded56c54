"""What can be opened, as data: where the cluster has it, and which Jobs come before and after it.

The names are those of the objects in the cluster. Importing the components that they come from would take three seconds
of every command; a test compares them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from groundwork.open import told
from groundwork.open.told import Opened

TEAM = "{team}"


@dataclass(frozen=True)
class Server:
    """A server of the platform."""

    title: str
    """What people call it."""
    setting: str
    """The key of the settings without which an environment has none."""
    namespace: str
    """Of its workload; with `{team}` in it, each team has one of its own."""
    workload: str
    """The name of the Deployment or the StatefulSet."""
    tell: Callable[[Opened], list[str]]
    """What its users have to know, line by line."""
    kind: str = "Deployment"
    """What its workload is."""
    port: str = "http"
    """The name of the port that people open."""
    before: tuple[str, ...] = ()
    """The components of the Jobs in its namespace that it needs to have been run, in their order."""
    after: tuple[str, ...] = ()
    """And of those that need it."""

    @property
    def is_a_teams(self) -> bool:
        """Whether each team has its own."""
        return TEAM in self.namespace


SERVERS: Mapping[str, Server] = {
    "mlflow": Server(
        title="MLflow",
        setting="tracking_server",
        namespace="mlflow",
        workload="tracking-server",
        tell=told.accounts,
        before=("bootstrap", "migration"),
        after=("access",),
    ),
    "tensorboard": Server(
        title="TensorBoard",
        setting="tensorboard",
        namespace=f"team-{TEAM}",
        workload="tensorboard",
        tell=told.event_files,
    ),
    "prometheus": Server(
        title="Prometheus",
        setting="monitoring.metrics",
        namespace="monitoring",
        workload="prometheus",
        kind="StatefulSet",
        tell=told.targets,
    ),
    "alertmanager": Server(
        title="Alertmanager",
        setting="monitoring.metrics",
        namespace="monitoring",
        workload="alertmanager",
        kind="StatefulSet",
        tell=told.receivers,
    ),
}
"""By the word on the command line."""

"""The layer of TensorBoard: one for each team, in its namespace."""

from collections.abc import Mapping

from components.naming import cluster_name
from components.registry.tensorboard import TensorBoard, TensorBoardArgs
from components.teams.personas import EVENT_FILES
from components.teams.team_workspace import namespace_name
from stacks.cluster import Kubernetes
from stacks.data import Data
from stacks.foundation import Foundation
from stacks.settings import StackSettings
from stacks.store_names import store_bucket_name
from stacks.store_roles import STORE_KEYS
from stacks.teams import Teams


def build_tensorboards(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, data: Data, teams: Teams
) -> Mapping[str, TensorBoard]:
    """Make them, by team, if the settings have TensorBoard."""
    if settings.tensorboard is None:
        return {}
    return {
        team: TensorBoard(
            component_name(team),
            TensorBoardArgs(
                settings=settings.tensorboard,
                team=team,
                account_id=settings.account_id,
                region=settings.region,
                environment=settings.environment,
                boundary_arn=foundation.boundary.arn,
                cluster=cluster_name(settings.environment),
                cluster_name=kubernetes.cluster_name,
                namespace=namespace_name(team),
                bucket_name=store_bucket_name(settings, EVENT_FILES.store),
                key_name=STORE_KEYS[EVENT_FILES.store],
                prefix=EVENT_FILES.prefix.format(team=team),
                after=(workspace, data.stores[EVENT_FILES.store]),
            ),
            kubernetes.opts,
        )
        for team, workspace in teams.workspaces.items()
    }


def component_name(team: str) -> str:
    """Return what a team's TensorBoard is called."""
    return f"team-{team}-tensorboard"

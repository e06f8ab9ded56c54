"""The layer of the tracking server: its roles, which pods take them, and what runs in the namespace `mlflow`."""

from collections.abc import Iterator
from dataclasses import dataclass

from components.cluster.workload_associations import (
    WorkloadAssociation,
    WorkloadAssociations,
    WorkloadAssociationsArgs,
)
from components.naming import cluster_name, physical_name
from components.network.subnets import plan_subnets
from components.policy_document import Statement
from components.registry import tracking_rights as rights
from components.registry.database import IDENTIFIER_LIMIT
from components.registry.event_queue import queue_url
from components.registry.tracking_access import access_configuration
from components.registry.tracking_args import Client, TrackingServerArgs, TrackingServerSettings
from components.registry.tracking_network import ACCESS, BOOTSTRAP, MIGRATION, NAMESPACE, SERVER
from components.registry.tracking_rights import WORKLOADS
from components.registry.tracking_server import TrackingServer
from components.security.secret import secret_name
from components.security.workload_identity import (
    BucketGrant,
    PodIdentityTrust,
    WorkloadIdentity,
    WorkloadIdentityArgs,
)
from components.teams.personas import TRAINING_SECRET, Grant
from components.teams.team_workspace import namespace_name
from stacks.cluster import Kubernetes
from stacks.data import DATABASE, Data
from stacks.foundation import Foundation
from stacks.inside import Inside, egress_ranges
from stacks.registry import Registry
from stacks.settings import StackSettings
from stacks.store_names import store_bucket_name
from stacks.store_roles import STORE_KEYS
from stacks.teams import Teams

ARTIFACTS = Grant("artifacts", "mlflow/", "write")
"""What the server does with objects."""


@dataclass(frozen=True)
class Before:
    """The layers that the server is wired to."""

    foundation: Foundation
    kubernetes: Kubernetes
    data: Data
    registry: Registry
    inside: Inside
    teams: Teams


@dataclass(frozen=True)
class Tracking:
    """The tracking server and the roles of its pods, by workload."""

    server: TrackingServer
    identities: dict[str, WorkloadIdentity]


def build_tracking(settings: StackSettings, before: Before) -> Tracking | None:
    """Make the server, if the settings have one."""
    if settings.tracking_server is None:
        return None
    identities = {
        WORKLOADS[account]: WorkloadIdentity(
            f"workload-{WORKLOADS[account]}",
            WorkloadIdentityArgs(
                account_id=settings.account_id,
                region=settings.region,
                environment=settings.environment,
                boundary_arn=before.foundation.boundary.arn,
                trust=PodIdentityTrust(
                    cluster_name=cluster_name(settings.environment), namespace=NAMESPACE, service_account=account
                ),
                bucket_grants=tuple(_grants(settings, account)),
                rights=_rights(settings, account),
            ),
            before.foundation.opts,
        )
        for account in WORKLOADS
    }
    associations = WorkloadAssociations(
        "tracking-associations",
        WorkloadAssociationsArgs(
            cluster_name=before.kubernetes.cluster_name,
            associations={
                name: WorkloadAssociation(
                    namespace=NAMESPACE, service_account=account, role_arn=identities[name].role_arn
                )
                for account, name in WORKLOADS.items()
            },
        ),
        before.foundation.opts,
    )
    server = _server(settings, settings.tracking_server, before, associations)
    return Tracking(server, identities)


def _server(
    settings: StackSettings, server: TrackingServerSettings, before: Before, associations: WorkloadAssociations
) -> TrackingServer:
    data, inside = before.data, before.inside
    place = (settings.account_id, settings.region, settings.environment)
    return TrackingServer(
        "tracking-server",
        TrackingServerArgs(
            settings=server,
            region=settings.region,
            access_configuration=access_configuration(
                settings.environment,
                {team: sorted(what.people) for team, what in settings.teams.items()},
                sorted(settings.people),
            ),
            clients={
                team: Client(
                    namespace=namespace_name(team),
                    workspace=workspace,
                    training_secret=secret_name(settings.environment, TRAINING_SECRET.format(team=team)),
                )
                for team, workspace in before.teams.workspaces.items()
            },
            bucket_name=store_bucket_name(settings, ARTIFACTS.store),
            database_address=data.database.address,
            database_port=data.database.port,
            master_secret_arn=data.database.master_secret_arn,
            server_secret=secret_name(settings.environment, rights.SERVER_SECRET),
            queue_url=queue_url(*place),
            vpc_cidr=before.foundation.network.vpc_cidr,
            database_ranges=tuple(
                str(subnets.isolated) for subnets in plan_subnets(settings.network.cidr, settings.zones).values()
            ),
            egress_ranges=egress_ranges(settings),
            after=(
                *inside.before,
                associations,
                before.registry.events,
                *before.registry.secrets.values(),
                data.stores[ARTIFACTS.store],
                data.database,
            ),
        ),
        before.kubernetes.opts,
    )


def _grants(settings: StackSettings, account: str) -> Iterator[BucketGrant]:
    if account == SERVER:
        yield BucketGrant(
            bucket_name=store_bucket_name(settings, ARTIFACTS.store),
            key_name=STORE_KEYS[ARTIFACTS.store],
            prefix=ARTIFACTS.prefix,
            access=ARTIFACTS.access,
        )


def _rights(settings: StackSettings, account: str) -> tuple[Statement, ...]:
    place = (settings.account_id, settings.region, settings.environment)
    if account == BOOTSTRAP:
        instance = physical_name(settings.environment, DATABASE, limit=IDENTIFIER_LIMIT)
        return rights.bootstrap_rights(*place, instance)
    of = {SERVER: rights.server_rights, MIGRATION: rights.migration_rights, ACCESS: rights.access_rights}
    return of[account](*place)

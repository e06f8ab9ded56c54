"""The AWS API of the twin as one ASGI application.

From the outside in: reviews of clusters, state on disk, root's signatures, events of calls, faults, corrections, key
checks, emulator.
"""

import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from twin import services, still
from twin.aws import trail_events
from twin.aws.cluster_reviews import ClusterReviews
from twin.aws.cluster_signals import ClusterSignals
from twin.aws.corrections import (
    actions,
    cloudtrail,
    codebuild,
    condition_keys,
    deliveries,
    delivery_streams,
    ebs,
    ec2,
    ec2_filters,
    ec2_resources,
    ec2_rules,
    ecr,
    eks_access,
    eks_common,
    eks_updates,
    iam,
    instances,
    launch_templates,
    network_interfaces,
    principals,
    resource_names,
    root_user,
    s3,
    search_domains,
    secret_policies,
    secret_values,
    secretsmanager,
    sns,
    sqs,
    sts_sessions,
)
from twin.aws.corrections.auto_scaling_groups import AutoScalingGroups
from twin.aws.corrections.autoscaling import AutoScaling
from twin.aws.corrections.eks_addons import Addons
from twin.aws.corrections.eks_cluster_changes import ClusterChanges
from twin.aws.corrections.eks_clusters import Clusters
from twin.aws.corrections.eks_common import ClusterFolders
from twin.aws.corrections.eks_node_groups import NodeGroups
from twin.aws.corrections.emulator import Application, Message, Receive, Send
from twin.aws.corrections.engine import Corrections
from twin.aws.corrections.memory import Memory
from twin.aws.corrections.rds import DatabaseInstances
from twin.aws.corrections.rds_parameters import ParameterGroups
from twin.aws.corrections.s3_objects import EncryptedObjects
from twin.aws.credentials import RootSignatures
from twin.aws.database_authentication import DatabaseAuthentication
from twin.aws.eks_auth import EksAuth
from twin.aws.faults import BrokenOffError, Faults
from twin.aws.service_sessions import ServiceSessions
from twin.aws.settings import ServerSettings
from twin.certificates import issue, issue_client
from twin.kubernetes.cluster_files import AwsEndpoint
from twin.kubernetes.cluster_record import ClusterRecord
from twin.kubernetes.control_plane import ControlPlane
from twin.kubernetes.fleet import ClusterFleet
from twin.kubernetes.programs import Installed
from twin.postgres.configuration import Tls
from twin.postgres.fleet import HOST, Fleet


def build_app(settings: ServerSettings) -> Application:
    """The application for a server to serve, over TLS and without.

    The emulator reads its own settings (AUTH, PERSIST_STATE, STATE_DIR, …) from the environment when it is imported.
    """
    from ministack.app import app as emulator

    from twin.aws.checkpoint import Checkpoint
    from twin.aws.service_metrics import ServiceMetrics

    logging.getLogger("hypercorn.error").addFilter(_not_on_purpose)
    actions.install()
    condition_keys.install()
    deliveries.install()
    delivery_streams.install()
    ec2_resources.install()
    principals.install()
    root_user.install()
    secret_policies.install()
    sts_sessions.install()
    memory = Memory(settings.root / "aws" / "corrections")
    resource_names.install(memory)
    certificates = functools.partial(_tls, settings.certificates_dir)
    fleet = Fleet(
        settings.postgres_dir,
        settings.postgres_bin,
        certificates,
        DatabaseAuthentication(emulator),
        asleep=still.load(settings.root) is not None,
    )
    groups = ParameterGroups(settings.postgres_bin)
    databases = DatabaseInstances(fleet, groups)
    scaling = AutoScalingGroups()
    folders = ClusterFolders(settings.kubernetes_dir)
    node_groups = NodeGroups(scaling, folders)
    clusters = ClusterFleet(settings.kubernetes_dir, functools.partial(_control_plane, settings))
    catalogue = (
        *ebs.CORRECTIONS,
        *ec2.CORRECTIONS,
        *ec2_rules.CORRECTIONS,
        *ec2_filters.CORRECTIONS,
        *network_interfaces.CORRECTIONS,
        *launch_templates.CORRECTIONS,
        *instances.CORRECTIONS,
        *AutoScaling(scaling).corrections(),
        *Clusters(clusters, node_groups.deleting).corrections(),
        *ClusterChanges(clusters).corrections(),
        *eks_access.CORRECTIONS,
        *eks_common.TAGS,
        *node_groups.corrections(),
        *Addons(folders).corrections(),
        *eks_updates.CORRECTIONS,
        *s3.CORRECTIONS,
        *iam.CORRECTIONS,
        *ecr.CORRECTIONS,
        *cloudtrail.CORRECTIONS,
        *codebuild.CORRECTIONS,
        *secretsmanager.corrections(databases.set_password),
        *secret_values.CORRECTIONS,
        *secret_policies.CORRECTIONS,
        *delivery_streams.CORRECTIONS,
        *search_domains.CORRECTIONS,
        *sns.CORRECTIONS,
        *sqs.CORRECTIONS,
        *trail_events.CORRECTIONS,
        *databases.corrections(),
    )
    checked = EncryptedObjects(emulator)
    corrected = Corrections(checked, memory, catalogue)
    for_services = ServiceSessions(EksAuth(corrected, settings.kubernetes_dir))
    recorded = trail_events.TrailEvents(Faults(for_services, settings.root))
    application: Application = ClusterSignals(recorded, clusters)
    for servers in (fleet, clusters, ServiceMetrics(fleet)):
        application = _with_servers(application, servers)
    kept = Checkpoint(RootSignatures(application), settings.state_dir)
    hosts = frozenset(f"{host}:{settings.https_port}" for host in ("127.0.0.1", "localhost"))
    return ClusterReviews(kept, corrected, clusters, hosts)


def _control_plane(settings: ServerSettings, folder: Path, record: ClusterRecord) -> ControlPlane:
    aws = AwsEndpoint(settings.endpoint, settings.certificates_dir / "ca.pem")
    variables, programs = _root_of(settings, aws, record), still.programs(settings.root, record)
    return ControlPlane(folder, Installed(settings.kubernetes_bin), aws, variables, programs)


def _root_of(settings: ServerSettings, aws: AwsEndpoint, record: ClusterRecord) -> Mapping[str, str]:
    """The environment of a cluster's controllers, which call AWS as the root user of its account."""
    return services.variables() | {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_CA_BUNDLE": str(aws.authority),
        "AWS_ACCESS_KEY_ID": record.account,
        "AWS_SECRET_ACCESS_KEY": settings.root_secret,
        "AWS_REGION": record.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _tls(certificates: Path) -> Tls:
    server = issue([HOST, "127.0.0.1"], certificates, "postgres")
    own = certificates / "postgres-fronts"  # an authority of its own: nobody else has a certificate of it
    front = issue_client("front", None, own, "front")
    return Tls(server.certificate, server.key, certificates / "ca.pem", front.certificate, front.key, own / "ca.pem")


def _not_on_purpose(record: logging.LogRecord) -> bool:
    """Keep the connections that a test had closed out of the server's log."""
    return not (record.exc_info and isinstance(record.exc_info[1], BrokenOffError))


class _Servers(Protocol):
    """What runs behind the API."""

    async def open(self) -> None:
        """Start them."""

    async def close(self) -> None:
        """Stop them."""


def _with_servers(application: Application, servers: _Servers) -> Application:
    """They start once the emulator has its state, before the first request, and stop before it does."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return

        async def receive_in_order() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await servers.close()
            return message

        async def send_in_order(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await servers.open()
            await send(message)

        await application(scope, receive_in_order, send_in_order)

    return serve

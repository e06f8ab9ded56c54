"""The AWS API of the twin as one ASGI application: faults, corrections, key checks, emulator, from the outside in."""

import functools
import logging
from pathlib import Path

from twin.aws.corrections import (
    cloudtrail,
    condition_keys,
    ec2,
    ec2_filters,
    ec2_rules,
    ecr,
    eks_common,
    eks_updates,
    iam,
    instances,
    launch_templates,
    principals,
    resource_names,
    root_user,
    s3,
    secretsmanager,
)
from twin.aws.corrections.auto_scaling_groups import AutoScalingGroups
from twin.aws.corrections.autoscaling import AutoScaling
from twin.aws.corrections.eks_addons import Addons
from twin.aws.corrections.eks_common import ClusterFolders
from twin.aws.corrections.eks_node_groups import NodeGroups
from twin.aws.corrections.emulator import Application, Message, Receive, Send
from twin.aws.corrections.engine import Corrections
from twin.aws.corrections.memory import Memory
from twin.aws.corrections.rds import DatabaseInstances
from twin.aws.corrections.rds_parameters import ParameterGroups
from twin.aws.corrections.s3_objects import EncryptedObjects
from twin.aws.faults import BrokenOffError, Faults
from twin.aws.settings import ServerSettings
from twin.certificates import issue
from twin.postgres.fleet import HOST, Fleet
from twin.postgres.server import Tls


def build_app(settings: ServerSettings) -> Application:
    """The application for a server to serve, over TLS and without.

    The emulator reads its own settings (AUTH, PERSIST_STATE, STATE_DIR, …) from the environment when it is imported.
    """
    from ministack.app import app as emulator

    logging.getLogger("hypercorn.error").addFilter(_not_on_purpose)
    condition_keys.install()
    principals.install()
    root_user.install()
    memory = Memory(settings.root / "aws" / "corrections")
    resource_names.install(memory)
    fleet = Fleet(settings.postgres_dir, settings.postgres_bin, functools.partial(_tls, settings.certificates_dir))
    groups = ParameterGroups(settings.postgres_bin)
    databases = DatabaseInstances(fleet, groups)
    scaling = AutoScalingGroups()
    folders = ClusterFolders(settings.root / "kubernetes")
    catalogue = (
        *ec2.CORRECTIONS,
        *ec2_rules.CORRECTIONS,
        *ec2_filters.CORRECTIONS,
        *launch_templates.CORRECTIONS,
        *instances.CORRECTIONS,
        *AutoScaling(scaling).corrections(),
        *eks_common.TAGS,
        *NodeGroups(scaling, folders).corrections(),
        *Addons(folders).corrections(),
        *eks_updates.CORRECTIONS,
        *folders.corrections(),
        *s3.CORRECTIONS,
        *iam.CORRECTIONS,
        *ecr.CORRECTIONS,
        *cloudtrail.CORRECTIONS,
        *secretsmanager.corrections(databases.set_password),
        *databases.corrections(),
    )
    checked = EncryptedObjects(emulator)
    corrected = Corrections(checked, memory, catalogue)
    return _with_fleet(Faults(corrected, settings.root), fleet)


def _tls(certificates: Path, _server: Path) -> Tls:
    issued = issue([HOST, "127.0.0.1"], certificates, "postgres")
    return Tls(issued.certificate, issued.key)


def _not_on_purpose(record: logging.LogRecord) -> bool:
    """Keep the connections that a test had closed out of the server's log."""
    return not (record.exc_info and isinstance(record.exc_info[1], BrokenOffError))


def _with_fleet(application: Application, fleet: Fleet) -> Application:
    """The databases start once the emulator has its state, before the first request, and stop before it does."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return

        async def receive_in_order() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await fleet.close()
            return message

        async def send_in_order(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await fleet.open()
            await send(message)

        await application(scope, receive_in_order, send_in_order)

    return serve

"""The layer of alarms: the one topic that everybody who is told of something is told by.

It comes right after the keys, since the budget publishes to it too; what it watches it knows by name.
"""

import pulumi

from components.monitoring.alarms import Alarms, AlarmsArgs
from components.monitoring.metrics_stack import alertmanager_role_arn
from components.monitoring.search_alarms import WatchedSearchDomain
from components.monitoring.search_domain import domain_name
from components.registry.database import instance_identifier
from components.registry.event_queue import dead_letter_queue_name, queue_name
from components.security.audit_log_copy import stream_name
from components.security.encryption_keys import DataKey
from components.security.github_access import github_role_arn
from components.security.permissions_boundary import PermissionsBoundary
from stacks.search_relations import search_of
from stacks.settings import StackSettings

DATABASE = "registry"
KUBERNETES_AUDIT = "kubernetes-audit"


def build_alarms(
    settings: StackSettings, key: DataKey, boundary: PermissionsBoundary, opts: pulumi.ResourceOptions
) -> Alarms:
    """Make the topic and what publishes to it."""
    account, environment = settings.account_id, settings.environment
    search = search_of(settings)
    return Alarms(
        "alarms",
        AlarmsArgs(
            settings=settings.monitoring.alarms,
            account_id=account,
            region=settings.region,
            environment=environment,
            boundary_arn=boundary.arn,
            key_arn=key.arn,
            runbooks_url=settings.monitoring.runbooks_url,
            database_identifier=instance_identifier(environment, DATABASE),
            queue_name=queue_name(environment),
            dead_letter_queue_name=dead_letter_queue_name(environment),
            audit_stream_name=stream_name(environment, KUBERNETES_AUDIT),
            search_domain=WatchedSearchDomain(name=domain_name(environment), volume_gib=search.volume_gib)
            if search
            else None,
            reviewed_role_arns=(github_role_arn(account, environment, "deploy"),),
            publisher_role_arns=(alertmanager_role_arn(account, environment),) if settings.monitoring.metrics else (),
        ),
        opts,
    )

"""The layer of the registry: what its server, its jobs and its users share with AWS.

Secrets without values, which the registry's own jobs make; and the queue of its events.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.registry.event_queue import RegistryEvents, RegistryEventsArgs
from components.registry.tracking_network import ACCESS, BOOTSTRAP, NAMESPACE, ROTATION, SERVER
from components.registry.tracking_rights import SERVER_SECRET, WORKLOADS
from components.security.secret import ManagedSecret, ManagedSecretArgs
from components.security.workload_identity import workload_role_arn
from components.tags import DataClass
from components.teams.persona_access import role_arn
from components.teams.personas import PLATFORM_PERSONAS, TEAM_PERSONAS, TRAINING_SECRET
from components.teams.team_workspace import training_role_arn
from stacks.foundation import Foundation
from stacks.settings import StackSettings

ROTATED_BY = f"{NAMESPACE}/{ROTATION}"
"""What makes new passwords: a CronJob, by namespace and name."""


@dataclass(frozen=True)
class Registry:
    """The queue, and the secrets by path."""

    events: RegistryEvents
    secrets: Mapping[str, ManagedSecret]


def build_registry(settings: StackSettings, foundation: Foundation) -> Registry:
    """Make what the registry's server and its jobs find when they start."""
    key_arn = foundation.keys[DataClass.CONFIDENTIAL].arn
    events = RegistryEvents(
        "registry-events",
        RegistryEventsArgs(
            settings=settings.registry_events,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            key_arn=key_arn,
            sender_arns=(_role_of(settings, SERVER),),
        ),
        foundation.opts,
    )
    secrets = {
        path: ManagedSecret(
            f"secret-{path.replace('/', '-')}",
            ManagedSecretArgs(
                settings=settings.secrets,
                account_id=settings.account_id,
                environment=settings.environment,
                path=path,
                description=f"{what} of Groundwork {settings.environment}",
                key_arn=key_arn,
                reader_arns=readers,
                rotated_by=ROTATED_BY,
            ),
            foundation.opts,
        )
        for path, what, readers in _secrets(settings)
    }
    return Registry(events, secrets)


def _role_of(settings: StackSettings, service_account: str) -> str:
    return workload_role_arn(settings.account_id, settings.environment, f"workload-{WORKLOADS[service_account]}")


def _secrets(settings: StackSettings) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield for each secret its path, what it is, and the roles that may read it."""
    jobs = tuple(_role_of(settings, name) for name in (BOOTSTRAP, ACCESS))
    access = _role_of(settings, ACCESS)
    account, environment = settings.account_id, settings.environment
    yield SERVER_SECRET, "the tracking server", (_role_of(settings, SERVER), *jobs)
    for persona in settings.people:
        for path in PLATFORM_PERSONAS[persona].secrets:
            yield path, f"{persona}'s sign-in", (role_arn(account, environment, persona), access)
    for team, what in settings.teams.items():
        for team_persona in what.people:
            for path in TEAM_PERSONAS[team_persona].secrets:
                readers = (role_arn(account, environment, team_persona, team), access)
                yield path.format(team=team), f"sign-in of {team}'s {team_persona}", readers
        readers = (training_role_arn(account, environment, team), access)
        yield TRAINING_SECRET.format(team=team), f"sign-in of {team}'s jobs", readers

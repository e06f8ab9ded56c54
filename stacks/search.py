"""The layer of search: the domain in which logs can be found, who may do what in it, and how long they stay."""

import pulumi

from components.cluster.pod_role import PodRole, PodRoleArgs, pod_role_arn
from components.monitoring.search_domain import SearchDomain, SearchDomainArgs, domain_arn, setup_rights
from components.monitoring.search_objects import wanted
from components.monitoring.search_settings import ZONES
from components.monitoring.search_setup import APPLICATION, SearchSetup, SearchSetupArgs
from components.scraping import MONITORING_NAMESPACE
from components.tags import DataClass
from components.teams.persona_access import role_arn
from stacks.cluster import Kubernetes
from stacks.foundation import Foundation
from stacks.monitoring import Monitoring
from stacks.search_relations import search_of
from stacks.settings import StackSettings
from stacks.teams import Teams

NAME = "search"
SETUP_ROLE = f"{NAME}-setup-identity"
WRITER_ROLE = "logs-identity"
"""As `LogStack` names the role of Fluent Bit."""


def build_search(
    settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, teams: Teams, monitoring: Monitoring
) -> pulumi.Output[str] | None:
    """Make the domain if the settings have one, and set it up; return its host, known once that is done."""
    search = search_of(settings)
    if search is None or monitoring.namespace is None:
        return None
    role = _setup_role(settings, foundation, kubernetes)
    people = _people(settings)
    team_arns = _teams(settings)
    domain = SearchDomain(
        NAME,
        SearchDomainArgs(
            settings=search,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            vpc_id=foundation.network.vpc_id,
            subnet_ids=tuple(foundation.network.isolated_subnet_ids)[:ZONES],
            key_arn=foundation.keys[search.data_class].arn,
            logs_key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,
            client_security_group_ids={"cluster": kubernetes.cluster.security_group_id},
            master_role_arn=pod_role_arn(settings.account_id, settings.environment, SETUP_ROLE),
            reader_role_arns=tuple(sorted({*people, *(arn for arns in team_arns.values() for arn in arns)})),
            after=(role, *teams.people.values(), *teams.workspaces.values()),
        ),
        foundation.opts,
    )
    setup = SearchSetup(
        f"{NAME}-setup",
        SearchSetupArgs(
            image=search.setup_image,
            region=settings.region,
            address=domain.address,
            wanted=wanted(
                search.days,
                writer_arn=pod_role_arn(settings.account_id, settings.environment, WRITER_ROLE),
                everything_arns=people,
                team_arns=team_arns,
            ),
            after=(role, monitoring.namespace),
        ),
        kubernetes.opts,
    )
    return pulumi.Output.all(domain.host, setup.done).apply(lambda known: str(known[0]))


def _setup_role(settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes) -> PodRole:
    arn = domain_arn(settings.account_id, settings.region, settings.environment)
    return PodRole(
        SETUP_ROLE,
        PodRoleArgs(
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            cluster_name=kubernetes.cluster_name,
            namespace=MONITORING_NAMESPACE,
            service_account=APPLICATION,
            statements=(setup_rights(arn),),
        ),
        foundation.opts,
    )


def _people(settings: StackSettings) -> list[str]:
    return [role_arn(settings.account_id, settings.environment, persona) for persona in settings.people]


def _teams(settings: StackSettings) -> dict[str, list[str]]:
    return {
        team: [role_arn(settings.account_id, settings.environment, persona, team) for persona in what.people]
        for team, what in settings.teams.items()
    }

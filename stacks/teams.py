"""The layer of people: a workspace for each team, and the access of those who keep and audit the whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.naming import cluster_name
from components.teams.persona_access import BucketOf, PersonaAccess, PersonaAccessArgs
from components.teams.personas import PlatformPersona
from components.teams.team_workspace import TeamWorkspace, TeamWorkspaceArgs
from stacks.cluster import Kubernetes
from stacks.foundation import Foundation
from stacks.inside import Inside, egress_ranges
from stacks.settings import StackSettings
from stacks.store_names import store_bucket_name
from stacks.store_roles import DATA_STORES, STORE_KEYS


@dataclass(frozen=True)
class Teams:
    """Workspaces by team, and the platform's own people by persona."""

    workspaces: Mapping[str, TeamWorkspace]
    people: Mapping[PlatformPersona, PersonaAccess]


def build_teams(settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes, inside: Inside) -> Teams:
    """Make what teams have and what people may do."""
    stores = {
        name: BucketOf(bucket_name=store_bucket_name(settings, name), key_name=STORE_KEYS[name])
        for name in (*DATA_STORES, "audit")
    }
    workspaces = {
        team: TeamWorkspace(
            f"team-{team}",
            TeamWorkspaceArgs(
                settings=what,
                team=team,
                account_id=settings.account_id,
                region=settings.region,
                environment=settings.environment,
                boundary_arn=foundation.boundary.arn,
                cluster=cluster_name(settings.environment),
                cluster_name=kubernetes.cluster_name,
                vpc_cidr=foundation.network.vpc_cidr,
                egress_ranges=egress_ranges(settings),
                stores=stores,
                after=inside.before,
            ),
            kubernetes.opts,
        )
        for team, what in settings.teams.items()
    }
    people = {
        persona: PersonaAccess(
            f"people-{persona}",
            PersonaAccessArgs(
                account_id=settings.account_id,
                region=settings.region,
                environment=settings.environment,
                boundary_arn=foundation.boundary.arn,
                cluster_name=kubernetes.cluster_name,
                persona=persona,
                people=patterns,
                stores=stores,
            ),
            kubernetes.opts,
        )
        for persona, patterns in settings.people.items()
    }
    return Teams(workspaces, people)

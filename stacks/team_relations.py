"""What the settings of teams, people and namespaces demand of others. `stacks.relations` lists these with the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from components.security.workload_identity import PodIdentityTrust
from components.teams.team_workspace import namespace_name
from stacks.problems import Path, Problem

if TYPE_CHECKING:
    from stacks.settings import StackSettings

OTHER_ROLES = ("github", "workload")
"""What the names of other roles begin with after the environment: a team of that name would have roles among them."""
SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def people_are_of_the_account(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Only principals of the role's own account take it, whatever a pattern says."""
    for path, patterns in _people(settings):
        for position, pattern in enumerate(patterns):
            if pattern.split(":")[4] != settings.account_id:
                yield Problem(
                    path=(*path, position),
                    value=pattern,
                    what=f"it is not of account {settings.account_id}: name the role that they have there",
                )


def team_names_are_free(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Roles are called `groundwork-<environment>-<team>-<persona>`."""
    for team in settings.teams:
        if (first := team.split("-")[0]) in OTHER_ROLES:
            yield Problem(path=("teams", team), what=f"the roles of a team called {first} would be among others' roles")


def namespaces_are_the_workloads_own(settings: StackSettings, _: str) -> Iterable[Problem]:
    """The program makes the namespaces of workloads, with guard rails; a team's and the system's are made otherwise."""
    taken = {namespace_name(team): f"of team {team}" for team in settings.teams}
    taken |= dict.fromkeys(SYSTEM_NAMESPACES, "of Kubernetes")
    for name, workload in settings.workloads.items():
        if isinstance(workload.trust, PodIdentityTrust) and workload.trust.namespace in taken:
            yield Problem(
                path=("workloads", name, "trust", "namespace"),
                value=workload.trust.namespace,
                what=f"it is the namespace {taken[workload.trust.namespace]}: a workload has one of its own",
            )


def gpus_come_from_a_pool(settings: StackSettings, _: str) -> Iterable[Problem]:
    """A pod that asks for a GPU where there is none waits for ever."""
    if settings.gpu_node_pools:
        return
    for team, what in settings.teams.items():
        if what.quota.gpus:
            yield Problem(
                path=("teams", team, "quota", "gpus"),
                value=what.quota.gpus,
                what="there are no GPU nodes: name a pool in gpu_node_pools, or 0 here",
            )


def _people(settings: StackSettings) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for persona, patterns in settings.people.items():
        yield ("people", persona), patterns
    for team, what in settings.teams.items():
        for team_persona, patterns in what.people.items():
            yield ("teams", team, "people", team_persona), patterns

"""What the tracking server, TensorBoard and images of pods demand of other settings; for `stacks.relations`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from components.cluster.admission import AdmissionPoliciesArgs, known_registries
from components.registry.tracking_access import RESERVED_WORKSPACES, SHORTEST_WORKSPACE
from components.registry.tracking_network import NAMESPACE
from components.registry.tracking_rights import WORKLOADS
from components.security.workload_identity import PodIdentityTrust
from components.storage.container_registry import repository_name
from stacks.monitoring_relations import monitoring_images
from stacks.problems import Path, Problem

if TYPE_CHECKING:
    from stacks.settings import StackSettings

PODS_CALL = {
    "secretsmanager": "its Jobs make the passwords there",
    "sqs": "the server sends registry events there",
}
"""The AWS services that pods of the tracking server call beside S3, and why."""
LEAST_REPLICAS = 2


def teams_are_workspaces(settings: StackSettings, _: str) -> Iterable[Problem]:
    """A team's workspace in MLflow has the team's name."""
    for team in settings.teams if settings.tracking_server else ():
        if team in RESERVED_WORKSPACES:
            yield Problem(path=("teams", team), what=f"MLflow keeps the workspace {team} for itself: name it otherwise")
        elif len(team) < SHORTEST_WORKSPACE:
            yield Problem(
                path=("teams", team),
                what=f"MLflow takes no workspace with a name of less than {SHORTEST_WORKSPACE} characters",
            )


def pods_reach_aws(settings: StackSettings, _: str) -> Iterable[Problem]:
    """Network policies let pods reach the VPC, and outside of it the named ranges alone: NAT is no way for them."""
    if settings.tracking_server is None:
        return
    endpoints = settings.network.interface_endpoints
    for service, why in PODS_CALL.items():
        if service not in endpoints:
            yield Problem(
                path=("network", "interface_endpoints"),
                value=list(endpoints),
                what=f"{service} must be here too with a tracking_server: {why}, and pods reach no other address of it",
            )
    if settings.network.nat == "none" and "eks-auth" not in endpoints:
        yield Problem(
            path=("network", "interface_endpoints"),
            value=list(endpoints),
            what="eks-auth must be here too without NAT: the tracking_server's pods could not take their roles",
        )
    if not settings.namespaces.egress_ranges:
        yield Problem(
            path=("namespaces", "egress_ranges"),
            value=[],
            what=f"S3's ranges in {settings.region} must be here with a tracking_server: it keeps artifacts there",
        )


def images_are_let_in(settings: StackSettings, stack: str) -> Iterable[Problem]:
    """Admission policies refuse pods with images of other registries, but only once the rest of an `up` is made."""
    registries = known_registries(
        AdmissionPoliciesArgs(settings=settings.admission, account_id=settings.account_id, region=settings.region)
    )
    names = settings.container_registry.repositories
    own = {f"{registries[0]}/{repository_name(stack, name)}" for name in names}
    for path, image in _images(settings):
        repository = image.split("@")[0]
        if not any(repository.startswith(f"{registry}/") for registry in registries):
            yield Problem(
                path=path,
                value=image,
                what=f"pods with it are refused: allowed are images of {', '.join(registries)}, and what "
                "admission.registries adds",
            )
        elif repository.startswith(f"{registries[0]}/") and repository not in own:
            yield Problem(
                path=path,
                value=image,
                what="the environment makes no such repository: add its name to container_registry.repositories, or "
                f"take one of {', '.join(sorted(own))}",
            )


def certificate_is_of_the_environment(settings: StackSettings, _: str) -> Iterable[Problem]:
    """ACM user guide, "Services integrated with ACM": a load balancer takes certificates of its own region."""
    balancer = settings.tracking_server.load_balancer if settings.tracking_server else None
    if balancer and balancer.certificate_arn.split(":")[3:5] != [settings.region, settings.account_id]:
        yield Problem(
            path=("tracking_server", "load_balancer", "certificate_arn"),
            value=balancer.certificate_arn,
            what=f"a load balancer here takes certificates of {settings.region} in account {settings.account_id} alone",
        )


def names_of_the_server_are_its_own(settings: StackSettings, _: str) -> Iterable[Problem]:
    """The tracking server's roles are among those of workloads, and its namespace is for its own pods."""
    for name, workload in settings.workloads.items() if settings.tracking_server else ():
        if name in WORKLOADS.values():
            yield Problem(path=("workloads", name), what=f"the tracking server has a role workload-{name} already")
        if isinstance(workload.trust, PodIdentityTrust) and workload.trust.namespace == NAMESPACE:
            yield Problem(
                path=("workloads", name, "trust", "namespace"),
                value=NAMESPACE,
                what="it is the namespace of the tracking server: a workload has one of its own",
            )


def production_serves_without_a_pause(settings: StackSettings, stack: str) -> Iterable[Problem]:
    """One pod is away whenever its node is drained or lost."""
    server = settings.tracking_server
    if server and server.min_replicas < LEAST_REPLICAS and settings.environment == stack == "prod":
        yield Problem(
            path=("tracking_server", "min_replicas"),
            value=server.min_replicas,
            what=f"prod needs {LEAST_REPLICAS} or more: with one pod, the loss of its node stops everybody's training",
        )


def _images(settings: StackSettings) -> Iterator[tuple[Path, str]]:
    if settings.tracking_server:
        yield ("tracking_server", "image"), settings.tracking_server.image
    if settings.tensorboard:
        yield ("tensorboard", "image"), settings.tensorboard.image
    for name, pool in settings.runners.items():
        for setting, image in getattr(pool, "images_of_pods", {}).items():
            yield ("runners", name, setting), image
    yield from monitoring_images(settings)

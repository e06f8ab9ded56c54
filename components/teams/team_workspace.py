"""All that a team has: a guarded namespace, a service account with an AWS identity for training, access for its people.

Nothing in it is shared with another team: adding, changing or removing a team touches no other.

Source: EKS user guide, "Learn how EKS Pod Identity grants pods access to AWS services".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import pulumi
from pydantic import Field

from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs, QuotaSettings
from components.model import Model, Wire
from components.security.workload_identity import (
    PodIdentityTrust,
    WorkloadIdentityArgs,
    identity_of_pods,
    workload_role_arn,
)
from components.tags import LogClass
from components.teams.persona_access import (
    BucketOf,
    PersonaAccess,
    PersonaAccessArgs,
    Principals,
    bucket_grants,
    secret_rights,
)
from components.teams.personas import TRAINING, TRAINING_SECRET, TeamPersona

SERVICE_ACCOUNT = "training"

TeamName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$")]


class TeamSettings(Model):
    """What the stack file says about one team."""

    quota: QuotaSettings = Field(examples=[{"cpu": 32, "memory_gib": 128, "gpus": 2, "pods": 50, "storage_gib": 500}])
    """What its pods may ask for together."""
    data_class: LogClass = Field(default="confidential", examples=["confidential"])
    """How sensitive what its pods say is: internal, confidential or regulated; it decides which log group that goes
    to."""
    people: dict[TeamPersona, Principals] = Field(
        default={}, examples=[{"data-scientist": ["arn:aws:iam::123456789012:role/VisionDataScientist"]}]
    )
    """By persona (data-scientist, ml-engineer, release-approver) who may take its role: ARNs of roles or users of the
    account, `*` in them stands for anything; a persona that is not named has no role."""


class TeamWorkspaceArgs(Model):
    """What a team's workspace is wired to."""

    settings: TeamSettings
    """What the stack file says."""
    team: TeamName
    """The team's name: its namespace is `team-<name>`."""
    account_id: str
    """The account of its roles."""
    region: str
    """Where the cluster is."""
    environment: str
    """Part of the roles' names."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster: str
    """The EKS cluster's name, known beforehand."""
    cluster_name: Wire
    """The same name, known once the cluster stands."""
    vpc_cidr: str
    """The VPC's IPv4 range."""
    egress_ranges: tuple[str, ...] = ()
    """Ranges outside the VPC that its pods may reach on port 443; none by default."""
    stores: Mapping[str, BucketOf]
    """The stores by name."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before the namespace and outlive it."""


class TeamWorkspace(pulumi.ComponentResource):
    """The workspace of one team."""

    namespace: pulumi.Output[str]
    role_arns: Mapping[TeamPersona, pulumi.Output[str]]
    """By persona; only those that somebody may take."""
    training_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: TeamWorkspaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:teams:TeamWorkspace", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = GuardedNamespace(
            f"{name}-guarded",
            GuardedNamespaceArgs(
                namespace=namespace_name(args.team),
                team=args.team,
                data_class=args.settings.data_class,
                quota=args.settings.quota,
                vpc_cidr=args.vpc_cidr,
                egress_ranges=args.egress_ranges,
                service_accounts=(SERVICE_ACCOUNT,),
                after=args.after,
            ),
            child,
        )
        self.namespace = namespace.name
        self.training_role_arn = self._training(name, args)
        self.role_arns = {
            persona: PersonaAccess(
                f"{name}-{persona}",
                PersonaAccessArgs(
                    account_id=args.account_id,
                    region=args.region,
                    environment=args.environment,
                    boundary_arn=args.boundary_arn,
                    cluster_name=args.cluster_name,
                    persona=persona,
                    team=args.team,
                    namespace=namespace_name(args.team),
                    after=(namespace,),
                    people=people,
                    stores=args.stores,
                ),
                child,
            ).role_arn
            for persona, people in args.settings.people.items()
        }
        self.register_outputs(
            {
                "namespace": self.namespace,
                "role_arns": dict(self.role_arns),
                "training_role_arn": self.training_role_arn,
            }
        )

    def _training(self, name: str, args: TeamWorkspaceArgs) -> pulumi.Output[str]:
        """Make the identity of the team's jobs."""
        identity, _ = identity_of_pods(
            f"{name}-{SERVICE_ACCOUNT}",
            WorkloadIdentityArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                trust=PodIdentityTrust(
                    cluster_name=args.cluster,
                    namespace=namespace_name(args.team),
                    service_account=SERVICE_ACCOUNT,
                ),
                bucket_grants=bucket_grants(TRAINING, args.team, args.stores),
                rights=secret_rights((TRAINING_SECRET,), args.account_id, args.region, args.environment, args.team),
            ),
            cluster_name=args.cluster_name,
            association=f"{name}-{SERVICE_ACCOUNT}-association",
            opts=pulumi.ResourceOptions(parent=self),
        )
        return identity.role_arn


def training_role_arn(account_id: str, environment: str, team: str) -> str:
    """Return the ARN of the role of a team's service account `training`, known before it exists."""
    return workload_role_arn(account_id, environment, f"team-{team}-{SERVICE_ACCOUNT}")


def namespace_name(team: str) -> str:
    """Return the name of a team's namespace."""
    return f"team-{team}"

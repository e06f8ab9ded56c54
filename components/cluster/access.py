"""Who gets into the cluster, and how far: an access entry for each principal, with EKS' own access policy or a group.

Owns the entries and their policies at the scope of the whole cluster; not what RBAC gives a group, nor the entries of
people. A principal without an entry is nobody, also if it made the cluster.

Source: EKS user guide, "Grant IAM users access to Kubernetes with EKS access entries", "Review access policy
permissions".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import pulumi
from pulumi_aws import eks
from pydantic import Field

from components.model import Model, Wire

AccessPolicy: TypeAlias = Literal["AmazonEKSClusterAdminPolicy"]

PrincipalArn: TypeAlias = Annotated[
    str, Field(pattern=r"^arn:aws:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9_+=,.@/-]+)$", max_length=600)
]
"""An IAM role or user, or an account's root; not a session of a role, for which there is no entry."""


class Principal(Model):
    """One IAM principal and what it may do in the whole cluster."""

    arn: str
    """The role or user. Named and not wired, so that policies can decide about it at a first preview."""
    after: tuple[pulumi.Resource, ...] = ()
    """What makes it, where this program does."""
    policy: AccessPolicy | None = None
    """EKS' own policy for who may do everything; absent, it may do what RBAC gives its groups."""
    groups: tuple[str, ...] = ()
    """Kubernetes groups; none by default."""


class ClusterAccessArgs(Model):
    """What the entries are wired to."""

    cluster_name: Wire
    """The cluster."""
    principals: Mapping[str, Principal]
    """Who gets in, by a name that stays the same: it is part of the logical name."""


class ClusterAccess(pulumi.ComponentResource):
    """The access entries of one cluster."""

    cluster_name: pulumi.Output[str]
    """Known once everybody here gets in: whoever works inside the cluster takes its name from here."""

    def __init__(self, name: str, args: ClusterAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:ClusterAccess", name, None, opts)
        let_in = [self._let_in(f"{name}-{key}", args, principal) for key, principal in args.principals.items()]
        self.cluster_name = pulumi.Output.all(args.cluster_name, *let_in).apply(lambda known: str(known[0]))
        self.register_outputs({"cluster_name": self.cluster_name})

    def _let_in(self, name: str, args: ClusterAccessArgs, principal: Principal) -> pulumi.Output[str]:
        """Make the entry and its policy; the principal's ARN, known once it gets in."""
        child = pulumi.ResourceOptions(parent=self, depends_on=list(principal.after))
        entry = eks.AccessEntry(
            name,
            cluster_name=args.cluster_name,
            principal_arn=principal.arn,
            kubernetes_groups=list(principal.groups),
            type="STANDARD",
            opts=child,
        )
        if principal.policy is None:
            return entry.principal_arn
        association = eks.AccessPolicyAssociation(
            f"{name}-policy",
            cluster_name=entry.cluster_name,
            principal_arn=principal.arn,
            policy_arn=f"arn:aws:eks::aws:cluster-access-policy/{principal.policy}",
            access_scope={"type": "cluster"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[entry]),
        )
        return association.principal_arn


def key_of(arn: str) -> str:
    """Return what names a principal in logical names: `root`, `role-platform-admin`."""
    return arn.rsplit(":", 1)[-1].replace("/", "-")

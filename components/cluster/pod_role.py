"""The role of a part of the platform that runs in pods: its rights, and which pods take it.

Owns the role, its policies and the Pod Identity association; not the service account, which may be made later. The
association goes first, so that pods have the role from their first start.

Source: EKS user guide, "Learn how EKS Pod Identity grants pods access to AWS services".
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws import eks, iam

from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, cluster_name, physical_name
from components.policy_document import assumed_by_pods, document


class PodRoleArgs(Model):
    """What the role is wired to."""

    account_id: str
    """The account of the role and of the cluster."""
    region: str
    """Where the cluster is."""
    environment: str
    """Part of the role's name, and the cluster's."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster_name: Wire
    """The cluster, once it is there."""
    namespace: str
    """Kubernetes namespace of the service account."""
    service_account: str
    """The Kubernetes service account whose pods take the role."""
    statements: tuple[Mapping[str, Any], ...] = ()
    """Statements of the role's own policy, of names known beforehand; none by default."""
    policy_arns: Mapping[str, str] = {}
    """Managed policies of AWS, by what they are for; none by default."""


class PodRole(pulumi.ComponentResource):
    """The role `groundwork-<environment>-<name>`."""

    role_arn: pulumi.Output[str]
    """Known once pods can take the role and it has its rights."""

    def __init__(self, name: str, args: PodRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:PodRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cluster = f"arn:aws:eks:{args.region}:{args.account_id}:cluster/{cluster_name(args.environment)}"
        role = iam.Role(
            f"{name}-role",
            name=role_name(args.environment, name),
            description=f"Pods of {args.service_account} in {args.namespace}, Groundwork {args.environment}",
            assume_role_policy=document(
                assumed_by_pods(
                    cluster, args.account_id, namespace=args.namespace, service_account=args.service_account
                )
            ),
            permissions_boundary=args.boundary_arn,
            opts=child,
        )
        rights: list[pulumi.Output[str]] = []
        if args.statements:
            policy = iam.RolePolicy(f"{name}-rights", role=role.name, policy=document(*args.statements), opts=child)
            rights.append(policy.role)
        for purpose, policy_arn in args.policy_arns.items():
            attachment = iam.RolePolicyAttachment(
                f"{name}-{purpose}", role=role.name, policy_arn=policy_arn, opts=child
            )
            rights.append(attachment.role)
        association = eks.PodIdentityAssociation(
            f"{name}-association",
            cluster_name=args.cluster_name,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=role.arn,
            opts=child,
        )
        self.role_arn = pulumi.Output.all(association.role_arn, *rights).apply(lambda known: str(known[0]))
        self.register_outputs({"role_arn": self.role_arn})


def role_name(environment: str, name: str) -> str:
    """Return the name in AWS of the role of a `PodRole` that is called `name`."""
    return physical_name(environment, name, limit=ROLE_NAME_LIMIT)


def pod_role_arn(account_id: str, environment: str, name: str) -> str:
    """Return the role's ARN, known before it is there: what the pod works with names it."""
    return f"arn:aws:iam::{account_id}:role/{role_name(environment, name)}"

"""The role of every node: to join the cluster, to pull images, and nothing of what runs on it.

Owns the role; not the rights of pods, which have roles of their own and cannot reach this one (hop limit 1).

Source: EKS user guide, "Amazon EKS node IAM role"; ECR user guide, "AmazonEC2ContainerRegistryPullOnly".
"""

from collections.abc import Mapping

import pulumi
from pulumi_aws import iam

from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import allow, document, service_principal

POLICY_ARNS: Mapping[str, str] = {
    "worker": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    "images": "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
}
"""Not AmazonEKS_CNI_Policy: the CNI has a role of its own."""


class NodeRoleArgs(Model):
    """What the role is wired to. There are no settings: it is the same for every pool."""

    environment: str
    """Part of the role's name."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""


class NodeRole(pulumi.ComponentResource):
    """The role `groundwork-<environment>-<name>`."""

    role_arn: pulumi.Output[str]
    """Known once the role has its rights: a node without them never joins."""

    def __init__(self, name: str, args: NodeRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:compute:NodeRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-role",
            name=physical_name(args.environment, name, limit=ROLE_NAME_LIMIT),
            description=f"Nodes of the cluster of Groundwork {args.environment}",
            assume_role_policy=document(
                allow("AssumedByNodes", principal=service_principal("ec2.amazonaws.com"), actions=["sts:AssumeRole"])
            ),
            permissions_boundary=args.boundary_arn,
            opts=child,
        )
        rights = [
            iam.RolePolicyAttachment(f"{name}-{purpose}", role=role.name, policy_arn=policy_arn, opts=child).role
            for purpose, policy_arn in POLICY_ARNS.items()
        ]
        self.role_arn = pulumi.Output.all(role.arn, *rights).apply(lambda known: str(known[0]))
        self.register_outputs({"role_arn": self.role_arn})

"""Which pods take the roles of workloads, by EKS Pod Identity.

Owns the associations alone: the roles are made before the cluster, their namespaces and service accounts after it.

Source: EKS API, CreatePodIdentityAssociation.
"""

from collections.abc import Mapping

import pulumi
from pulumi_aws import eks

from components.model import Model, Wire


class WorkloadAssociation(Model):
    """One service account and the role of its pods."""

    namespace: str
    """Kubernetes namespace of the service account."""
    service_account: str
    """The Kubernetes service account."""
    role_arn: Wire
    """The role, which trusts the pods of this service account in this cluster."""


class WorkloadAssociationsArgs(Model):
    """What the associations are wired to."""

    cluster_name: Wire
    """The cluster, once it is there."""
    associations: Mapping[str, WorkloadAssociation]
    """By the name of the workload."""


class WorkloadAssociations(pulumi.ComponentResource):
    """The Pod Identity associations of an environment's workloads."""

    association_ids: Mapping[str, pulumi.Output[str]]
    """By the name of the workload, such as `a-abcdefgh12345678`."""

    def __init__(self, name: str, args: WorkloadAssociationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:WorkloadAssociations", name, None, opts)
        self.association_ids = {
            workload: eks.PodIdentityAssociation(
                f"{name}-{workload}",
                cluster_name=args.cluster_name,
                namespace=association.namespace,
                service_account=association.service_account,
                role_arn=association.role_arn,
                opts=pulumi.ResourceOptions(parent=self),
            ).association_id
            for workload, association in args.associations.items()
        }
        self.register_outputs({"association_ids": self.association_ids})

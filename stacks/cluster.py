"""The layer of the Kubernetes cluster as AWS sees it: control plane, who gets in, add-ons, nodes.

What is inside the cluster is made by the layers after it, through the provider that this one makes. Each step takes the
cluster's name from the step before, so that the order of an `up`, and the other way round of a `destroy`, follows:
control plane, access, network add-ons, nodes, add-ons on nodes, what is inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import Provider

from components.cluster.access import ClusterAccess, ClusterAccessArgs, Principal, key_of
from components.cluster.addons import NetworkAddons, NetworkAddonsArgs, NodeAddons, NodeAddonsArgs
from components.cluster.cluster import Cluster, ClusterArgs
from components.cluster.workload_associations import (
    WorkloadAssociation,
    WorkloadAssociations,
    WorkloadAssociationsArgs,
)
from components.compute.gpu_node_pool import GpuNodePool, GpuNodePoolArgs
from components.compute.managed_node_group import PoolPlace
from components.compute.node_pool import NodePool, NodePoolArgs
from components.compute.node_role import NodeRole, NodeRoleArgs
from components.naming import cluster_name
from components.security.github_access import github_role_arn
from components.security.workload_identity import PodIdentityTrust
from components.tags import DataClass, default_tags
from stacks.access import Access
from stacks.foundation import Foundation
from stacks.relations import SYSTEM_POOL
from stacks.settings import StackSettings

PREVIEW_GROUP = "groundwork:preview"
"""The Kubernetes group of the pipeline's preview role."""


@dataclass(frozen=True)
class Kubernetes:
    """The cluster and what the layers inside it are wired to."""

    cluster: Cluster
    node_pools: Mapping[str, NodePool]
    gpu_node_pools: Mapping[str, GpuNodePool]
    cluster_name: pulumi.Output[str]
    """Known once nodes and add-ons are there and everybody gets in."""
    kubeconfig: pulumi.Output[str]
    """As `cluster_name`; whoever runs the program signs in with their own AWS identity."""
    opts: pulumi.ResourceOptions
    """For components inside the cluster: the AWS provider and the Kubernetes provider."""


def build_cluster(settings: StackSettings, foundation: Foundation, access: Access) -> Kubernetes:
    """Make the cluster, step by step."""
    boundary_arn = foundation.boundary.arn
    network, key_arn = foundation.network, foundation.keys[DataClass.CONFIDENTIAL].arn
    cluster = Cluster(
        "cluster",
        ClusterArgs(
            settings=settings.cluster,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=boundary_arn,
            vpc_id=network.vpc_id,
            vpc_cidr=network.vpc_cidr,
            subnet_ids=list(network.private_subnet_ids),
            key_arn=key_arn,
            logs_key_arn=key_arn,  # the audit log names people and what they asked for
        ),
        foundation.opts,
    )
    entries = ClusterAccess(
        "cluster-access",
        ClusterAccessArgs(cluster_name=cluster.cluster_name, principals=_principals(settings, access)),
        foundation.opts,
    )
    network_addons = NetworkAddons(
        "network-addons",
        NetworkAddonsArgs(
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=boundary_arn,
            cluster_name=entries.cluster_name,
            version=settings.cluster.version,
        ),
        foundation.opts,
    )
    node_role = NodeRole(
        "node", NodeRoleArgs(environment=settings.environment, boundary_arn=boundary_arn), foundation.opts
    )

    def pool_place(zones: tuple[str, ...] | None, version: str | None) -> PoolPlace:
        return PoolPlace(
            environment=settings.environment,
            cluster_name=network_addons.cluster_name,
            known_cluster_name=cluster_name(settings.environment),
            version=version or settings.cluster.version,
            node_role_arn=node_role.role_arn,
            subnet_ids={
                zone: subnet_id
                for zone, subnet_id in zip(settings.zones, network.private_subnet_ids, strict=True)
                if zone in (zones or settings.zones)
            },
            key_arn=key_arn,
            instance_tags=default_tags(
                environment=settings.environment,
                owner=settings.owner,
                cost_centre=settings.cost_centre,
                system_id=settings.system_id,
            ),
        )

    node_pools = {
        name: NodePool(
            f"node-pool-{name}",
            NodePoolArgs(settings=pool, place=pool_place(pool.zones, pool.version), pool=name),
            foundation.opts,
        )
        for name, pool in settings.node_pools.items()
    }
    gpu_node_pools = {
        name: GpuNodePool(
            f"gpu-node-pool-{name}",
            GpuNodePoolArgs(settings=pool, place=pool_place(pool.zones, pool.version), pool=name),
            foundation.opts,
        )
        for name, pool in settings.gpu_node_pools.items()
    }
    node_addons = NodeAddons(
        "node-addons",
        NodeAddonsArgs(
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=boundary_arn,
            cluster_name=node_pools[SYSTEM_POOL].cluster_name,
            version=settings.cluster.version,
        ),
        foundation.opts,
    )
    WorkloadAssociations(
        "workload-associations",
        WorkloadAssociationsArgs(
            cluster_name=entries.cluster_name,
            associations={
                name: WorkloadAssociation(
                    namespace=workload.trust.namespace,
                    service_account=workload.trust.service_account,
                    role_arn=access.workloads[name].role_arn,
                )
                for name, workload in settings.workloads.items()
                if isinstance(workload.trust, PodIdentityTrust)
            },
        ),
        foundation.opts,
    )
    # What is inside goes before any node does: all pools, not only the one that the add-ons run on.
    pools: list[NodePool | GpuNodePool] = [*node_pools.values(), *gpu_node_pools.values()]
    ready = pulumi.Output.all(node_addons.cluster_name, *(pool.cluster_name for pool in pools))
    known_once_ready = ready.apply(lambda names: str(names[0]))
    kubeconfig = pulumi.Output.all(cluster.kubeconfig, known_once_ready).apply(lambda known: str(known[0]))
    provider = Provider(
        "kubernetes",
        kubeconfig=kubeconfig,
        enable_server_side_apply=True,
        opts=pulumi.ResourceOptions(depends_on=[*pools, node_addons]),
    )
    return Kubernetes(
        cluster=cluster,
        node_pools=node_pools,
        gpu_node_pools=gpu_node_pools,
        cluster_name=known_once_ready,
        kubeconfig=kubeconfig,
        opts=pulumi.ResourceOptions(providers=[foundation.provider, provider]),
    )


def _principals(settings: StackSettings, access: Access) -> dict[str, Principal]:
    """Return who gets in: the administrators of the settings, and the pipeline as far as its two roles go."""
    administrators = {
        f"administrator-{key_of(arn)}": Principal(arn=arn, policy="AmazonEKSClusterAdminPolicy")
        for arn in settings.cluster.administrators
    }

    def role(of: str) -> str:
        return github_role_arn(settings.account_id, settings.environment, of)

    made = (access.github,)
    return administrators | {
        "deploy": Principal(arn=role("deploy"), policy="AmazonEKSClusterAdminPolicy", after=made),
        "preview": Principal(arn=role("preview"), groups=(PREVIEW_GROUP,), after=made),
    }

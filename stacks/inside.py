"""The layer inside the cluster: what all namespaces live by, and the namespaces of the platform's own workloads.

What a namespace needs in order to go away (nodes that come and go, devices, storage) is made before it and deleted
after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cluster.admission import AdmissionPolicies, AdmissionPoliciesArgs
from components.cluster.autoscaler import ClusterAutoscaler, ClusterAutoscalerArgs
from components.cluster.device_plugin import DevicePlugin, DevicePluginArgs
from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs
from components.cluster.preview_access import PreviewAccess, PreviewAccessArgs
from components.cluster.priority_classes import PriorityClasses, PriorityClassesArgs
from components.cluster.storage_classes import StorageClasses, StorageClassesArgs
from components.compute.gpu_node_pool import GpuNodePoolSettings, Mig, TimeSlicing
from components.naming import cluster_name
from components.security.workload_identity import PodIdentityTrust
from components.tags import DataClass
from stacks.cluster import PREVIEW_GROUP, Kubernetes
from stacks.foundation import Foundation
from stacks.relations import SYSTEM_POOL
from stacks.settings import StackSettings


@dataclass(frozen=True)
class Inside:
    """What namespaces are made after, and those of workloads, by their own name."""

    namespaces: Mapping[str, GuardedNamespace]
    before: tuple[pulumi.Resource, ...]
    """What every namespace needs until it is gone."""


def build_inside(settings: StackSettings, foundation: Foundation, kubernetes: Kubernetes) -> Inside:
    """Make what is in the cluster but for teams."""
    PreviewAccess("preview-access", PreviewAccessArgs(group=PREVIEW_GROUP), kubernetes.opts)
    before = (
        PriorityClasses("priorities", PriorityClassesArgs(), kubernetes.opts),
        StorageClasses(
            "storage",
            StorageClassesArgs(settings=settings.volumes, key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn),
            kubernetes.opts,
        ),
        AdmissionPolicies(
            "admission",
            AdmissionPoliciesArgs(settings=settings.admission, account_id=settings.account_id, region=settings.region),
            kubernetes.opts,
        ),
        ClusterAutoscaler(
            "cluster-autoscaler",
            ClusterAutoscalerArgs(
                settings=settings.autoscaler,
                account_id=settings.account_id,
                region=settings.region,
                environment=settings.environment,
                boundary_arn=foundation.boundary.arn,
                cluster=cluster_name(settings.environment),
                version=settings.cluster.version,
                cluster_name=kubernetes.cluster_name,
                system_pool=SYSTEM_POOL,
            ),
            kubernetes.opts,
        ),
        *(
            DevicePlugin(f"device-plugin-{name}", _device_plugin(name, pool, settings), kubernetes.opts)
            for name, pool in settings.gpu_node_pools.items()
        ),
    )
    namespaces = {
        name: GuardedNamespace(
            f"namespace-{name}",
            GuardedNamespaceArgs(
                namespace=name,
                quota=settings.namespaces.quota,
                vpc_cidr=foundation.network.vpc_cidr,
                egress_ranges=egress_ranges(settings),
                service_accounts=accounts,
                after=before,
            ),
            kubernetes.opts,
        )
        for name, accounts in workload_namespaces(settings).items()
    }
    return Inside(namespaces, before)


def egress_ranges(settings: StackSettings) -> tuple[str, ...]:
    """Return the ranges that pods may reach, as text."""
    return tuple(str(cidr) for cidr in settings.namespaces.egress_ranges)


def workload_namespaces(settings: StackSettings) -> dict[str, tuple[str, ...]]:
    """Return the namespaces of workloads that run in pods, each with its service accounts."""
    found: dict[str, set[str]] = {}
    for workload in settings.workloads.values():
        if isinstance(workload.trust, PodIdentityTrust):
            found.setdefault(workload.trust.namespace, set()).add(workload.trust.service_account)
    return {namespace: tuple(sorted(accounts)) for namespace, accounts in sorted(found.items())}


def _device_plugin(name: str, pool: GpuNodePoolSettings, settings: StackSettings) -> DevicePluginArgs:
    return DevicePluginArgs(
        settings=settings.device_plugin,
        pool=name,
        time_slices=pool.sharing.replicas if isinstance(pool.sharing, TimeSlicing) else 1,
        mig=isinstance(pool.sharing, Mig),
    )

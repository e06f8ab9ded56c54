"""Which kinds of Kubernetes have a namespace.

Source: the API server's own discovery, `kubectl api-resources --namespaced`; for groups that were removed, the API
reference of their last version.
"""

import re
from typing import Final

from policies.tokens import kubernetes, with_forms

_VERSIONS: Final = {
    "apps": ("v1", "v1beta1", "v1beta2"),
    "autoscaling": ("v1", "v2", "v2beta1", "v2beta2"),
    "batch": ("v1", "v1beta1", "v2alpha1"),
    "certificates.k8s.io": ("v1", "v1beta1"),
    "coordination.k8s.io": ("v1", "v1alpha1", "v1alpha2", "v1beta1"),
    "core": ("v1",),
    "discovery.k8s.io": ("v1", "v1beta1"),
    "events.k8s.io": ("v1", "v1beta1"),
    "extensions": ("v1beta1",),
    "lifecycle.k8s.io": ("v1alpha1",),
    "networking.k8s.io": ("v1", "v1beta1"),
    "policy": ("v1", "v1beta1"),
    "rbac.authorization.k8s.io": ("v1", "v1alpha1", "v1beta1"),
    "resource.k8s.io": ("v1", "v1alpha1", "v1alpha2", "v1alpha3", "v1beta1", "v1beta2"),
    "scheduling.k8s.io": ("v1alpha1", "v1alpha2", "v1alpha3", "v1beta1"),
    "settings.k8s.io": ("v1alpha1",),
    "storage.k8s.io": ("v1", "v1alpha1", "v1beta1"),
}
_KINDS: Final = {
    "apps": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling": "HorizontalPodAutoscaler",
    "batch": "CronJob Job",
    "certificates.k8s.io": "PodCertificateRequest",
    "coordination.k8s.io": "Lease LeaseCandidate",
    "core": "Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController "
    "ResourceQuota Secret Service ServiceAccount",
    "discovery.k8s.io": "EndpointSlice",
    "events.k8s.io": "Event",
    "extensions": "DaemonSet Deployment Ingress NetworkPolicy ReplicaSet",
    "lifecycle.k8s.io": "Eviction EvictionRequest",
    "networking.k8s.io": "Ingress NetworkPolicy",
    "policy": "PodDisruptionBudget",
    "rbac.authorization.k8s.io": "Role RoleBinding",
    "resource.k8s.io": "PodScheduling PodSchedulingContext ResourceClaim ResourceClaimParameters ResourceClaimTemplate "
    "ResourceClassParameters ResourcePoolStatusRequest",
    "scheduling.k8s.io": "CompositePodGroup PodGroup Workload",
    "settings.k8s.io": "PodPreset",
    "storage.k8s.io": "CSIStorageCapacity",
}
NAMESPACED: Final = with_forms(
    kubernetes(
        *(
            f"{group}/{version}:{kind}"
            for group, kinds in _KINDS.items()
            for kind in kinds.split()
            for version in _VERSIONS[group]
        )
    )
)
"""Tokens of kinds that have a namespace, in every version that ever was, and of their Lists and Patches."""
_NO_KINDS: Final = ("helm.sh", "kustomize", "yaml", "meta")
_KIND: Final = re.compile(r"kubernetes:(?P<group>[^/:]+)/v\d[^/:]*:\w+")

CUSTOM_WITHOUT_NAMESPACE: Final = kubernetes(
    "cert-manager.io/v1:ClusterIssuer",
    "crd.k8s.amazonaws.com/v1alpha1:ENIConfig",
    "external-secrets.io/v1:ClusterExternalSecret",
    "external-secrets.io/v1:ClusterSecretStore",
    "gateway.networking.k8s.io/v1:GatewayClass",
    "karpenter.k8s.aws/v1:EC2NodeClass",
    "karpenter.sh/v1:NodeClaim",
    "karpenter.sh/v1:NodePool",
    "kueue.x-k8s.io/v1beta1:ClusterQueue",
    "kueue.x-k8s.io/v1beta1:ResourceFlavor",
    "kueue.x-k8s.io/v1beta1:WorkloadPriorityClass",
    "nvidia.com/v1:ClusterPolicy",
    "scheduling.volcano.sh/v1beta1:Queue",
    "serving.kserve.io/v1alpha1:ClusterServingRuntime",
    "serving.kserve.io/v1alpha1:ClusterStorageContainer",
    "snapshot.storage.k8s.io/v1:VolumeSnapshotClass",
    "snapshot.storage.k8s.io/v1:VolumeSnapshotContent",
)
"""Kinds of well-known definitions that are the whole cluster's. A provider that has not seen a definition yet, as in
the update that makes it, takes its kind for one with a namespace and writes `default`: the program did not say so.
Sources: the CustomResourceDefinitions of these projects (spec.scope Cluster)."""


def is_kind(token: str) -> bool:
    """Whether a type is a kind of the Kubernetes API, custom ones included, and not something that makes others."""
    match = _KIND.fullmatch(token)
    return match is not None and match["group"] not in _NO_KINDS


def is_own_group(group: str) -> bool:
    """Whether an API group is the Kubernetes project's."""
    return "." not in group or group.endswith(".k8s.io")

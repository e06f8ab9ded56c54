"""What `pulumi preview` and `pulumi refresh` read in the cluster: the kinds that the program makes, and no secret.

Owns the rights of the pipeline's preview group. EKS' own access policies are not used: AmazonEKSViewPolicy shows
nothing outside of namespaces and no rights, but the log of every pod; AmazonEKSAdminViewPolicy shows every secret.

Source: Kubernetes documentation, "Using RBAC Authorization"; Pulumi's Kubernetes provider, "await": when it reads a
        Deployment or a DaemonSet again, it looks at the ReplicaSets, pods and volume claims in the same namespace, and
        without them takes it for one that is not ready.
"""

import pulumi

from components.cluster.group_rights import SEE, GroupRights, Rule, give
from components.model import Model

MADE: tuple[Rule, ...] = (
    Rule("", ("configmaps", "limitranges", "namespaces", "resourcequotas", "serviceaccounts", "services"), SEE),
    Rule("admissionregistration.k8s.io", ("validatingadmissionpolicies", "validatingadmissionpolicybindings"), SEE),
    Rule("apps", ("daemonsets", "deployments", "statefulsets"), SEE),
    Rule("autoscaling", ("horizontalpodautoscalers",), SEE),
    Rule("batch", ("cronjobs", "jobs"), SEE),
    Rule("networking.k8s.io", ("networkpolicies",), SEE),
    Rule("policy", ("poddisruptionbudgets",), SEE),
    Rule("rbac.authorization.k8s.io", ("clusterrolebindings", "clusterroles", "rolebindings", "roles"), SEE),
    Rule("scheduling.k8s.io", ("priorityclasses",), SEE),
    Rule("secrets-store.csi.x-k8s.io", ("secretproviderclasses",), SEE),
    Rule("snapshot.storage.k8s.io", ("volumesnapshotclasses",), SEE),
    Rule("storage.k8s.io", ("storageclasses",), SEE),
)
"""Every kind that the program makes in a cluster, and no other: a test compares them with what it registers."""
LOOKED_AT: tuple[Rule, ...] = (
    Rule("", ("persistentvolumeclaims", "pods"), SEE),
    Rule("apps", ("controllerrevisions", "replicasets"), SEE),
    Rule("discovery.k8s.io", ("endpointslices",), SEE),
)
"""By which the provider tells whether what was made is ready."""
RULES = MADE + LOOKED_AT


class PreviewAccessArgs(Model):
    """Who reads. What is read are the kinds of the program, the same in every environment."""

    group: str
    """The Kubernetes group that the access entry of the pipeline's preview role names."""


class PreviewAccess(pulumi.ComponentResource):
    """The rights of the pipeline's preview group in the whole cluster."""

    def __init__(self, name: str, args: PreviewAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:PreviewAccess", name, None, opts)
        give(
            name,
            GroupRights(group=args.group, role="groundwork-preview", rules=RULES, component="pipeline"),
            parent=self,
        )
        self.register_outputs({})

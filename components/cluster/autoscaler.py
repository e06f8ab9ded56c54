"""The cluster autoscaler: it makes a node pool larger when a pod finds no room, and smaller when a node is idle.

Owns its identity in AWS and in the cluster and its Deployment; not the node pools, which it finds by their tags.

Units:  minutes are whole minutes; the threshold is a share of what a node has.
Source: cluster autoscaler, cloudprovider/aws/README.md ("Permissions", "Auto-Discovery Setup") and
        examples/cluster-autoscaler-autodiscover.yaml; its FAQ, "What are the parameters to CA?".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Annotated, Any, Literal

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.policy import v1 as policy
from pulumi_kubernetes.rbac import v1 as rbac
from pydantic import Field

from components.cluster.autoscaler_rules import CLUSTER_RULES, IN_CLUSTER, RULES, rights
from components.cluster.pod_role import PodRole, PodRoleArgs
from components.labels import API_USE, NODE_POOL, labels
from components.model import ImageByDigest, Model, Wire
from components.pod_security import restricted_container, restricted_pod
from components.scheduling import over_zones
from components.scraping import scraped

NAMESPACE = "kube-system"
APPLICATION = "cluster-autoscaler"
REPLICAS = 2
"""One leads; the other takes over when its node goes."""
METRICS_PORT = 8085
IMAGES = {
    "1.35": "sha256:aac369dc283927a623deb1af54696efcc722ae79255aa07788422e495bab887d",  # v1.35.2
    "1.36": "sha256:461388d03eb5b55db58941ee7a81d9a619dd15302b01cbab9f5a9946715994b4",  # v1.36.1
}
"""The image for each minor version of Kubernetes, since the autoscaler carries that version's scheduler in itself.
Taken from what others published, not from the registry: see docs/first-deployment.md."""
REPOSITORY = "registry.k8s.io/autoscaling/cluster-autoscaler"


class AutoscalerSettings(Model):
    """What the stack file says about scaling node pools."""

    image: ImageByDigest | None = Field(
        default=None, examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/cluster-autoscaler@sha256:" + "0" * 64]
    )
    """Its image by digest, such as a copy in the environment's ECR; absent, upstream's for the cluster's version."""
    expander: Literal["least-waste", "most-pods", "random"] = Field(default="least-waste", examples=["least-waste"])
    """How it chooses among pools that would do: by the least idle rest, by the most pods that fit, or by chance."""
    scale_down_unneeded_minutes: Annotated[int, Field(ge=1, le=120)] = Field(default=10, examples=[10])
    """How long a node is idle before it goes, 1 to 120."""
    scale_down_delay_after_add_minutes: Annotated[int, Field(ge=0, le=120)] = Field(default=10, examples=[10])
    """How long after a node came no node goes, 0 to 120."""
    scale_down_utilization_threshold: Annotated[float, Field(ge=0.1, le=0.9)] = Field(default=0.5, examples=[0.5])
    """A node is idle when its pods request less than this share of its CPU and memory, or of its GPUs; 0.1 to 0.9."""
    max_node_provision_minutes: Annotated[int, Field(ge=5, le=60)] = Field(default=15, examples=[15])
    """How long it waits for a node that it asked for before it tries another pool, 5 to 60."""


class ClusterAutoscalerArgs(Model):
    """What the autoscaler is wired to."""

    settings: AutoscalerSettings = AutoscalerSettings()
    """What the stack file says."""
    account_id: str
    """The account of the node pools."""
    region: str
    """Where they are."""
    environment: str
    """Part of its role's name."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster: str
    """The EKS cluster's name, known beforehand; the node pools bear it in their tags."""
    version: str
    """The minor version of Kubernetes that the cluster has."""
    cluster_name: Wire
    """The same name, known once the cluster stands."""
    system_pool: str
    """The node pool that it runs on: one that is never empty."""


class ClusterAutoscaler(pulumi.ComponentResource):
    """The Deployment `cluster-autoscaler` in kube-system, under its own identity."""

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:ClusterAutoscaler", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        identity = PodRole(
            f"{name}-identity",
            PodRoleArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                namespace=NAMESPACE,
                service_account=APPLICATION,
                statements=rights(args.account_id, args.region, args.cluster),
            ),
            child,
        )
        before = [identity, *self._kubernetes_identity(name)]
        apps.Deployment(
            f"{name}-deployment",
            metadata=_metadata(),
            spec={
                "replicas": REPLICAS,
                "selector": {"match_labels": {"app.kubernetes.io/name": APPLICATION}},
                "template": {
                    "metadata": {
                        "labels": labels(APPLICATION, "autoscaling"),
                        "annotations": {
                            API_USE: "watches pods and nodes, and evicts what moves",
                            # It must not take away the node that it runs on.
                            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                            **scraped(METRICS_PORT),
                        },
                    },
                    "spec": pod_of(args),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )
        policy.PodDisruptionBudget(
            f"{name}-budget",
            metadata=_metadata(),
            spec={"max_unavailable": 1, "selector": {"match_labels": {"app.kubernetes.io/name": APPLICATION}}},
            opts=child,
        )
        self.role_arn = identity.role_arn
        self.register_outputs({"role_arn": self.role_arn})

    def _kubernetes_identity(self, name: str) -> list[pulumi.Resource]:
        """Make the service account and its rights, as upstream lists them."""
        child = pulumi.ResourceOptions(parent=self)
        subjects: Any = [{"kind": "ServiceAccount", "name": APPLICATION, "namespace": NAMESPACE}]
        account = core.ServiceAccount(
            f"{name}-account", metadata=_metadata(), automount_service_account_token=False, opts=child
        )
        everywhere = rbac.ClusterRole(
            f"{name}-cluster-role", metadata=_metadata(IN_CLUSTER), rules=list(CLUSTER_RULES), opts=child
        )
        here = rbac.Role(f"{name}-role", metadata=_metadata(), rules=list(RULES), opts=child)
        bound_everywhere = rbac.ClusterRoleBinding(
            f"{name}-cluster-binding",
            metadata=_metadata(IN_CLUSTER),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": IN_CLUSTER},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[everywhere, account]),
        )
        bound_here = rbac.RoleBinding(
            f"{name}-binding",
            metadata=_metadata(),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": APPLICATION},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[here, account]),
        )
        return [account, bound_everywhere, bound_here]


def _metadata(cluster_wide: str = "") -> Any:
    place = {"name": cluster_wide} if cluster_wide else {"name": APPLICATION, "namespace": NAMESPACE}
    return place | {"labels": labels(APPLICATION, "autoscaling")}


def image_of(settings: AutoscalerSettings, version: str) -> str:
    """Return the image, by digest. Raises `ValueError` where none is known for the cluster's version."""
    if settings.image is not None:
        return settings.image
    if version not in IMAGES:
        raise ValueError(f"no cluster autoscaler image is known for Kubernetes {version}: name one in autoscaler.image")
    return f"{REPOSITORY}@{IMAGES[version]}"


def flags(settings: AutoscalerSettings, cluster: str) -> list[str]:
    """Return the command line. The pools it may change are those with the cluster's tag."""
    tags = f"k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{cluster}"
    return [
        "--cloud-provider=aws",
        "--aws-use-static-instance-list=true",  # the list of all instance types is not behind an endpoint
        "--balance-similar-node-groups=true",
        f"--cluster-name={cluster}",
        f"--expander={settings.expander}",
        "--leader-elect=true",
        f"--max-node-provision-time={settings.max_node_provision_minutes}m",
        f"--namespace={NAMESPACE}",
        f"--node-group-auto-discovery=asg:tag={tags}",
        f"--scale-down-delay-after-add={settings.scale_down_delay_after_add_minutes}m",
        f"--scale-down-unneeded-time={settings.scale_down_unneeded_minutes}m",
        f"--scale-down-utilization-threshold={settings.scale_down_utilization_threshold}",
        "--skip-nodes-with-local-storage=false",  # an emptyDir is scratch space, and every training job has one
        "--skip-nodes-with-system-pods=false",  # or the DNS would keep a node for good
    ]


def pod_of(args: ClusterAutoscalerArgs) -> Any:
    """Return the pod: restricted, on the system pool."""
    return {
        "service_account_name": APPLICATION,
        "automount_service_account_token": True,  # it works by the API server
        "priority_class_name": "system-cluster-critical",
        "node_selector": {NODE_POOL: args.system_pool},
        "security_context": restricted_pod(65534),
        "topology_spread_constraints": over_zones({"app.kubernetes.io/name": APPLICATION}),
        "containers": [
            {
                "name": APPLICATION,
                "image": image_of(args.settings, args.version),
                "command": ["/cluster-autoscaler"],
                "args": flags(args.settings, args.cluster),
                "env": [{"name": "AWS_REGION", "value": args.region}],
                "ports": [{"name": "metrics", "container_port": METRICS_PORT}],
                "liveness_probe": {
                    "http_get": {"path": "/health-check", "port": METRICS_PORT},
                    "initial_delay_seconds": 30,
                },
                "resources": {
                    "requests": {"cpu": "100m", "memory": "384Mi"},
                    "limits": {"cpu": "500m", "memory": "768Mi"},
                },
                "security_context": restricted_container(),
            }
        ],
    }

"""Who works with the platform and what each may do, as data: the rights in AWS and in the cluster come from here.

A team's persona acts in the team's own namespace and under the team's own prefixes; a persona of the platform acts in
the whole cluster and sees no data. Nobody reads secrets, opens a shell in a pod, creates a bare pod, or changes rights,
quotas, network policies, secret provider classes and namespaces: that is for who administers the cluster, and for the
program. The one secret of AWS that somebody reads is their own, with which they sign in to the tracking server.

`{team}` in a prefix or a path is the team's name; permissions are templates as in `components.security.permissions`.

Source: Kubernetes documentation, "Using RBAC Authorization", "Role Based Access Control Good Practices"; service
        authorization reference, one page a service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from components.cluster.group_rights import SEE, Rule
from components.security.permissions import Permission
from components.tags import KeyAccess

TeamPersona: TypeAlias = Literal["data-scientist", "ml-engineer", "release-approver"]
PlatformPersona: TypeAlias = Literal["platform-engineer", "auditor"]
Store: TypeAlias = Literal["datasets", "artifacts", "dvc", "audit"]

CHANGE = ("create", "delete", "patch", "update")


@dataclass(frozen=True)
class Grant:
    """Rights to part of a store."""

    store: Store
    prefix: str
    access: KeyAccess


@dataclass(frozen=True, kw_only=True)
class Persona:
    """One kind of person."""

    does: str
    """What they do, in a sentence."""
    rules: tuple[Rule, ...]
    """In the team's namespace, or in the whole cluster for a persona of the platform."""
    watching: tuple[Rule, ...] = ()
    """In the namespace `monitoring`, beside the rules; none for most."""
    grants: tuple[Grant, ...] = ()
    permissions: tuple[Permission, ...] = ()
    secrets: tuple[str, ...] = ()
    """The secrets that they read: what is after the environment in their names."""


SEE_WORK = (
    Rule(
        "",
        (
            "configmaps",
            "events",
            "limitranges",
            "persistentvolumeclaims",
            "pods",
            "resourcequotas",
            "serviceaccounts",
            "services",
        ),
        SEE,
    ),
    Rule("", ("pods/log",), ("get",)),
    Rule("apps", ("daemonsets", "deployments", "replicasets", "statefulsets"), SEE),
    Rule("autoscaling", ("horizontalpodautoscalers",), SEE),
    Rule("batch", ("cronjobs", "jobs"), SEE),
    Rule("events.k8s.io", ("events",), SEE),
    Rule("metrics.k8s.io", ("pods",), ("get", "list")),
    Rule("networking.k8s.io", ("networkpolicies",), SEE),
    Rule("policy", ("poddisruptionbudgets",), SEE),
    Rule("secrets-store.csi.x-k8s.io", ("secretproviderclasses",), SEE),
)
RUN_JOBS = (
    Rule("", ("configmaps", "persistentvolumeclaims"), CHANGE),
    Rule("", ("pods",), ("delete",)),
    Rule("", ("pods/portforward",), ("create",)),
    Rule("batch", ("jobs",), CHANGE),
)
RUN_SERVICES = (
    Rule("", ("services",), CHANGE),
    Rule("apps", ("deployments", "statefulsets"), CHANGE),
    Rule("apps", ("deployments/scale", "statefulsets/scale"), ("patch", "update")),
    Rule("autoscaling", ("horizontalpodautoscalers",), CHANGE),
    Rule("batch", ("cronjobs",), CHANGE),
    Rule("policy", ("poddisruptionbudgets",), CHANGE),
)
SEE_CLUSTER = (
    Rule(
        "",
        (
            "configmaps",
            "endpoints",
            "events",
            "limitranges",
            "namespaces",
            "nodes",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "replicationcontrollers",
            "resourcequotas",
            "serviceaccounts",
            "services",
        ),
        SEE,
    ),
    Rule(
        "actions.github.com",
        ("autoscalinglisteners", "autoscalingrunnersets", "ephemeralrunners", "ephemeralrunnersets"),
        SEE,
    ),
    Rule(
        "admissionregistration.k8s.io",
        (
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        ),
        SEE,
    ),
    Rule("apiextensions.k8s.io", ("customresourcedefinitions",), SEE),
    Rule("apps", ("daemonsets", "deployments", "replicasets", "statefulsets"), SEE),
    Rule("autoscaling", ("horizontalpodautoscalers",), SEE),
    Rule("batch", ("cronjobs", "jobs"), SEE),
    Rule("coordination.k8s.io", ("leases",), SEE),
    Rule("discovery.k8s.io", ("endpointslices",), SEE),
    Rule("events.k8s.io", ("events",), SEE),
    Rule("metrics.k8s.io", ("nodes", "pods"), ("get", "list")),
    Rule("networking.k8s.io", ("ingresses", "networkpolicies"), SEE),
    Rule("policy", ("poddisruptionbudgets",), SEE),
    Rule("rbac.authorization.k8s.io", ("clusterrolebindings", "clusterroles", "rolebindings", "roles"), SEE),
    Rule("scheduling.k8s.io", ("priorityclasses",), SEE),
    Rule("secrets-store.csi.x-k8s.io", ("secretproviderclasses",), SEE),
    Rule("snapshot.storage.k8s.io", ("volumesnapshotclasses", "volumesnapshotcontents", "volumesnapshots"), SEE),
    Rule("storage.k8s.io", ("csidrivers", "csinodes", "storageclasses", "volumeattachments"), SEE),
)
OPERATE_NODES = (
    Rule("", ("nodes",), ("patch", "update")),
    Rule("", ("pods",), ("delete",)),
    Rule("", ("pods/eviction",), ("create",)),
    Rule("", ("pods/log",), ("get",)),
    Rule("apps", ("deployments/scale", "statefulsets/scale"), ("patch", "update")),
)
LOOK = (Rule("", ("pods/portforward",), ("create",)),)
"""At Prometheus, Alertmanager and Grafana, which ask nobody who they are: at all that is measured, whose ever it is."""

CLUSTER = "arn:aws:eks:{region}:{account}:cluster/groundwork-{environment}"
OF_CLUSTER = "arn:aws:eks:{region}:{account}:*/groundwork-{environment}/*"
USE_CLUSTER = Permission(
    sid="UseCluster",
    why="what `aws eks update-kubeconfig` asks for",
    actions=("eks:DescribeCluster",),
    resources=(CLUSTER,),
)
SEE_IMAGES = Permission(
    sid="SeeImages",
    why="an image runs by its digest, which has to be looked up",
    actions=("ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListImages"),
    resources=("arn:aws:ecr:{region}:{account}:repository/groundwork-{environment}-*",),
)
SEE_EKS = Permission(
    sid="SeeCluster",
    why="how the cluster, its node groups, add-ons and access are set up",
    actions=(
        "eks:DescribeAccessEntry",
        "eks:DescribeAddon",
        "eks:DescribeCluster",
        "eks:DescribeNodegroup",
        "eks:DescribePodIdentityAssociation",
        "eks:DescribeUpdate",
        "eks:ListAccessEntries",
        "eks:ListAddons",
        "eks:ListAssociatedAccessPolicies",
        "eks:ListNodegroups",
        "eks:ListPodIdentityAssociations",
        "eks:ListUpdates",
    ),
    resources=(CLUSTER, OF_CLUSTER),
)
SEE_CAPACITY = Permission(
    sid="SeeCapacity",
    why="these Describe calls know no resource",
    actions=(
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstances",
    ),
    resources=("*",),
)
OPERATE_NODE_GROUPS = Permission(
    sid="OperateNodeGroups",
    why="the bounds of a node group; its version and its template are the program's",
    actions=("eks:UpdateNodegroupConfig",),
    resources=("arn:aws:eks:{region}:{account}:nodegroup/groundwork-{environment}/*",),
)
SCALE_NODE_POOLS = Permission(
    sid="ScaleNodePools",
    why="the groups behind the cluster's node groups, by their tag",
    actions=("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"),
    resources=("arn:aws:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/*",),
    conditions={
        "StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/groundwork-{environment}": "owned"},
    },
)
SEE_TRAIL = Permission(
    sid="SeeTrail",
    why="whether the trail is as it should be; what it recorded is in its bucket and its log group",
    actions=("cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"),
    resources=("arn:aws:cloudtrail:{region}:{account}:trail/groundwork-{environment}-*",),
)
READ_TRAIL_EVENTS = Permission(
    sid="ReadTrailEvents",
    why="the trail's log group",
    actions=("logs:FilterLogEvents",),
    resources=("arn:aws:logs:{region}:{account}:log-group:/aws/cloudtrail/groundwork-{environment}-*",),
)

OWN = "teams/{team}/"
APPROVALS = "approvals/{team}/"
SIGN_IN = "mlflow/{team}/"
"""Where the secrets are with which a team's people and jobs sign in to the tracking server."""

TEAM_PERSONAS: Mapping[TeamPersona, Persona] = {
    "data-scientist": Persona(
        does="runs training jobs and looks at what they make",
        rules=SEE_WORK + RUN_JOBS,
        grants=(Grant("datasets", OWN, "read"), Grant("artifacts", OWN, "write"), Grant("dvc", OWN, "write")),
        permissions=(USE_CLUSTER, SEE_IMAGES),
        secrets=(f"{SIGN_IN}data-scientist",),
    ),
    "ml-engineer": Persona(
        does="brings models into service and keeps the team's data sets",
        rules=SEE_WORK + RUN_JOBS + RUN_SERVICES,
        grants=(Grant("datasets", OWN, "write"), Grant("artifacts", OWN, "write"), Grant("dvc", OWN, "write")),
        permissions=(USE_CLUSTER, SEE_IMAGES),
        secrets=(f"{SIGN_IN}ml-engineer",),
    ),
    "release-approver": Persona(
        does="looks at a model and approves its release; makes and runs nothing",
        rules=SEE_WORK,
        # What `groundwork lineage` looks up of a model: its data and its image, beside the artifacts.
        grants=(Grant("artifacts", OWN, "read"), Grant("artifacts", APPROVALS, "write"), Grant("dvc", OWN, "read")),
        permissions=(USE_CLUSTER, SEE_IMAGES),
        secrets=(f"{SIGN_IN}release-approver",),
    ),
}
PLATFORM_PERSONAS: Mapping[PlatformPersona, Persona] = {
    "platform-engineer": Persona(
        does="keeps the cluster running: nodes, capacity, what hangs; sees no data",
        rules=SEE_CLUSTER + OPERATE_NODES,
        watching=LOOK,
        permissions=(SEE_EKS, SEE_CAPACITY, OPERATE_NODE_GROUPS, SCALE_NODE_POOLS),
    ),
    "auditor": Persona(
        does="reads how everything is set up and who did what; changes nothing",
        rules=SEE_CLUSTER,
        grants=(Grant("audit", "", "read"),),
        permissions=(SEE_EKS, SEE_IMAGES, SEE_TRAIL, READ_TRAIL_EVENTS),
        secrets=("mlflow/auditor",),
    ),
}

TRAINING = (Grant("datasets", OWN, "read"), Grant("dvc", OWN, "read"), Grant("artifacts", OWN, "write"))
"""What the team's service account `training` may do in AWS: the team's own prefixes, no more than its people."""
TRAINING_SECRET = f"{SIGN_IN}training"
"""The one secret that the team's service account `training` reads."""

EVENT_FILES = Grant("artifacts", f"{OWN}tensorboard/", "read")
"""What the team's TensorBoard may do in AWS: its event files are among the artifacts, where people and jobs write."""


def group(persona: str, team: str | None = None) -> str:
    """Return the Kubernetes group that a persona's access entry puts its role into."""
    return f"groundwork:team:{team}:{persona}" if team else f"groundwork:{persona}"

"""What the cluster autoscaler may do, in AWS and in the cluster, as data.

Source: cluster autoscaler, cloudprovider/aws/README.md, "Full Cluster Autoscaler Features Policy", and its example
        manifests; left out is what only flags that we do not set make use of.
"""

from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict

from components.policy_document import Statement, allow

IN_CLUSTER = "groundwork-cluster-autoscaler"
"""The name of its rights in the whole cluster."""
READ = ["get", "list", "watch"]

CLUSTER_RULES: tuple[PolicyRuleArgsDict, ...] = (
    {"api_groups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"api_groups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"api_groups": [""], "resources": ["pods/status"], "verbs": ["update"]},
    {"api_groups": [""], "resources": ["nodes"], "verbs": [*READ, "update"]},
    {
        "api_groups": [""],
        "resources": [
            "namespaces",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "replicationcontrollers",
            "services",
        ],
        "verbs": READ,
    },
    {"api_groups": ["apps"], "resources": ["daemonsets", "replicasets", "statefulsets"], "verbs": READ},
    {"api_groups": ["batch"], "resources": ["jobs"], "verbs": READ},
    {"api_groups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": READ},
    {
        "api_groups": ["resource.k8s.io"],
        "resources": ["deviceclasses", "resourceclaims", "resourceslices"],
        "verbs": READ,
    },
    {
        "api_groups": ["storage.k8s.io"],
        "resources": ["csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"],
        "verbs": READ,
    },
)

RULES: tuple[PolicyRuleArgsDict, ...] = (
    {"api_groups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "api_groups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resource_names": ["cluster-autoscaler"],
        "verbs": ["get", "update"],
    },
    {"api_groups": [""], "resources": ["configmaps"], "verbs": ["create", "list", "watch"]},
    {
        "api_groups": [""],
        "resources": ["configmaps"],
        "resource_names": ["cluster-autoscaler-status"],
        "verbs": ["delete", "get", "update"],
    },
)
"""In kube-system: the lease of its leader, and the status that it writes for people."""

DESCRIBE = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
)
SCALE = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")


def rights(account_id: str, region: str, cluster: str) -> tuple[Statement, ...]:
    """Return its rights in AWS: it sees every group, and changes those with the tags of this cluster."""
    tag = "aws:ResourceTag/k8s.io/cluster-autoscaler"
    return (
        allow("FindGroups", actions=DESCRIBE, resources=["*"]),
        allow(
            "ReadNodeGroups",
            actions=["eks:DescribeNodegroup"],
            resources=[f"arn:aws:eks:{region}:{account_id}:nodegroup/{cluster}/*"],
        ),
        allow(
            "ScaleGroupsOfTheCluster",
            actions=SCALE,
            resources=[f"arn:aws:autoscaling:{region}:{account_id}:autoScalingGroup:*:autoScalingGroupName/*"],
            conditions={"StringEquals": {f"{tag}/enabled": "true", f"{tag}/{cluster}": "owned"}},
        ),
    )

"""Weakenings of more than one value: parts that are taken away or added, of lists, pods, groups and tags."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.workloads import WORKLOADS
from tests.policies.mutate import ABSENT
from tests.policies.platform.values import WORLD, Weakening

LISTS: Final = ("enabledClusterLogTypes", "enabledCloudwatchLogsExports", "advancedEventSelectors", "eventSelectors")
"""Lists of what is logged."""
POD: Final = "spec.template.spec"
POD_OF_CRON_JOB: Final = f"spec.jobTemplate.{POD}"
PARTS: Final = {
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("rules",),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": ("rule",),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("rules",),
    "aws:eks/cluster:Cluster": ("encryptionConfig", "enabledClusterLogTypes", "version"),
    "aws:ecr/repository:Repository": ("encryptionConfigurations", "imageScanningConfiguration", "imageTagMutability"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("metadataOptions", "blockDeviceMappings"),
    "aws:rds/instance:Instance": (
        *("enabledCloudwatchLogsExports", "backupRetentionPeriod", "vpcSecurityGroupIds", "storageEncrypted"),
        *("monitoringInterval", "databaseInsightsMode"),
    ),
    "aws:kms/key:Key": ("policy",),
    "aws:cloudwatch/logGroup:LogGroup": ("retentionInDays",),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("policy",),
    "aws:cloudtrail/trail:Trail": ("advancedEventSelectors",),
    "aws:budgets/budget:Budget": ("notifications",),
    "aws:eks/nodeGroup:NodeGroup": ("scalingConfig", "instanceTypes", "launchTemplate"),
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": ("spec.policyTypes", "spec.podSelector"),
    "kubernetes:core/v1:ResourceQuota": ("spec.hard",),
    "kubernetes:core/v1:LimitRange": ("spec.limits",),
    "kubernetes:core/v1:Namespace": ("metadata.labels",),
    "kubernetes:storage.k8s.io/v1:StorageClass": ("parameters",),
}
"""Parts that guard something, taken away as a whole."""
CLUSTER_ADMIN: Final = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
ADDED: Final[Mapping[str, tuple[tuple[str, str, Any], ...]]] = {
    "aws:ec2/securityGroup:SecurityGroup": (
        (
            "open CIDR",
            "ingress",
            [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": [WORLD], "description": "x"}],
        ),
        (
            "every protocol",
            "egress",
            [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": [WORLD], "description": "x"}],
        ),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (
        ("open CIDR", "ingress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]),
    ),
    "aws:rds/instance:Instance": (("password in the program", "password", "hunter2"),),
    "aws:s3/bucket:Bucket": (("public ACL", "acl", "public-read"),),
    "aws:eks/cluster:Cluster": (
        ("public endpoint", "vpcConfig", {"endpointPublicAccess": True, "publicAccessCidrs": [WORLD]}),
        ("administrator by default", "accessConfig.bootstrapClusterCreatorAdminPermissions", ABSENT),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        ("public address", "networkInterfaces", [{"associatePublicIpAddress": "true"}]),
        (
            "secret in user data",
            "userData",
            "ZXhwb3J0IEFXU19TRUNSRVRfQUNDRVNTX0tFWT13SmFsclhVdG5GRU1JL0s3TURFTkcvYlB4UmZpQ1lFWEFNUExFS0VZCg==",
        ),
    ),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": (
        ("right added", "rules", [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]),
        ("secrets readable", "rules", [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}]),
        (
            "escalation",
            "rules",
            [
                {
                    "apiGroups": ["rbac.authorization.k8s.io"],
                    "resources": ["clusterroles"],
                    "verbs": ["escalate", "bind"],
                }
            ],
        ),
    ),
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": (
        ("open to all", "spec.ingress", [{}]),
        ("open to all", "spec.egress", [{}]),
    ),
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": (("administrator bound", "roleRef", CLUSTER_ADMIN),),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": (("administrator bound", "roleRef", CLUSTER_ADMIN),),
    "kubernetes:core/v1:ServiceAccount": (("token mounted", "automountServiceAccountToken", True),),
}
"""Parts that open something, added."""
CONTAINER: Final = f"{POD}.containers[0]"
POD_ADDITIONS: Final = (
    *(("host namespace", f"{POD}.{name}", True) for name in ("hostNetwork", "hostPID", "hostIPC")),
    ("privileged", f"{CONTAINER}.securityContext.privileged", True),
    ("capability added", f"{CONTAINER}.securityContext.capabilities.add", ["SYS_ADMIN"]),
    ("capabilities kept", f"{CONTAINER}.securityContext.capabilities.drop", ABSENT),
    ("root on", f"{CONTAINER}.securityContext.runAsUser", 0),
    ("root on", f"{POD}.securityContext.runAsNonRoot", False),
    ("seccomp off", f"{POD}.securityContext.seccompProfile.type", "Unconfined"),
    ("seccomp off", f"{POD}.securityContext.seccompProfile", ABSENT),
    ("escalation", f"{CONTAINER}.securityContext.allowPrivilegeEscalation", True),
    ("escalation", f"{CONTAINER}.securityContext.allowPrivilegeEscalation", ABSENT),
    ("writable root", f"{CONTAINER}.securityContext.readOnlyRootFilesystem", False),
    ("writable root", f"{CONTAINER}.securityContext.readOnlyRootFilesystem", ABSENT),
    ("limits removed", f"{CONTAINER}.resources", ABSENT),
    ("limits removed", f"{CONTAINER}.resources.limits.memory", ABSENT),
    ("host path", f"{POD}.volumes", [{"name": "host", "hostPath": {"path": "/"}}]),
    ("host port", f"{CONTAINER}.ports", [{"containerPort": 80, "hostPort": 80}]),
    ("sysctl", f"{POD}.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
    ("proc unmasked", f"{CONTAINER}.securityContext.procMount", "Unmasked"),
    (
        "secret in the program",
        f"{CONTAINER}.env",
        [{"name": "AWS_SECRET_ACCESS_KEY", "value": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}],
    ),
    ("default account", f"{POD}.serviceAccountName", "default"),
)


def weakened_objects(type_: str, inputs: Mapping[str, Any]) -> Iterator[Weakening]:
    """Yield the weakenings of a resource's parts."""
    for part in PARTS.get(type_, ()):
        if _has(inputs, part):
            yield "part removed", part, ABSENT
    for name in LISTS:
        for number in range(len(inputs.get(name) or ())):
            yield "log narrowed", f"{name}[{number}]", ABSENT
    yield from ADDED.get(type_, ())
    if type_ in WORKLOADS:
        pod = POD_OF_CRON_JOB if type_.endswith(":CronJob") else POD
        yield from ((operator, path.replace(POD, pod, 1), value) for operator, path, value in POD_ADDITIONS)
    for key in inputs.get("tags") or {}:
        yield "tag removed", f'tags["{key}"]', ABSENT
    hard = (inputs.get("spec") or {}).get("hard") if type_.endswith(":ResourceQuota") else None
    for key in hard or {}:
        yield "quota lifted", f'spec.hard["{key}"]', ABSENT


def _has(inputs: Mapping[str, Any], path: str) -> bool:
    value: Any = inputs
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value is not None

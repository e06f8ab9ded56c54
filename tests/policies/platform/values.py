"""Weakenings of one value: what a property that guards something is changed to, by the property's name.

Names are those of pulumi_aws and pulumi_kubernetes. A value that is weak already is left alone: it is no mutant.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.policies.mutate import ABSENT, leaves, steps, value_at

Weakening = tuple[str, str, Any]
"""What is done, the path, the new value."""

SWITCHES_ON: Final = frozenset(
    {
        *("storageEncrypted", "encrypted", "enableKeyRotation", "bucketKeyEnabled", "performanceInsightsEnabled"),
        *("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
        *("iamDatabaseAuthenticationEnabled", "manageMasterUserPassword", "deletionProtection", "multiAz"),
        *("copyTagsToSnapshot", "autoMinorVersionUpgrade", "enableLogFileValidation", "isMultiRegionTrail"),
        *("includeGlobalServiceEvents", "enableLogging", "scanOnPush", "endpointPrivateAccess", "objectLockEnabled"),
        *("readOnlyRootFilesystem", "runAsNonRoot", "privateDnsEnabled"),
    }
)
"""True is safe."""
SWITCHES_OFF: Final = frozenset(
    {
        *("publiclyAccessible", "mapPublicIpOnLaunch", "skipFinalSnapshot", "forceDestroy", "forceDelete"),
        *("endpointPublicAccess", "bootstrapClusterCreatorAdminPermissions", "allowPrivilegeEscalation"),
        *("automountServiceAccountToken", "hostNetwork", "hostPID", "hostIPC", "privileged"),
        *("deleteAutomatedBackups", "allowMajorVersionUpgrade", "applyImmediately"),
    }
)
"""False is safe."""
KEYS: Final = frozenset(
    {"kmsKeyId", "kmsMasterKeyId", "keyArn", "kmsKey", "performanceInsightsKmsKeyId", "masterUserSecretKmsKeyId"}
    | {"replicaKmsKeyId"}
)
"""References to customer managed keys."""
SHORT: Final = {"retentionInDays": 1, "backupRetentionPeriod": 1, "deletionWindowInDays": 7, "daysAfterInitiation": 400}
"""Days that are too few, or too many."""
WORLD: Final = "0.0.0.0/0"

VALUES: Final[Mapping[str, tuple[tuple[str, Any], ...]]] = {
    "sseAlgorithm": (("encryption weakened", "AES256"),),
    "encryptionType": (("encryption weakened", "AES256"),),
    "httpTokens": (("metadata open", "optional"),),
    "httpPutResponseHopLimit": (("metadata open", 3),),
    "imageTagMutability": (("tags mutable", "MUTABLE"),),
    "objectOwnership": (("ACLs on", "ObjectWriter"),),
    "authenticationMode": (("identities unmanaged", "CONFIG_MAP"),),
    "cidrIpv4": (("open CIDR", WORLD),),
    "cidr": (("open CIDR", WORLD),),
    "trafficType": (("log narrowed", "REJECT"),),
    "volumeType": (("older volume", "gp2"),),
    "capacityType": (("full price", "ON_DEMAND"),),
    "maxSize": (("more machines", 1000),),
    "instanceClass": (("other machines", "db.x2iedn.32xlarge"),),
    "notificationType": (("nobody told", "NONE"),),
    "runAsUser": (("root on", 0),),
    "image": (("digest removed", "registry.example.com/a:1.0"), ("any image", "docker.io/library/busybox:latest")),
    "pod-security.kubernetes.io/enforce": (("admission open", "privileged"),),
    "ipProtocol": (("every protocol", "-1"),),
    "supportType": (("support dropped", "NONE"),),
    "permissionsBoundary": (("boundary removed", ABSENT),),
    "parameterGroupName": (("default parameters", ABSENT),),
    "dbSubnetGroupName": (("default subnets", ABSENT),),
    "addonVersion": (("version floats", ABSENT),),
    "targetBucket": (("log off", ABSENT),),
    "cloudWatchLogsGroupArn": (("log off", ABSENT),),
    "cloudWatchLogsRoleArn": (("log off", ABSENT),),
    "replicas": (("redundancy cut", 1),),
}
"""Other names, each with what is done and the weak value."""
BY_TYPE: Final[Mapping[str, Mapping[str, tuple[tuple[str, Any], ...]]]] = {
    "aws:s3/bucketVersioning:BucketVersioning": {"status": (("versioning off", "Suspended"),)},
    "aws:eks/cluster:Cluster": {"version": (("old version", "1.27"),)},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "policyArn": (("administrator attached", "arn:aws:iam::aws:policy/AdministratorAccess"),)
    },
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
        "policyArn": (("administrator attached", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"),)
    },
    "aws:rds/parameterGroup:ParameterGroup": {"value": (("parameter off", "0"),)},
    "kubernetes:storage.k8s.io/v1:StorageClass": {"type": (("older volume", "gp2"),)},
}
BAD_MACHINES: Final = ("other machines", "p5.48xlarge")
LISTS: Final = ("verbs", "resources", "apiGroups")
"""Of a rule of Kubernetes; one wildcard in each is enough."""
RULES: Final = "kubernetes:rbac.authorization.k8s.io/v1:"


def weakened_values(type_: str, inputs: Mapping[str, Any]) -> Iterator[Weakening]:
    """Yield the weakenings of each value of a resource."""
    for path in leaves(inputs):
        value = value_at(inputs, path)
        for operator, new in _of_value(type_, path, value):
            if new != value and not (new is ABSENT and value is None):
                yield operator, path, new


def _of_value(type_: str, path: str, value: Any) -> Iterator[tuple[str, Any]]:
    name = next((str(step) for step in reversed(steps(path)) if isinstance(step, str)), "")
    if name in SWITCHES_ON and value in (True, "true"):
        yield "switched off", False if value is True else "false"
        yield "switch removed", ABSENT
    elif name in SWITCHES_OFF and value is False:
        yield "switched on", True
    elif name in KEYS and isinstance(value, str):
        yield "key removed", ABSENT
        yield "key of AWS", "alias/aws/service"
    elif name in SHORT:
        yield "retention cut", SHORT[name]
    elif name == "instanceTypes":
        yield BAD_MACHINES
    yield from VALUES.get(name, ())
    for suffix, changes in BY_TYPE.get(type_, {}).items():
        if path == suffix or path.endswith((f".{suffix}", f"]{suffix}")):
            yield from changes
    yield from _of_role(type_, path, name)


def _of_role(type_: str, path: str, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the wildcards of Kubernetes roles, and the subjects of their bindings."""
    if type_.startswith(RULES) and path.startswith("rules[") and name in LISTS and path.endswith("[0]"):
        yield f"wildcard in {name}", "*"
    if type_.startswith(RULES) and path.startswith("subjects[") and name == "name":
        yield "everybody bound", "system:authenticated"

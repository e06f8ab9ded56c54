"""The table of repairs: inputs before and after, golden, by rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.policies.harness import R
from tests.policies.spec import KEY_ARN, of_type

KMS = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
SECRET_POLICY = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"},
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
        }
    ]
}
SESSIONS = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}


@dataclass(frozen=True)
class Repair:
    """One resource before, and its inputs after; what is not in `after` stays as it was."""

    rule: str
    before: R
    after: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    others: tuple[R, ...] = ()
    """Resources that the rule joins."""

    @property
    def repaired(self) -> dict[str, Any]:
        return {**self.before.props, **self.after}


def deployment(*containers: Mapping[str, Any], **spec: Any) -> R:
    template = {"spec": {"containers": list(containers), **spec}}
    return R("kubernetes:apps/v1:Deployment", {"metadata": {"namespace": "team"}, "spec": {"template": template}})


def described(*containers: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": deployment(*containers, **spec).props["spec"]}


def with_security(**context: Any) -> dict[str, Any]:
    return {"name": "main", "securityContext": context}


REPAIRS = (
    Repair(
        "ENC-02",
        of_type(
            "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            rules=[{**KMS, "bucketKeyEnabled": False}, KMS],
        ),
        {"rules": [{**KMS, "bucketKeyEnabled": True}, {**KMS, "bucketKeyEnabled": True}]},
    ),
    Repair("ENC-07", of_type("kms/key:Key", enableKeyRotation=False), {"enableKeyRotation": True}),
    Repair(
        "ENC-08",
        R("aws:kms/key:Key", {"deletionWindowInDays": 7, "isEnabled": False}, protect=True),
        {"deletionWindowInDays": 30, "isEnabled": True},
    ),
    Repair("ENC-14", of_type("sns/topic:Topic"), {"kmsMasterKeyId": KEY_ARN}, {"repairKey": KEY_ARN}),
    Repair(
        "ENC-14",
        of_type("sns/topic:Topic", kmsMasterKeyId="alias/aws/sns"),
        {"kmsMasterKeyId": KEY_ARN},
        {"repairKey": KEY_ARN},
    ),
    Repair(
        "ENC-15",
        of_type("sqs/queue:Queue", sqsManagedSseEnabled=True),
        {"sqsManagedSseEnabled": False, "kmsMasterKeyId": KEY_ARN},
        {"repairKey": KEY_ARN},
    ),
    Repair(
        "ENC-19",
        of_type("opensearch/domain:Domain"),
        {"domainEndpointOptions": {"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"}},
    ),
    Repair(
        "ENC-19",
        of_type(
            "opensearch/domain:Domain",
            domainEndpointOptions={"enforceHttps": False, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        ),
        {"domainEndpointOptions": {"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"}},
    ),
    Repair(
        "ACC-09",
        of_type("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", bucket="data", blockPublicAcls=False),
        dict.fromkeys(FLAGS, True),
        others=(R("aws:s3/bucket:Bucket", {"bucket": "data"}, "bucket"),),
    ),
    Repair(
        "ACC-10",
        of_type("s3/accountPublicAccessBlock:AccountPublicAccessBlock", blockPublicPolicy=False),
        dict.fromkeys(FLAGS, True),
        {"accountLayer": True},
    ),
    Repair("ACC-11", of_type("s3/bucketAcl:BucketAcl", acl="public-read"), {"acl": "private"}),
    Repair(
        "ACC-11",
        of_type("s3/bucketOwnershipControls:BucketOwnershipControls", rule={"objectOwnership": "ObjectWriter"}),
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
    ),
    Repair(
        "ACC-15",
        of_type("secretsmanager/secretPolicy:SecretPolicy", policy=SECRET_POLICY, blockPublicPolicy=False),
        {"blockPublicPolicy": True},
        {"trustedAccounts": ["111122223333"]},
    ),
    Repair("ACC-17", of_type("rds/instance:Instance", publiclyAccessible=True), {"publiclyAccessible": False}),
    Repair(
        "ACC-17", of_type("rds/clusterInstance:ClusterInstance", publiclyAccessible=True), {"publiclyAccessible": False}
    ),
    Repair(
        "ACC-18",
        of_type("rds/instance:Instance", iamDatabaseAuthenticationEnabled=False),
        {"iamDatabaseAuthenticationEnabled": True, "manageMasterUserPassword": True},
    ),
    Repair("ACC-22", of_type("ec2/instance:Instance"), {"metadataOptions": SESSIONS}),
    Repair(
        "ACC-22",
        of_type("ec2/launchTemplate:LaunchTemplate", metadataOptions={**SESSIONS, "httpTokens": "optional"}),
        {"metadataOptions": SESSIONS},
    ),
    Repair(
        "ACC-28",
        deployment({"name": "main"}, serviceAccountName="reader"),
        described({"name": "main"}, serviceAccountName="reader", automountServiceAccountToken=False),
    ),
    Repair(
        "ACC-28",
        R("kubernetes:core/v1:ServiceAccount", {"metadata": {"name": "reader"}}),
        {"automountServiceAccountToken": False},
    ),
    Repair("POD-01", deployment(with_security(privileged=True)), described(with_security(privileged=False))),
    Repair(
        "POD-02",
        deployment(hostNetwork=True, hostPID=True, hostIPC=True),
        described(hostNetwork=False, hostPID=False, hostIPC=False),
    ),
    Repair("POD-05", deployment({"name": "main"}), described(with_security(capabilities={"drop": ["ALL"]}))),
    Repair(
        "POD-06",
        deployment(with_security(allowPrivilegeEscalation=True)),
        described(with_security(allowPrivilegeEscalation=False)),
    ),
    Repair("POD-07", deployment({"name": "main"}), described({"name": "main"}, securityContext={"runAsNonRoot": True})),
    Repair(
        "POD-08",
        deployment({"name": "main"}, securityContext={"seccompProfile": {"type": "Unconfined"}}),
        described({"name": "main"}, securityContext={"seccompProfile": {"type": "RuntimeDefault"}}),
    ),
    Repair(
        "POD-13",
        R("kubernetes:core/v1:Namespace", {"metadata": {"name": "team", "labels": {}}}),
        {"metadata": {"name": "team", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
    ),
    Repair("NET-04", of_type("ec2/subnet:Subnet", mapPublicIpOnLaunch=True), {"mapPublicIpOnLaunch": False}),
    Repair(
        "NET-04",
        of_type("ec2/launchTemplate:LaunchTemplate", networkInterfaces=[{"associatePublicIpAddress": "true"}]),
        {"networkInterfaces": [{"associatePublicIpAddress": "false"}]},
    ),
    Repair(
        "NET-05",
        of_type("eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}),
        {
            "vpcConfig": {
                "endpointPublicAccess": False,
                "endpointPrivateAccess": True,
                "publicAccessCidrs": ["0.0.0.0/0"],
            }
        },
    ),
    Repair(
        "NET-05",
        of_type("eks/cluster:Cluster", vpcConfig={"publicAccessCidrs": ["203.0.113.0/24"]}),
        {"vpcConfig": {"endpointPrivateAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}},
    ),
    Repair(
        "NET-11",
        R("kubernetes:core/v1:Service", {"spec": {"type": "NodePort", "ports": [{"port": 80}]}}),
        {"spec": {"type": "ClusterIP", "ports": [{"port": 80}]}},
    ),
    Repair("NET-12", of_type("lb/loadBalancer:LoadBalancer", internal=True), {"dropInvalidHeaderFields": True}),
    Repair(
        "LOG-01",
        of_type("cloudtrail/trail:Trail", isMultiRegionTrail=False, enableLogging=False),
        {"isMultiRegionTrail": True, "enableLogFileValidation": True, "enableLogging": True},
    ),
    Repair(
        "LOG-05",
        of_type("eks/cluster:Cluster", enabledClusterLogTypes=["audit"]),
        {"enabledClusterLogTypes": ["audit", "api", "authenticator", "controllerManager", "scheduler"]},
    ),
    Repair("LOG-06", of_type("cloudwatch/logGroup:LogGroup", name="app"), {"retentionInDays": 365}),
    Repair(
        "RES-03",
        of_type("rds/instance:Instance", backupRetentionPeriod=1),
        {"backupRetentionPeriod": 7, "copyTagsToSnapshot": True},
    ),
    Repair(
        "RES-03",
        of_type("rds/instance:Instance", backupRetentionPeriod=7, copyTagsToSnapshot=True),
        {"backupRetentionPeriod": 14},
        {"databaseBackupDays": 14},
    ),
    Repair(
        "RES-04",
        of_type("rds/instance:Instance", autoMinorVersionUpgrade=False),
        {"autoMinorVersionUpgrade": True, "deletionProtection": True},
    ),
    Repair(
        "RES-05",
        of_type("dynamodb/table:Table", deletionProtectionEnabled=False),
        {"deletionProtectionEnabled": True, "pointInTimeRecovery": {"enabled": True}},
    ),
    Repair(
        "SUP-03",
        of_type("ecr/repository:Repository", imageTagMutability="MUTABLE"),
        {"imageTagMutability": "IMMUTABLE"},
    ),
    Repair("SUP-04", of_type("ecr/repository:Repository"), {"imageScanningConfiguration": {"scanOnPush": True}}),
    Repair(
        "SUP-04",
        of_type("ecr/repository:Repository", imageScanningConfiguration={"scanOnPush": False}),
        {"imageScanningConfiguration": {"scanOnPush": True}},
    ),
    Repair(
        "MLG-06",
        of_type(
            "sagemaker/notebookInstance:NotebookInstance",
            rootAccess="Enabled",
            directInternetAccess="Disabled",
            subnetId="subnet-1",
            kmsKeyId=KEY_ARN,
        ),
        {"rootAccess": "Disabled"},
    ),
    Repair(
        "CST-03",
        of_type(
            "ec2/launchTemplate:LaunchTemplate",
            blockDeviceMappings=[{"ebs": {}}, {"ebs": {"volumeType": "io1"}}, {"noDevice": ""}],
        ),
        {"blockDeviceMappings": [{"ebs": {"volumeType": "gp3"}}, {"ebs": {"volumeType": "io2"}}, {"noDevice": ""}]},
    ),
)

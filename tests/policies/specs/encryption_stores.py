"""ENC-11, ENC-12, ENC-18, ENC-20 to ENC-22, ENC-25: volumes and managed stores."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import KEY_ARN, Case, Spec, depending, edit, of_type
from tests.policies.specs.keys import INTERNAL, OWN_KEY, key_cases

ENCRYPTED = {"encrypted": True, "kmsKeyId": KEY_ARN}
MAPPED = {"encrypted": "true", "kmsKeyId": KEY_ARN}
INSTANCE = of_type("ec2/instance:Instance", rootBlockDevice=ENCRYPTED)
UNDESCRIBED = of_type("ec2/instance:Instance", launchTemplate={"id": "lt-1"})
BY_DEFAULT = of_type("ebs/encryptionByDefault:EncryptionByDefault", enabled=True)
ACCOUNT = {"accountLayer": True}

DOMAIN = of_type(
    "opensearch/domain:Domain",
    encryptAtRest={"enabled": True, "kmsKeyId": KEY_ARN},
    nodeToNodeEncryption={"enabled": True},
)
DOMAIN_TWINS = {"aws:opensearch/domain:Domain": "aws:elasticsearch/domain:Domain"}
TABLE = of_type(
    "dynamodb/table:Table",
    serverSideEncryption={"enabled": True, "kmsKeyArn": KEY_ARN},
    replicas=[{"regionName": "eu-central-1", "kmsKeyArn": KEY_ARN}],
)
REPLICA = of_type("dynamodb/tableReplica:TableReplica", kmsKeyArn=KEY_ARN)
CACHE = of_type(
    "elasticache/replicationGroup:ReplicationGroup",
    atRestEncryptionEnabled=True,
    kmsKeyId=KEY_ARN,
    transitEncryptionEnabled=True,
    userGroupIds=["callers"],
)
SERVERLESS = of_type("elasticache/serverlessCache:ServerlessCache", kmsKeyId=KEY_ARN, userGroupId="callers")
USER_GROUP = of_type("elasticache/userGroup:UserGroup", userGroupId="callers")
PASSWORD = R("random:index/randomPassword:RandomPassword", {"length": 32}, "password")
FILES = of_type("efs/fileSystem:FileSystem", encrypted=True, kmsKeyId=KEY_ARN)
VAULT = of_type("backup/vault:Vault", kmsKeyArn=KEY_ARN)
CLASS = R(
    "kubernetes:storage.k8s.io/v1:StorageClass",
    {"provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true", "kmsKeyId": KEY_ARN}},
)
IN_CLEAR = edit("parameters", {"type": "gp3"})(CLASS)


def template(*mappings: Any, **more: Any) -> R:
    return of_type("ec2/launchTemplate:LaunchTemplate", blockDeviceMappings=list(mappings), **more)


def cache(**changes: Any) -> R:
    return CACHE.with_props({**CACHE.props, **changes})


SPECS: dict[str, Spec] = {
    "ENC-11": Spec(
        good=(of_type("ebs/volume:Volume", **ENCRYPTED),),
        leaf="encrypted",
        bad=False,
        flips={"kmsKeyId": OWN_KEY},
        extra=(
            Case("no key, below confidential", (of_type("ebs/volume:Volume", encrypted=True, tags=INTERNAL),), "pass"),
            Case("no key, tier unknown", (of_type("ebs/volume:Volume", encrypted=True, tags=UNKNOWN),), "unknown"),
            Case("in clear, tier unknown", (of_type("ebs/volume:Volume", tags=UNKNOWN),), "deny"),
            Case("as text", (of_type("ebs/volume:Volume", encrypted="true", kmsKeyId=KEY_ARN),), "deny"),
            Case("copy of a snapshot", (of_type("ebs/snapshotCopy:SnapshotCopy", **ENCRYPTED),), "pass"),
            Case("copy of a snapshot in clear", (of_type("ebs/snapshotCopy:SnapshotCopy"),), "deny"),
            *key_cases(INSTANCE, "rootBlockDevice.kmsKeyId"),
            Case("instance", (INSTANCE,), "pass"),
            Case("instance with a root device in clear", (edit("rootBlockDevice.encrypted", False)(INSTANCE),), "deny"),
            Case("instance with a root device of a wrong type", (edit("rootBlockDevice", "gp3")(INSTANCE),), "deny"),
            Case("instance that says nothing", (of_type("ec2/instance:Instance"),), "deny"),
            Case("instance of a template", (UNDESCRIBED,), "pass"),
            Case("instance of a template of no name", (edit("launchTemplate", {})(UNDESCRIBED),), "deny"),
            Case("instance of a template of a wrong type", (edit("launchTemplate", "lt-1")(UNDESCRIBED),), "deny"),
            Case("instance perhaps of a template", (edit("launchTemplate", UNKNOWN)(UNDESCRIBED),), "unknown"),
            Case("another device", (edit("ebsBlockDevices", [ENCRYPTED])(INSTANCE),), "pass"),
            Case("another device in clear", (edit("ebsBlockDevices", [ENCRYPTED, {}])(INSTANCE),), "deny"),
            Case("another device of a template's instance", (edit("ebsBlockDevices", [{}])(UNDESCRIBED),), "deny"),
            Case("other devices unknown", (edit("ebsBlockDevices", UNKNOWN)(INSTANCE),), "unknown"),
            Case("template", (template({"ebs": MAPPED}),), "pass"),
            Case("template, as a boolean", (template({"ebs": ENCRYPTED}),), "pass"),
            Case("template in clear", (template({"ebs": MAPPED}, {"ebs": {"encrypted": "false"}}),), "deny"),
            Case("template with AWS' own key", (template({"ebs": {**MAPPED, "kmsKeyId": OWN_KEY}}),), "deny"),
            Case("template without mappings", (template(),), "deny"),
            Case("template with storage of the host only", (template({"virtualName": "ephemeral0"}),), "deny"),
            Case("template that takes a device away", (template({"ebs": MAPPED}, {"noDevice": "true"}),), "pass"),
            Case("template with a mapping of nothing", (template({"ebs": MAPPED}, {"deviceName": "/dev/b"}),), "deny"),
            Case("template with a mapping of a wrong type", (template({"ebs": MAPPED}, "/dev/b"),), "deny"),
            Case("template, mapping unknown", (template({"ebs": MAPPED}, UNKNOWN),), "unknown"),
            Case("template, storage unknown", (template({"ebs": UNKNOWN}),), "unknown"),
            Case(
                "launch configuration, below confidential",
                (
                    of_type(
                        "ec2/launchConfiguration:LaunchConfiguration",
                        rootBlockDevice={"encrypted": True},
                        ebsBlockDevices=[{"noDevice": True}],
                        tags=INTERNAL,
                    ),
                ),
                "pass",
            ),
            Case(
                "launch configuration, which can name no key",
                (of_type("ec2/launchConfiguration:LaunchConfiguration", rootBlockDevice={"encrypted": True}),),
                "deny",
            ),
        ),
    ),
    "ENC-12": Spec(
        settings=ACCOUNT,
        good=(BY_DEFAULT,),
        leaf="enabled",
        bad=False,
        absent="pass",
        equivalent={"delete enabled": "absent is true"},
        extra=(
            Case("not declared", (of_type("ebs/volume:Volume"),), "deny"),
            Case("not declared, in another stack than the account's", (of_type("ebs/volume:Volume"),), "pass", {}),
            Case("off, in another stack than the account's", (edit("enabled", False)(BY_DEFAULT),), "pass", {}),
            Case("as text", (edit("enabled", "true")(BY_DEFAULT),), "deny"),
        ),
    ),
    "ENC-18": Spec(
        good=(DOMAIN,),
        leaf="encryptAtRest.enabled",
        bad=False,
        twins=DOMAIN_TWINS,
        flips={"encryptAtRest.kmsKeyId": ""},
        extra=(
            *key_cases(DOMAIN, "encryptAtRest.kmsKeyId"),
            Case("nothing said", (of_type("opensearch/domain:Domain"),), "deny"),
            Case("clear between nodes", (edit("nodeToNodeEncryption.enabled", False)(DOMAIN),), "deny"),
            Case("between nodes unknown", (edit("nodeToNodeEncryption", UNKNOWN)(DOMAIN),), "unknown"),
        ),
    ),
    "ENC-20": Spec(
        good=(TABLE,),
        leaf="serverSideEncryption.enabled",
        bad=False,
        flips={"serverSideEncryption.kmsKeyArn": "", "replicas[0].kmsKeyArn": ""},
        equivalent={
            f"{mutation} replicas[0].regionName": "which region does not matter"
            for mutation in ("delete", "flip", "unknown")
        },
        extra=(
            *key_cases(TABLE, "serverSideEncryption.kmsKeyArn"),
            Case("no replicas", (edit("replicas")(TABLE),), "pass"),
            Case("a replica without key", (edit("replicas", [{"regionName": "eu-central-1"}])(TABLE),), "deny"),
            Case("replicas unknown", (edit("replicas", UNKNOWN)(TABLE),), "unknown"),
            Case("replica resource", (REPLICA,), "pass"),
            Case("replica resource without key", (edit("kmsKeyArn")(REPLICA),), "deny"),
        ),
    ),
    "ENC-21": Spec(
        good=(CACHE,),
        leaf="transitEncryptionEnabled",
        bad=False,
        flips={"kmsKeyId": "", "userGroupIds[0]": ""},
        extra=(
            *key_cases(CACHE, "kmsKeyId"),
            Case("at rest in clear", (cache(atRestEncryptionEnabled=False),), "deny"),
            Case("TLS demanded", (cache(transitEncryptionMode="required"),), "pass"),
            Case("TLS preferred", (cache(transitEncryptionMode="preferred"),), "deny"),
            Case("nobody is asked", (cache(userGroupIds=[]),), "deny"),
            Case("a token", (cache(userGroupIds=None, authToken="t" * 16),), "pass"),
            Case("a write-only token", (cache(userGroupIds=None, authTokenWo="t" * 16),), "pass"),
            Case("token unknown", (cache(userGroupIds=None, authToken=UNKNOWN),), "unknown"),
            Case(
                "token unknown, a password of this stack",
                (depending(authToken=PASSWORD)(cache(userGroupIds=None, authToken=UNKNOWN)),),
                "pass",
            ),
            Case("token unknown, groups known", (cache(authToken=UNKNOWN),), "pass"),
            Case("groups unknown", (cache(userGroupIds=UNKNOWN),), "unknown"),
            Case(
                "group of this stack, not known yet",
                (depending(userGroupIds=USER_GROUP)(cache(userGroupIds=[UNKNOWN])),),
                "pass",
            ),
            Case("serverless", (SERVERLESS,), "pass"),
            Case("serverless without key", (edit("kmsKeyId")(SERVERLESS),), "deny"),
            Case("serverless, nobody is asked", (edit("userGroupId")(SERVERLESS),), "deny"),
        ),
    ),
    "ENC-22": Spec(
        good=(FILES,),
        leaf="encrypted",
        bad=False,
        flips={"kmsKeyId": ""},
        extra=(
            *key_cases(FILES, "kmsKeyId"),
            *key_cases(VAULT, "kmsKeyArn"),
            Case("vault", (VAULT,), "pass"),
        ),
    ),
    "ENC-25": Spec(
        good=(CLASS,),
        leaf="parameters.encrypted",
        bad="false",
        flips={"parameters.kmsKeyId": ""},
        equivalent={
            "delete provisioner": "good parameters are good for every driver",
            "unknown provisioner": "as above",
        },
        survives={"flip provisioner": "parameters of another driver are its own"},
        extra=(
            *key_cases(CLASS, "parameters.kmsKeyId"),
            Case("as a boolean", (edit("parameters.encrypted", True)(CLASS),), "deny"),
            Case("nothing said", (IN_CLEAR,), "deny"),
            Case("another driver", (edit("provisioner", "efs.csi.aws.com")(IN_CLEAR),), "pass"),
            Case("of EKS Auto Mode", (edit("provisioner", "ebs.csi.eks.amazonaws.com")(IN_CLEAR),), "deny"),
            Case("the name before drivers", (edit("provisioner", "kubernetes.io/aws-ebs")(IN_CLEAR),), "deny"),
            Case("driver unknown, parameters bad", (edit("provisioner", UNKNOWN)(IN_CLEAR),), "unknown"),
            Case("no driver", (edit("provisioner")(IN_CLEAR),), "deny"),
            Case("driver of a wrong type", (edit("provisioner", ["x"])(IN_CLEAR),), "deny"),
            Case(
                "no key, where none is asked",
                (edit("parameters.kmsKeyId")(CLASS),),
                "pass",
                {"storageClassNamesKey": False},
            ),
            Case(
                "a list",
                (
                    R(
                        "kubernetes:storage.k8s.io/v1:StorageClassList",
                        {"items": [dict(CLASS.props), dict(IN_CLEAR.props)]},
                    ),
                ),
                "deny",
            ),
            Case("a patch", (R("kubernetes:storage.k8s.io/v1:StorageClassPatch", IN_CLEAR.props),), "deny"),
        ),
    ),
}

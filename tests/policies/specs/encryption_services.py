"""ENC-09, ENC-10, ENC-13 to ENC-17, ENC-24: services that name the key they use."""

from dataclasses import replace

from tests.policies.harness import UNKNOWN
from tests.policies.spec import KEY, KEY_ARN, Case, Spec, depending, edit, of_type
from tests.policies.specs.keys import INTERNAL, OWN_KEY, key_cases, tier_cases

CLUSTER = of_type("eks/cluster:Cluster", encryptionConfig={"resources": ["secrets"], "provider": {"keyArn": KEY_ARN}})
REPOSITORY = of_type("ecr/repository:Repository", encryptionConfigurations=[{"encryptionType": "KMS"}])
SECRET = of_type("secretsmanager/secret:Secret", kmsKeyId=KEY_ARN)
TOPIC = of_type("sns/topic:Topic", kmsMasterKeyId=KEY_ARN)
QUEUE = of_type("sqs/queue:Queue", kmsMasterKeyId=KEY_ARN)
MANAGED = of_type("sqs/queue:Queue", sqsManagedSseEnabled=True, tags=INTERNAL)
TRAIL = of_type("cloudtrail/trail:Trail", kmsKeyId=KEY_ARN)
EVENT_DATA = of_type("cloudtrail/eventDataStore:EventDataStore", kmsKeyId=KEY_ARN)
LOG_GROUP = of_type("cloudwatch/logGroup:LogGroup", kmsKeyId=KEY_ARN)
BUS = of_type("cloudwatch/eventBus:EventBus", kmsKeyIdentifier=KEY_ARN)
ARCHIVE = of_type("cloudwatch/eventArchive:EventArchive", kmsKeyIdentifier=KEY_ARN)

SPECS: dict[str, Spec] = {
    "ENC-09": Spec(
        good=(CLUSTER,),
        leaf="encryptionConfig.provider.keyArn",
        bad="",
        flips={"encryptionConfig.provider.keyArn": ""},
        extra=(
            *key_cases(CLUSTER, "encryptionConfig.provider.keyArn"),
            Case("nothing said", (of_type("eks/cluster:Cluster"),), "deny"),
            Case("of nothing", (edit("encryptionConfig.resources", [])(CLUSTER),), "deny"),
            Case("of something else", (edit("encryptionConfig.resources", ["configmaps"])(CLUSTER),), "deny"),
            Case("of more", (edit("encryptionConfig.resources", [UNKNOWN, "secrets"])(CLUSTER),), "pass"),
            Case("of something unknown", (edit("encryptionConfig.resources", [UNKNOWN])(CLUSTER),), "unknown"),
        ),
    ),
    "ENC-10": Spec(
        good=(REPOSITORY,),
        leaf="encryptionConfigurations[0].encryptionType",
        bad="AES256",
        extra=(
            Case("nothing said", (of_type("ecr/repository:Repository"),), "deny"),
            Case("none", (edit("encryptionConfigurations", [])(REPOSITORY),), "deny"),
            Case("two layers", (edit("encryptionConfigurations[0].encryptionType", "KMS_DSSE")(REPOSITORY),), "pass"),
            Case(
                "one of two in clear",
                (edit("encryptionConfigurations", [{"encryptionType": "KMS"}, {}])(REPOSITORY),),
                "deny",
            ),
        ),
    ),
    "ENC-13": Spec(
        good=(SECRET,),
        leaf="kmsKeyId",
        bad="alias/aws/secretsmanager",
        flips={"kmsKeyId": "alias/aws/secretsmanager"},
        extra=(
            *key_cases(SECRET, "kmsKeyId"),
            Case("AWS' own key by ARN", (edit("kmsKeyId", OWN_KEY)(SECRET),), "deny"),
            Case("alias of a key of yours", (edit("kmsKeyId", "alias/secrets")(SECRET),), "pass"),
        ),
    ),
    "ENC-14": Spec(
        good=(TOPIC,),
        leaf="kmsMasterKeyId",
        bad="",
        flips={"kmsMasterKeyId": "alias/aws/sns"},
        extra=(*key_cases(TOPIC, "kmsMasterKeyId"), *tier_cases(TOPIC, "kmsMasterKeyId")),
    ),
    "ENC-15": Spec(
        good=(QUEUE,),
        leaf="kmsMasterKeyId",
        bad="",
        flips={"kmsMasterKeyId": "alias/aws/sqs"},
        extra=(
            *key_cases(QUEUE, "kmsMasterKeyId"),
            *tier_cases(QUEUE, "kmsMasterKeyId"),
            Case("encrypted by SQS, below confidential", (MANAGED,), "pass"),
            Case("encrypted by SQS", (edit("tags")(MANAGED),), "deny"),
            Case(
                "encrypted by SQS, tier by default tags",
                (replace(edit("tags")(MANAGED), default_tags=INTERNAL),),
                "pass",
            ),
            Case("encrypted by SQS, tier not known yet", (edit("tags", UNKNOWN)(MANAGED),), "unknown"),
            Case("perhaps encrypted by SQS", (edit("sqsManagedSseEnabled", UNKNOWN)(MANAGED),), "unknown"),
            Case(
                "perhaps encrypted by SQS, confidential",
                (edit("sqsManagedSseEnabled", UNKNOWN)(edit("tags")(MANAGED)),),
                "deny",
            ),
            Case("not encrypted by SQS", (edit("sqsManagedSseEnabled", False)(MANAGED),), "deny"),
            Case("encrypted by SQS, as text", (edit("sqsManagedSseEnabled", "true")(MANAGED),), "deny"),
            Case(
                "a key of this stack, tier not known yet",
                (
                    depending(kmsMasterKeyId=KEY)(
                        MANAGED.with_props({**MANAGED.props, "kmsMasterKeyId": UNKNOWN, "tags": UNKNOWN})
                    ),
                ),
                "pass",
            ),
        ),
    ),
    "ENC-16": Spec(
        good=(TRAIL,),
        leaf="kmsKeyId",
        bad="",
        flips={"kmsKeyId": "alias/aws/cloudtrail"},
        extra=(
            *key_cases(TRAIL, "kmsKeyId"),
            *tier_cases(TRAIL, "kmsKeyId"),
            Case("event data store", (EVENT_DATA,), "pass"),
            Case("event data store without key", (of_type("cloudtrail/eventDataStore:EventDataStore"),), "deny"),
        ),
    ),
    "ENC-17": Spec(
        good=(LOG_GROUP,),
        leaf="kmsKeyId",
        bad="",
        flips={"kmsKeyId": "alias/aws/logs"},
        extra=(*key_cases(LOG_GROUP, "kmsKeyId"), *tier_cases(LOG_GROUP, "kmsKeyId")),
    ),
    "ENC-24": Spec(
        good=(BUS,),
        leaf="kmsKeyIdentifier",
        bad="",
        flips={"kmsKeyIdentifier": ""},
        extra=(
            *key_cases(BUS, "kmsKeyIdentifier"),
            Case("archive", (ARCHIVE,), "pass"),
            Case("archive without key", (of_type("cloudwatch/eventArchive:EventArchive"),), "deny"),
        ),
    ),
}

"""The good resources of every rule, what breaks each, and which mutants may survive."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import KEY, KEY_ARN, Case, Spec, depending, edit, of_type, swap

SSE = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BUCKET = R("aws:s3/bucket:Bucket", {"bucket": "data"}, "bucket")
BUCKET_TWINS = {
    "aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2",
    SSE: "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
}
DEFAULT = "rules[0].applyServerSideEncryptionByDefault"
ENCRYPTION = R(
    SSE,
    {
        "bucket": "data",
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN}}],
    },
    "encryption",
)
OTHER_BUCKET = R("aws:s3/bucket:Bucket", {"bucket": "other"}, "other")
INLINE = {"rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN}}}
OLDER_INLINE = [
    {"rules": [{"applyServerSideEncryptionByDefaults": [{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN}]}]}
]

TLS_STATEMENT = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
TLS = R("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "data", "policy": {"Statement": [TLS_STATEMENT]}}, "tls")
S = "policy.Statement[0]"


def tls(**changes: Any) -> tuple[R, ...]:
    statement = {key: value for key, value in (TLS_STATEMENT | changes).items() if value is not ABSENT}
    return (TLS.with_props({**TLS.props, "policy": {"Statement": [statement]}}), BUCKET)


DB = R("aws:rds/instance:Instance", {"storageEncrypted": True, "kmsKeyId": KEY_ARN}, "db")
CLUSTER = R("aws:rds/cluster:Cluster", {"storageEncrypted": True, "kmsKeyId": KEY_ARN}, "cluster")
PARAMETERS = R(
    "aws:rds/parameterGroup:ParameterGroup",
    {"name": "tls", "family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "1"}]},
    "parameters",
)
GROUPED = R("aws:rds/instance:Instance", {"parameterGroupName": "tls", "engine": "postgres"}, "db")
CLUSTER_PARAMETERS = replace(
    PARAMETERS, type="aws:rds/clusterParameterGroup:ClusterParameterGroup", name="cluster-parameters"
)
PUBLIC_TAG = {"data-classification": "public"}

SPECS: dict[str, Spec] = {
    "ENC-01": Spec(
        good=(ENCRYPTION, BUCKET),
        leaf=f"{DEFAULT}.sseAlgorithm",
        bad="AES256",
        twins=BUCKET_TWINS,
        flips={f"{DEFAULT}.kmsMasterKeyId": "alias/aws/s3"},
        extra=(
            Case("no companion", (BUCKET,), "deny"),
            Case("of another bucket", (ENCRYPTION, OTHER_BUCKET), "deny"),
            Case("dsse", swap((ENCRYPTION, BUCKET), 0, edit(f"{DEFAULT}.sseAlgorithm", "aws:kms:dsse")), "pass"),
            Case(
                "AWS' own key by ARN",
                swap(
                    (ENCRYPTION, BUCKET),
                    0,
                    edit(f"{DEFAULT}.kmsMasterKeyId", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"),
                ),
                "deny",
            ),
            Case("key unknown", swap((ENCRYPTION, BUCKET), 0, edit(f"{DEFAULT}.kmsMasterKeyId", UNKNOWN)), "unknown"),
            Case(
                "key unknown, of this stack",
                swap(
                    swap((ENCRYPTION, BUCKET), 0, edit(f"{DEFAULT}.kmsMasterKeyId", UNKNOWN)), 0, depending(rules=KEY)
                ),
                "pass",
            ),
            Case(
                "rules unknown, of a key",
                swap(swap((ENCRYPTION, BUCKET), 0, edit("rules", UNKNOWN)), 0, depending(rules=KEY)),
                "unknown",
            ),
            Case("bucket unknown", swap((ENCRYPTION, BUCKET), 0, edit("bucket", UNKNOWN)), "unknown"),
            Case(
                "joined by dependency",
                swap(swap((ENCRYPTION, BUCKET), 0, edit("bucket", UNKNOWN)), 0, depending(bucket=BUCKET)),
                "pass",
            ),
            Case("joined by ARN", swap((ENCRYPTION, BUCKET), 0, edit("bucket", "arn:aws:s3:::data")), "pass"),
            Case(
                "joined by the id of a bucket without a name",
                (ENCRYPTION, replace(BUCKET, props={}, outputs={"id": "data"})),
                "pass",
            ),
            Case(
                "inline", (BUCKET.with_props({"bucket": "data", "serverSideEncryptionConfiguration": INLINE}),), "pass"
            ),
            Case(
                "inline unknown",
                (BUCKET.with_props({"bucket": "data", "serverSideEncryptionConfiguration": UNKNOWN}),),
                "unknown",
            ),
            Case(
                "inline wrong type",
                (BUCKET.with_props({"bucket": "data", "serverSideEncryptionConfiguration": "kms"}),),
                "deny",
            ),
            Case(
                "inline of the older twin",
                (
                    R(
                        "aws:s3/bucketV2:BucketV2",
                        {"bucket": "data", "serverSideEncryptionConfigurations": OLDER_INLINE},
                    ),
                ),
                "pass",
            ),
        ),
    ),
    "ENC-02": Spec(
        good=(
            replace(
                ENCRYPTION,
                props={
                    "rules": [
                        {"bucketKeyEnabled": True, "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}
                    ]
                },
            ),
        ),
        leaf="rules[0].bucketKeyEnabled",
        bad=False,
        twins=BUCKET_TWINS,
        extra=(
            Case("no rules", (replace(ENCRYPTION, props={}),), "deny"),
            Case("one rule unknown", (replace(ENCRYPTION, props={"rules": [UNKNOWN]}),), "unknown"),
            Case(
                "violation before unknown",
                (replace(ENCRYPTION, props={"rules": [{"bucketKeyEnabled": UNKNOWN}]}),),
                "deny",
            ),
        ),
    ),
    "ENC-03": Spec(
        good=(TLS, BUCKET),
        leaf="policy",
        bad={"Statement": [TLS_STATEMENT | {"Effect": "Allow"}]},
        twins=BUCKET_TWINS,
        extra=(
            Case("no companion", (BUCKET,), "deny"),
            Case(
                "joined by dependency",
                swap(swap((TLS, BUCKET), 0, edit("bucket", UNKNOWN)), 0, depending(bucket=BUCKET)),
                "pass",
            ),
            Case("inline", (BUCKET.with_props({"bucket": "data", "policy": TLS.props["policy"]}),), "pass"),
            Case("not JSON", swap((TLS, BUCKET), 0, edit("policy", "{")), "deny"),
            Case("statement as object", swap((TLS, BUCKET), 0, edit("policy", {"Statement": TLS_STATEMENT})), "pass"),
            Case("any AWS principal", tls(Principal={"AWS": "*"}), "pass"),
            Case("some principal", tls(Principal={"AWS": "arn:aws:iam::111122223333:root"}), "deny"),
            Case("some actions", tls(Action="s3:Get*"), "deny"),
            Case("every action", tls(Action="*"), "pass"),
            Case("all of S3, and more", tls(Action=["s3:*", "s3-object-lambda:*"]), "pass"),
            Case("bucket only", tls(Resource="arn:aws:s3:::data"), "deny"),
            Case("objects only", tls(Resource="arn:aws:s3:::data/*"), "deny"),
            Case("a prefix only", tls(Resource=["arn:aws:s3:::data", "arn:aws:s3:::data/x/*"]), "deny"),
            Case("objects of one letter only", tls(Resource=["arn:aws:s3:::data", "arn:aws:s3:::data/?"]), "deny"),
            Case("every resource", tls(Resource="*"), "pass"),
            Case(
                "narrowed by a second condition",
                tls(Condition={"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}}),
                "deny",
            ),
            Case(
                "condition as a boolean, key in another case",
                tls(Condition={"bool": {"aws:securetransport": False}}),
                "pass",
            ),
            Case(
                "two statements",
                swap(
                    (TLS, BUCKET),
                    0,
                    edit(
                        "policy",
                        {
                            "Statement": [
                                TLS_STATEMENT | {"Resource": "arn:aws:s3:::data"},
                                TLS_STATEMENT | {"Resource": "arn:aws:s3:::data/*"},
                            ]
                        },
                    ),
                ),
                "pass",
            ),
            Case(
                "bucket without a known name",
                swap(
                    swap((TLS, replace(BUCKET, props={"bucket": UNKNOWN})), 0, edit("bucket", UNKNOWN)),
                    0,
                    depending(bucket=replace(BUCKET, props={"bucket": UNKNOWN})),
                ),
                "unknown",
            ),
        ),
    ),
    "ENC-04": Spec(
        good=(DB,),
        leaf="storageEncrypted",
        bad=False,
        flips={"kmsKeyId": "alias/aws/rds"},
        extra=(
            Case("no key", (of_type("rds/instance:Instance", storageEncrypted=True),), "deny"),
            Case(
                "no key below confidential",
                (of_type("rds/instance:Instance", storageEncrypted=True, tags=PUBLIC_TAG),),
                "pass",
            ),
            Case(
                "no key, tier by default tags",
                (replace(of_type("rds/instance:Instance", storageEncrypted=True), default_tags=PUBLIC_TAG),),
                "pass",
            ),
            Case(
                "own tag before default tags",
                (
                    replace(
                        of_type(
                            "rds/instance:Instance", storageEncrypted=True, tags={"data-classification": "regulated"}
                        ),
                        default_tags=PUBLIC_TAG,
                    ),
                ),
                "deny",
            ),
            Case(
                "no key, tier unknown",
                (of_type("rds/instance:Instance", storageEncrypted=True, tags=UNKNOWN),),
                "unknown",
            ),
            Case(
                "no key, tier misspelt",
                (of_type("rds/instance:Instance", storageEncrypted=True, tags={"data-classification": "publik"}),),
                "deny",
            ),
            Case(
                "key unknown, of this stack",
                swap((DB.with_props({"storageEncrypted": True, "kmsKeyId": UNKNOWN}),), 0, depending(kmsKeyId=KEY)),
                "pass",
            ),
            Case(
                "key unknown, of another stack",
                swap(
                    (DB.with_props({"storageEncrypted": True, "kmsKeyId": UNKNOWN}),),
                    0,
                    depending(kmsKeyId=R("pulumi:pulumi:StackReference", {})),
                ),
                "unknown",
            ),
            Case("replica", (of_type("rds/instance:Instance", replicateSourceDb="db"),), "pass"),
            Case(
                "replica of an instance of this stack",
                swap(
                    (of_type("rds/instance:Instance", replicateSourceDb=UNKNOWN),), 0, depending(replicateSourceDb=DB)
                ),
                "pass",
            ),
            Case(
                "perhaps a replica, key unknown",
                (of_type("rds/instance:Instance", replicateSourceDb=UNKNOWN, kmsKeyId=UNKNOWN),),
                "unknown",
            ),
            Case(
                "replica of this stack, key unknown",
                (
                    depending(replicateSourceDb=DB)(
                        of_type("rds/instance:Instance", replicateSourceDb=UNKNOWN, kmsKeyId=UNKNOWN)
                    ),
                ),
                "pass",
            ),
            Case("perhaps a replica", (of_type("rds/instance:Instance", replicateSourceDb=UNKNOWN),), "unknown"),
        ),
    ),
    "ENC-05": Spec(
        good=(CLUSTER,),
        leaf="storageEncrypted",
        bad=False,
        flips={"kmsKeyId": ""},
        extra=(
            Case("global cluster", (of_type("rds/globalCluster:GlobalCluster", storageEncrypted=True),), "pass"),
            Case("global cluster in the clear", (of_type("rds/globalCluster:GlobalCluster"),), "deny"),
            Case(
                "key unknown, of this stack",
                swap(
                    (CLUSTER.with_props({"storageEncrypted": True, "kmsKeyId": UNKNOWN}),), 0, depending(kmsKeyId=KEY)
                ),
                "pass",
            ),
            Case("key of a wrong type", (CLUSTER.with_props({"storageEncrypted": True, "kmsKeyId": ["x"]}),), "deny"),
        ),
    ),
    "ENC-06": Spec(
        good=(PARAMETERS, GROUPED),
        leaf="parameters[0].value",
        bad="0",
        equivalent={
            "delete engine": "the family of the group says which parameter is meant",
            "flip engine": "as above",
            "unknown engine": "as above",
        },
        extra=(
            Case("default group", (of_type("rds/instance:Instance", engine="postgres"),), "deny"),
            Case("group in another stack", (GROUPED,), "deny"),
            Case("group unknown", (PARAMETERS, GROUPED.with_props({"parameterGroupName": UNKNOWN})), "unknown"),
            Case(
                "joined by dependency",
                (
                    PARAMETERS,
                    depending(parameterGroupName=PARAMETERS)(GROUPED.with_props({"parameterGroupName": UNKNOWN})),
                ),
                "pass",
            ),
            Case("ON", swap((PARAMETERS, GROUPED), 0, edit("parameters[0].value", "ON")), "pass"),
            Case(
                "MySQL",
                swap(
                    swap((PARAMETERS, GROUPED), 0, edit("family", "mysql8.4")),
                    0,
                    edit("parameters", [{"name": "require_secure_transport", "value": "ON"}]),
                ),
                "pass",
            ),
            Case(
                "another parameter unknown",
                swap(
                    (PARAMETERS, GROUPED),
                    0,
                    edit("parameters", [{"name": UNKNOWN, "value": "1"}, {"name": "rds.force_ssl", "value": "1"}]),
                ),
                "pass",
            ),
            Case(
                "a parameter unknown",
                swap((PARAMETERS, GROUPED), 0, edit("parameters", [{"name": UNKNOWN, "value": "1"}])),
                "unknown",
            ),
            Case("no parameters", swap((PARAMETERS, GROUPED), 0, edit("parameters", [])), "deny"),
            Case("Oracle", swap((PARAMETERS, GROUPED), 0, edit("family", "oracle-ee-19")), "deny"),
            Case("family unknown", swap((PARAMETERS, GROUPED), 0, edit("family", UNKNOWN)), "unknown"),
            Case(
                "cluster",
                (CLUSTER_PARAMETERS, of_type("rds/cluster:Cluster", dbClusterParameterGroupName="tls")),
                "pass",
            ),
            Case(
                "cluster on a group of instances",
                (PARAMETERS, of_type("rds/cluster:Cluster", dbClusterParameterGroupName="tls")),
                "deny",
            ),
            Case("group that nobody uses", (replace(PARAMETERS, props={"family": "postgres17"}),), "pass"),
        ),
    ),
    "ENC-07": Spec(
        good=(KEY,),
        leaf="enableKeyRotation",
        bad=False,
        extra=(
            Case("asymmetric", (of_type("kms/key:Key", customerMasterKeySpec="RSA_4096"),), "pass"),
            Case("HMAC", (of_type("kms/key:Key", keyUsage="GENERATE_VERIFY_MAC"),), "pass"),
            Case("custom key store", (of_type("kms/key:Key", customKeyStoreId="cks-1"),), "pass"),
            Case("perhaps asymmetric", (of_type("kms/key:Key", customerMasterKeySpec=UNKNOWN),), "unknown"),
            Case(
                "spelt out symmetric",
                (of_type("kms/key:Key", customerMasterKeySpec="SYMMETRIC_DEFAULT", keyUsage="ENCRYPT_DECRYPT"),),
                "deny",
            ),
        ),
    ),
    "ENC-08": Spec(
        good=(replace(KEY, props={"deletionWindowInDays": 30, "isEnabled": True}),),
        leaf="deletionWindowInDays",
        bad=7,
        absent="pass",
        equivalent={
            "delete deletionWindowInDays": "KMS waits 30 days by default",
            "delete isEnabled": "a key is enabled by default",
        },
        extra=(
            Case("the least window", (replace(KEY, props={"deletionWindowInDays": 14}),), "pass"),
            Case("a day less", (replace(KEY, props={"deletionWindowInDays": 13}),), "deny"),
            Case("window as text", (replace(KEY, props={"deletionWindowInDays": "30"}),), "deny"),
            Case("not protected", (replace(KEY, protect=False),), "deny"),
        ),
    ),
}

"""MLG-02 and MLG-10."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT, changed
from tests.policies.spec import KEY, KEY_ARN, Case, Spec, depending, of_type
from tests.policies.specs.encryption import BUCKET, DEFAULT, ENCRYPTION

CONFIDENTIAL, INTERNAL = {"data-classification": "confidential"}, {"data-classification": "internal"}
TABLE = R(
    "aws:dynamodb/table:Table",
    {"tags": CONFIDENTIAL, "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY_ARN}},
    "table",
)
VERSIONING = R(
    "aws:s3/bucketVersioning:BucketVersioning",
    {"bucket": "data", "versioningConfiguration": {"status": "Enabled"}},
    "versioning",
)
PRIVATE = R(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    {
        "bucket": "data",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    },
    "private",
)
LOGGING = R("aws:s3/bucketLogging:BucketLogging", {"bucket": "data", "targetBucket": "logs"}, "logging")
SAFE = (BUCKET, ENCRYPTION, VERSIONING, PRIVATE, LOGGING)
KEY_PATH = f"{DEFAULT}.kmsMasterKeyId"


def edited(item: R, path: str, value: Any) -> R:
    return item.with_props(changed(item.props, path, value))


def without(*left_out: R) -> tuple[R, ...]:
    return tuple(item for item in SAFE if item not in left_out)


def instead(old: R, path: str, value: Any) -> tuple[R, ...]:
    return (*without(old), edited(old, path, value))


SERVER = R(
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer", {"artifactStoreUri": "s3://data/mlflow"}, "server"
)
LABELS = {"app.kubernetes.io/name": "mlflow"}
MLFLOW = R(
    "kubernetes:apps/v1:Deployment",
    {
        "metadata": {"namespace": "mlflow", "labels": LABELS},
        "spec": {"template": {"metadata": {"labels": {"app": "mlflow"}}, "spec": {"containers": []}}},
    },
    "mlflow",
)
SERVICE = R(
    "kubernetes:core/v1:Service",
    {"metadata": {"name": "web", "namespace": "mlflow"}, "spec": {"type": "ClusterIP", "selector": {"app": "mlflow"}}},
    "service",
)
BACKEND = {"service": {"name": "web"}}
INGRESS = R(
    "kubernetes:networking.k8s.io/v1:Ingress",
    {"metadata": {"namespace": "mlflow"}, "spec": {"rules": [{"http": {"paths": [{"backend": BACKEND}]}}]}},
    "ingress",
)
AUTH = {"nginx.ingress.kubernetes.io/auth-url": "https://login.example.com"}
OPEN = edited(SERVICE, "spec.type", "LoadBalancer")

SPECS: dict[str, Spec] = {
    "MLG-02": Spec(
        good=(TABLE,),
        leaf="tags.data-classification",
        bad="secret",
        absent="pass",
        flips={"serverSideEncryption.kmsKeyArn": ""},
        equivalent={"delete tags.data-classification": "an untagged store counts as confidential"},
        extra=(
            Case("a table in the clear", (edited(TABLE, "serverSideEncryption", None),), "deny"),
            Case(
                "a table in the clear, internal",
                (TABLE.with_props({"tags": INTERNAL}),),
                "pass",
            ),
            Case("a table in the clear, by default confidential", (TABLE.with_props({}),), "deny"),
            Case(
                "a table in the clear, by default internal",
                (TABLE.with_props({}),),
                "pass",
                {"defaultTier": "internal"},
            ),
            Case(
                "a table in the clear, internal by default tags",
                (replace(TABLE.with_props({}), default_tags=INTERNAL),),
                "pass",
            ),
            Case("a table in the clear, class unknown", (TABLE.with_props({"tags": UNKNOWN}),), "unknown"),
            Case("a table, key unknown", (edited(TABLE, "serverSideEncryption.kmsKeyArn", UNKNOWN),), "unknown"),
            Case(
                "a table, key unknown, of this stack",
                (depending(serverSideEncryption=KEY)(edited(TABLE, "serverSideEncryption.kmsKeyArn", UNKNOWN)),),
                "pass",
            ),
            Case("a safe bucket", SAFE, "pass"),
            Case("a bucket without a key", instead(ENCRYPTION, KEY_PATH, "alias/aws/s3"), "deny"),
            Case("a bucket without versions", without(VERSIONING), "deny"),
            Case("a bucket without a log", without(LOGGING), "deny"),
            Case("a bucket that is not private", instead(PRIVATE, "blockPublicAcls", False), "deny"),
            Case("a bucket with nothing, internal", (edited(BUCKET, "tags", INTERNAL),), "pass"),
            Case(
                "a database that is public",
                (
                    of_type(
                        "rds/instance:Instance",
                        storageEncrypted=True,
                        kmsKeyId=KEY_ARN,
                        enabledCloudwatchLogsExports=["postgresql"],
                        publiclyAccessible=True,
                    ),
                ),
                "deny",
            ),
            Case("a catalogue table", (of_type("glue/catalogTable:CatalogTable", parameters=CONFIDENTIAL),), "pass"),
            Case(
                "a catalogue table of no class",
                (of_type("glue/catalogTable:CatalogTable", parameters={"data-classification": "x"}),),
                "deny",
            ),
            Case(
                "a feature group of no class",
                (of_type("sagemaker/featureGroup:FeatureGroup", tags={"data-classification": "x"}),),
                "deny",
            ),
        ),
    ),
    "MLG-10": Spec(
        good=(SERVER, BUCKET, ENCRYPTION, VERSIONING),
        leaf="artifactStoreUri",
        bad="s3://other/mlflow",
        flips={
            KEY_PATH: "alias/aws/s3",
            f"{DEFAULT}.sseAlgorithm": "AES256",
            "versioningConfiguration.status": "Suspended",
        },
        extra=(
            Case("not S3", (edited(SERVER, "artifactStoreUri", "file:///data"), *SAFE), "deny"),
            Case(
                "by dependency",
                (depending(artifactStoreUri=BUCKET)(edited(SERVER, "artifactStoreUri", UNKNOWN)), *SAFE),
                "pass",
            ),
            Case(
                "by dependency, no versions",
                (depending(artifactStoreUri=BUCKET)(edited(SERVER, "artifactStoreUri", UNKNOWN)), *without(VERSIONING)),
                "deny",
            ),
            Case("no versions", (SERVER, *without(VERSIONING)), "deny"),
            Case("a server of one's own", (MLFLOW, SERVICE), "pass"),
            Case("a service for the world", (MLFLOW, OPEN), "deny"),
            Case("a service on nodes", (MLFLOW, edited(SERVICE, "spec.type", "NodePort")), "deny"),
            Case("a service with addresses", (MLFLOW, edited(SERVICE, "spec.externalIPs", ["192.0.2.1"])), "deny"),
            Case("a service of unknown type", (MLFLOW, edited(SERVICE, "spec.type", UNKNOWN)), "unknown"),
            Case(
                "a service that asks",
                (MLFLOW, edited(OPEN, "metadata.annotations", {"groundwork.io/authentication": "oidc"})),
                "pass",
            ),
            Case("a service that may ask", (MLFLOW, edited(OPEN, "metadata.annotations", UNKNOWN)), "unknown"),
            Case("a service of something else", (MLFLOW, edited(OPEN, "spec.selector", {"app": "web"})), "pass"),
            Case("a service without a selector", (MLFLOW, edited(OPEN, "spec.selector", ABSENT)), "pass"),
            Case("a service elsewhere", (MLFLOW, edited(OPEN, "metadata.namespace", "web")), "pass"),
            Case("a service that may select it", (MLFLOW, edited(OPEN, "spec.selector", UNKNOWN)), "unknown"),
            Case("a service, no tracking server", (edited(MLFLOW, "metadata.labels", {}), OPEN), "pass"),
            Case("a service, perhaps a tracking server", (edited(MLFLOW, "metadata.labels", UNKNOWN), OPEN), "unknown"),
            Case("an ingress", (MLFLOW, SERVICE, INGRESS), "deny"),
            Case(
                "an ingress by default", (MLFLOW, SERVICE, edited(INGRESS, "spec", {"defaultBackend": BACKEND})), "deny"
            ),
            Case("an ingress that asks", (MLFLOW, SERVICE, edited(INGRESS, "metadata.annotations", AUTH)), "pass"),
            Case(
                "an ingress that asks nobody",
                (
                    MLFLOW,
                    SERVICE,
                    edited(INGRESS, "metadata.annotations", {"alb.ingress.kubernetes.io/auth-type": "none"}),
                ),
                "deny",
            ),
            Case(
                "an ingress of another service",
                (MLFLOW, SERVICE, edited(INGRESS, "spec", {"defaultBackend": {"service": {"name": "x"}}})),
                "pass",
            ),
            Case(
                "an ingress of an unknown service",
                (MLFLOW, SERVICE, edited(INGRESS, "spec", {"defaultBackend": {"service": {"name": UNKNOWN}}})),
                "unknown",
            ),
            Case("an ingress elsewhere", (MLFLOW, SERVICE, edited(INGRESS, "metadata.namespace", "web")), "pass"),
        ),
    ),
}

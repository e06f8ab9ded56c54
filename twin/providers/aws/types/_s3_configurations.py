"""What an S3 bucket can be given, each a resource of its own whose id is the bucket's name."""

from collections.abc import Mapping
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON, STRING, Block, ListOf, MapOf
from twin.providers.aws.schema import REGION, Action, Call, Facet, Property, ResourceType

_GONE = ("NoSuchBucket",)
_OWNER = {"expectedBucketOwner": "the provider's allowedAccountIds already say whose buckets these are"}
_TOKEN = {"token": "only for buckets that AWS Support has prepared"}


def _configuration(
    name: str,
    properties: Mapping[str, Property],
    put: Call,
    get: Call,
    delete: Action,
    refused: Mapping[str, str] | None = None,
) -> ResourceType:
    """A resource that is one setting of a bucket: put to create and to update it; the bucket is that of the id."""
    refused = refused or {}
    return ResourceType(
        f"aws:s3/{name[0].lower()}{name[1:]}:{name}",
        "s3",
        id="{bucket}",
        properties={"bucket": Property(required=True, replaces=True), **properties, "region": REGION},
        create=put,
        read=get,
        facets=(Facet(properties=tuple(properties), put=put, created=True),),
        delete=delete,
        refused=refused,
        absent=refused,
    )


def _call(operation: str, into: str = "", result: str = "", missing: tuple[str, ...] = (), **params: Any) -> Call:
    return Call(operation, {"Bucket": "{bucket}", **params}, into=into, result=result, missing=(*_GONE, *missing))


VERSIONING = _configuration(
    "BucketVersioning",
    {
        "versioningConfiguration": Property(
            kind=Block({"status": Property(required=True), "mfaDelete": Property(computed=True)}),
            required=True,
            read="@",
        )
    },
    put=_call("put_bucket_versioning"),
    get=_call("get_bucket_versioning", result="Status && @"),
    # A bucket that once had versions keeps them for ever; the official provider suspends versioning as well.
    delete=_call("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}),
    refused={"mfa": "a code of an MFA device is for one request, it cannot be kept in a program", **_OWNER},
)

ENCRYPTION = _configuration(
    "BucketServerSideEncryptionConfiguration",
    {
        "rules": Property(
            required=True,
            kind=ListOf(
                Block(
                    {
                        "applyServerSideEncryptionByDefault": Property(
                            kind=Block({"sseAlgorithm": Property(required=True), "kmsMasterKeyId": Property()})
                        ),
                        "blockedEncryptionTypes": Property(
                            kind=ListOf(STRING, wrapped="EncryptionType"), computed=True
                        ),
                        "bucketKeyEnabled": Property(kind=BOOLEAN),
                    }
                ),
                ordered=False,
            ),
        )
    },
    put=_call("put_bucket_encryption", into="ServerSideEncryptionConfiguration"),
    get=_call(
        "get_bucket_encryption",
        result="ServerSideEncryptionConfiguration",
        missing=("ServerSideEncryptionConfigurationNotFoundError",),
    ),
    delete=_call("delete_bucket_encryption"),
    refused=_OWNER,
)


def _unblock(ctx: Context) -> None:
    if not ctx.value("skipDestroy"):
        ctx.run(_call("delete_public_access_block"))


_FLAG = Property(kind=BOOLEAN, default=False)

PUBLIC_ACCESS_BLOCK = _configuration(
    "BucketPublicAccessBlock",
    {
        "blockPublicAcls": _FLAG,
        "blockPublicPolicy": _FLAG,
        "ignorePublicAcls": _FLAG,
        "restrictPublicBuckets": _FLAG,
        "skipDestroy": Property(kind=BOOLEAN, sent=False, returned=False),
    },
    put=_call("put_public_access_block", into="PublicAccessBlockConfiguration"),
    get=_call(
        "get_public_access_block",
        result="PublicAccessBlockConfiguration",
        missing=("NoSuchPublicAccessBlockConfiguration",),
    ),
    delete=_unblock,
)

OWNERSHIP_CONTROLS = _configuration(
    "BucketOwnershipControls",
    {"rule": Property(kind=Block({"objectOwnership": Property(required=True)}, only=True), required=True, api="Rules")},
    put=_call("put_bucket_ownership_controls", into="OwnershipControls"),
    get=_call("get_bucket_ownership_controls", result="OwnershipControls", missing=("OwnershipControlsNotFoundError",)),
    delete=_call("delete_bucket_ownership_controls", missing=("OwnershipControlsNotFoundError",)),
)

POLICY = _configuration(
    "BucketPolicy",
    {"policy": Property(kind=JSON, required=True)},
    put=_call("put_bucket_policy"),
    get=_call("get_bucket_policy", missing=("NoSuchBucketPolicy",)),
    delete=_call("delete_bucket_policy"),
)

_SIZES = {"objectSizeGreaterThan": Property(kind=INTEGER), "objectSizeLessThan": Property(kind=INTEGER)}
_TAG = Property(kind=Block({"key": Property(required=True), "value": Property(required=True)}))
_AND_TAGS = {"prefix": Property(), "tags": Property(kind=MapOf())}

_LIFECYCLE_RULE = Block(
    {
        "id": Property(required=True),
        "status": Property(required=True),
        "abortIncompleteMultipartUpload": Property(kind=Block({"daysAfterInitiation": Property(kind=INTEGER)})),
        "expiration": Property(
            kind=Block(
                {
                    "date": Property(),
                    "days": Property(kind=INTEGER),
                    "expiredObjectDeleteMarker": Property(kind=BOOLEAN),
                }
            )
        ),
        "filter": Property(
            kind=Block(
                {
                    "and": Property(kind=Block({**_SIZES, **_AND_TAGS})),
                    **_SIZES,
                    "prefix": Property(),
                    "tag": _TAG,
                }
            )
        ),
        "noncurrentVersionExpiration": Property(
            kind=Block(
                {
                    "noncurrentDays": Property(kind=INTEGER, required=True),
                    "newerNoncurrentVersions": Property(kind=INTEGER),
                }
            )
        ),
        "noncurrentVersionTransitions": Property(
            kind=ListOf(
                Block(
                    {
                        "noncurrentDays": Property(kind=INTEGER, required=True),
                        "storageClass": Property(required=True),
                        "newerNoncurrentVersions": Property(kind=INTEGER),
                    }
                ),
                ordered=False,
            )
        ),
        "prefix": Property(),
        "transitions": Property(
            kind=ListOf(
                Block(
                    {
                        "storageClass": Property(required=True),
                        "date": Property(),
                        "days": Property(kind=INTEGER),
                    }
                ),
                ordered=False,
            )
        ),
    }
)

LIFECYCLE = _configuration(
    "BucketLifecycleConfiguration",
    {
        "rules": Property(kind=ListOf(_LIFECYCLE_RULE, ordered=False)),
        "transitionDefaultMinimumObjectSize": Property(computed=True, initial="all_storage_classes_128K"),
    },
    put=_call(
        "put_bucket_lifecycle_configuration",
        into="LifecycleConfiguration",
        TransitionDefaultMinimumObjectSize="{transitionDefaultMinimumObjectSize}",
    ),
    get=_call("get_bucket_lifecycle_configuration", missing=("NoSuchLifecycleConfiguration",)),
    delete=_call("delete_bucket_lifecycle"),
    refused={"timeouts": "the resource option customTimeouts does the same", **_OWNER},
)

LOGGING = _configuration(
    "BucketLogging",
    {
        "targetBucket": Property(required=True),
        "targetPrefix": Property(required=True),
        "targetObjectKeyFormat": Property(
            kind=Block(
                {
                    "partitionedPrefix": Property(kind=Block({"partitionDateSource": Property(required=True)})),
                    "simplePrefix": Property(kind=Block({})),
                }
            )
        ),
    },
    put=_call("put_bucket_logging", into="BucketLoggingStatus.LoggingEnabled"),
    get=_call("get_bucket_logging", result="LoggingEnabled"),
    delete=_call("put_bucket_logging", BucketLoggingStatus={}),
    refused={"targetGrants": "they are ACLs, which a bucket with owner enforced refuses", **_OWNER},
)

OBJECT_LOCK = _configuration(
    "BucketObjectLockConfiguration",
    {
        "objectLockEnabled": Property(default="Enabled", replaces=True),
        "rule": Property(
            kind=Block(
                {
                    "defaultRetention": Property(
                        kind=Block(
                            {
                                "days": Property(kind=INTEGER),
                                "mode": Property(),
                                "years": Property(kind=INTEGER),
                            }
                        ),
                        required=True,
                    )
                }
            )
        ),
    },
    put=_call("put_object_lock_configuration", into="ObjectLockConfiguration"),
    get=_call(
        "get_object_lock_configuration",
        result="ObjectLockConfiguration",
        missing=("ObjectLockConfigurationNotFoundError",),
    ),
    # Object lock itself cannot be switched off again; its default retention can.
    delete=_call("put_object_lock_configuration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}),
    refused={**_TOKEN, **_OWNER},
)

_STATUS = Property(kind=Block({"status": Property(required=True)}))
_REPLICATION_RULE = Block(
    {
        "destination": Property(
            required=True,
            kind=Block(
                {
                    "bucket": Property(required=True),
                    "accessControlTranslation": Property(kind=Block({"owner": Property(required=True)})),
                    "account": Property(),
                    "encryptionConfiguration": Property(kind=Block({"replicaKmsKeyId": Property(required=True)})),
                    "metrics": Property(
                        kind=Block(
                            {
                                "status": Property(required=True),
                                "eventThreshold": Property(
                                    kind=Block({"minutes": Property(kind=INTEGER, required=True)})
                                ),
                            }
                        )
                    ),
                    "replicationTime": Property(
                        kind=Block(
                            {
                                "status": Property(required=True),
                                "time": Property(
                                    kind=Block({"minutes": Property(kind=INTEGER, required=True)}), required=True
                                ),
                            }
                        )
                    ),
                    "storageClass": Property(),
                }
            ),
        ),
        "status": Property(required=True),
        "deleteMarkerReplication": _STATUS,
        "existingObjectReplication": _STATUS,
        "filter": Property(kind=Block({"and": Property(kind=Block(_AND_TAGS)), "prefix": Property(), "tag": _TAG})),
        "id": Property(computed=True),
        "prefix": Property(),
        "priority": Property(kind=INTEGER),
        "sourceSelectionCriteria": Property(
            kind=Block({"replicaModifications": _STATUS, "sseKmsEncryptedObjects": _STATUS})
        ),
    }
)

REPLICATION = _configuration(
    "BucketReplicationConfig",
    {
        "role": Property(required=True),
        "rules": Property(kind=ListOf(_REPLICATION_RULE, ordered=False), required=True),
    },
    put=_call("put_bucket_replication", into="ReplicationConfiguration"),
    get=_call(
        "get_bucket_replication",
        result="ReplicationConfiguration",
        missing=("ReplicationConfigurationNotFoundError",),
    ),
    delete=_call("delete_bucket_replication"),
    refused=_TOKEN,
)

CONFIGURATIONS = (
    VERSIONING,
    ENCRYPTION,
    PUBLIC_ACCESS_BLOCK,
    OWNERSHIP_CONTROLS,
    POLICY,
    LIFECYCLE,
    LOGGING,
    OBJECT_LOCK,
    REPLICATION,
)

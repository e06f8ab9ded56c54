"""S3."""

import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, Example, World

_Holds = Callable[[World, str, Mapping[str, Any]], None]


def _new_bucket(world: World, *, versions: bool = False, lock: bool = False) -> str:
    name = world.name("bucket")
    s3 = world.client("s3")
    place = {"LocationConstraint": world.region}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=lock)
    if versions:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def _bucket_holds(world: World, bucket: str, inputs: Mapping[str, Any]) -> None:
    s3 = world.client("s3")
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == world.region
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert tags == inputs["tagsAll"]
    if inputs.get("objectLockEnabled"):
        lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        assert lock["ObjectLockEnabled"] == "Enabled"
        s3.put_object(
            Bucket=bucket,
            Key="left-over",
            Body=b"forceDestroy lifts the lock that can be lifted",
            ObjectLockMode="GOVERNANCE",
            ObjectLockRetainUntilDate=datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1),
        )
    else:
        s3.put_object(Bucket=bucket, Key="left-over", Body=b"forceDestroy takes it away")


def _reads(operation: str, expected: Callable[[Mapping[str, Any]], Any], *path: str) -> _Holds:
    """A bucket's setting as `operation` answers it, against what the inputs say."""

    def holds(world: World, bucket: str, inputs: Mapping[str, Any]) -> None:
        answer: Any = getattr(world.client("s3"), operation)(Bucket=bucket)
        for part in path:
            answer = answer[part]
        assert answer == expected(inputs)

    return holds


def _policy_holds(world: World, bucket: str, inputs: Mapping[str, Any]) -> None:
    assert json.loads(world.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(inputs["policy"])


def _policy(bucket: str, *actions: str) -> str:
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(actions) or "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


def _encryption(algorithm: str, key: str = "", *, bucket_key: bool = True) -> list[dict[str, Any]]:
    default = {"sseAlgorithm": algorithm} | ({"kmsMasterKeyId": key} if key else {})
    return [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": bucket_key}]


def _expected_encryption(inputs: Mapping[str, Any]) -> Any:
    names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
    return [
        {
            "ApplyServerSideEncryptionByDefault": {
                names[name]: value for name, value in rule["applyServerSideEncryptionByDefault"].items()
            },
            "BucketKeyEnabled": rule["bucketKeyEnabled"],
        }
        for rule in inputs["rules"]
    ]


_BLOCK = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

_NONCURRENT = {"noncurrentDays": 90, "newerNoncurrentVersions": 2}


def _lifecycle_holds(world: World, bucket: str, inputs: Mapping[str, Any]) -> None:
    rules = world.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert len(rules) == len(inputs["rules"])
    for rule, said in zip(rules, inputs["rules"], strict=True):
        assert rule["ID"] == said["id"]
        assert rule["Status"] == said["status"]
        if "noncurrentVersionExpiration" in said:
            expected = {"NoncurrentDays": 90, "NewerNoncurrentVersions": 2}
            assert rule["NoncurrentVersionExpiration"] == expected
        for transition, said_transition in zip(rule.get("Transitions", ()), said.get("transitions", ()), strict=True):
            assert transition["Days"] == said_transition["days"]
            assert transition["StorageClass"] == said_transition["storageClass"]
        if "abortIncompleteMultipartUpload" in said:
            assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
        if "and" in said.get("filter", {}):
            assert rule["Filter"]["And"]["Prefix"] == "tmp/"
            assert rule["Filter"]["And"]["Tags"] == [{"Key": "keep", "Value": "no"}]


def _suspended(world: World, bucket: str) -> None:
    assert world.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"


def _encrypted_by_s3(world: World, bucket: str) -> None:
    answer = world.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert answer["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def _without_retention(world: World, bucket: str) -> None:
    lock = world.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock == {"ObjectLockEnabled": "Enabled"}


def _expected_retention(inputs: Mapping[str, Any]) -> Any:
    retention = inputs["rule"]["defaultRetention"]
    return {"DefaultRetention": {"Mode": retention["mode"], "Days": retention["days"]}}


def _replication_role(world: World) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = world.client("iam").create_role(RoleName=world.name("replication"), AssumeRolePolicyDocument=document)
    arn: str = role["Role"]["Arn"]
    return arn


def _replica(bucket: str, *, status: str = "Enabled") -> dict[str, Any]:
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    return {
        "id": "all",
        "status": status,
        "priority": 1,
        "filter": {},
        "deleteMarkerReplication": {"status": "Enabled"},
        "destination": {
            "bucket": f"arn:aws:s3:::{bucket}",
            "storageClass": "STANDARD_IA",
            "encryptionConfiguration": {"replicaKmsKeyId": key},
        },
        "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
    }


def _replication_holds(world: World, bucket: str, inputs: Mapping[str, Any]) -> None:
    held = world.client("s3").get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    (rule,), (said,) = held["Rules"], inputs["rules"]
    assert held["Role"] == inputs["role"]
    assert rule["Status"] == said["status"]
    assert rule["Destination"]["Bucket"] == said["destination"]["bucket"]
    key = said["destination"]["encryptionConfiguration"]["replicaKmsKeyId"]
    assert rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"] == key
    assert rule["SourceSelectionCriteria"]["SseKmsEncryptedObjects"]["Status"] == "Enabled"


def _replication(world: World) -> dict[str, Any]:
    source, target = _new_bucket(world, versions=True), _new_bucket(world, versions=True)
    return {"bucket": source, "role": _replication_role(world), "rules": [_replica(target)]}


def _bucket_policy(world: World) -> dict[str, Any]:
    bucket = _new_bucket(world)
    return {"bucket": bucket, "policy": _policy(bucket)}


EXAMPLES = (
    Example(
        "aws:s3/bucket:Bucket",
        inputs=lambda _: {"forceDestroy": True, "tags": {"data-classification": "internal"}},
        holds=_bucket_holds,
        updates=({"tags": {"data-classification": "public"}}, {"tags": None}),
        not_imported=frozenset({"forceDestroy"}),
    ),
    Example(
        "aws:s3/bucket:Bucket",
        inputs=lambda world: {"bucket": world.name("locked"), "objectLockEnabled": True, "forceDestroy": True},
        holds=_bucket_holds,
        not_imported=frozenset({"forceDestroy"}),
        case="locked",
    ),
    Example(
        "aws:s3/bucketVersioning:BucketVersioning",
        inputs=lambda world: {"bucket": _new_bucket(world), "versioningConfiguration": {"status": "Enabled"}},
        holds=_reads("get_bucket_versioning", lambda said: said["versioningConfiguration"]["status"], "Status"),
        updates=({"versioningConfiguration": {"status": "Suspended"}},),
        remains=_suspended,
    ),
    Example(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        inputs=lambda world: {"bucket": _new_bucket(world), "rules": _encryption("aws:kms", "alias/data")},
        holds=_reads("get_bucket_encryption", _expected_encryption, "ServerSideEncryptionConfiguration", "Rules"),
        updates=(
            {"rules": _encryption("aws:kms", "alias/other")},
            {"rules": _encryption("AES256", bucket_key=False)},
        ),
        remains=_encrypted_by_s3,
    ),
    Example(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        inputs=lambda world: {"bucket": _new_bucket(world), **dict.fromkeys(_BLOCK, True)},
        holds=_reads(
            "get_public_access_block",
            lambda said: {name[0].upper() + name[1:]: said[name] for name in _BLOCK},
            "PublicAccessBlockConfiguration",
        ),
        updates=({"blockPublicPolicy": False}, {"ignorePublicAcls": None}),
    ),
    Example(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        inputs=lambda world: {
            "bucket": _new_bucket(world),
            "rule": {"objectOwnership": "BucketOwnerEnforced"},
        },
        holds=_reads(
            "get_bucket_ownership_controls",
            lambda said: [{"ObjectOwnership": said["rule"]["objectOwnership"]}],
            "OwnershipControls",
            "Rules",
        ),
        updates=({"rule": {"objectOwnership": "BucketOwnerPreferred"}},),
    ),
    Example(
        "aws:s3/bucketPolicy:BucketPolicy",
        inputs=_bucket_policy,
        holds=_policy_holds,
        updates=({"policy": _policy("other", "s3:GetObject", "s3:PutObject")},),
    ),
    Example(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        inputs=lambda world: {
            "bucket": _new_bucket(world, versions=True),
            "rules": [
                {
                    "id": "expire-noncurrent",
                    "status": "Enabled",
                    "filter": {},
                    "noncurrentVersionExpiration": _NONCURRENT,
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
        holds=_lifecycle_holds,
        updates=(
            {
                "rules": [
                    {
                        "id": "cold",
                        "status": "Enabled",
                        "filter": {"prefix": "models/"},
                        "transitions": [
                            {"days": 30, "storageClass": "STANDARD_IA"},
                            {"days": 90, "storageClass": "GLACIER"},
                        ],
                    },
                    {
                        "id": "temporary",
                        "status": "Enabled",
                        "filter": {"and": {"prefix": "tmp/", "tags": {"keep": "no"}}},
                        "expiration": {"days": 3},
                    },
                ]
            },
            {
                "rules": [
                    {
                        "id": "markers",
                        "status": "Disabled",
                        "filter": {},
                        "expiration": {"expiredObjectDeleteMarker": True},
                    }
                ]
            },
        ),
    ),
    Example(
        "aws:s3/bucketLogging:BucketLogging",
        inputs=lambda world: {
            "bucket": _new_bucket(world),
            "targetBucket": _new_bucket(world),
            "targetPrefix": "access/",
        },
        holds=_reads("get_bucket_logging", lambda said: said["targetPrefix"], "LoggingEnabled", "TargetPrefix"),
        updates=({"targetPrefix": "elsewhere/"},),
    ),
    Example(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        inputs=lambda world: {
            "bucket": _new_bucket(world, lock=True),
            "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1}},
        },
        holds=_reads("get_object_lock_configuration", _expected_retention, "ObjectLockConfiguration", "Rule"),
        updates=({"rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 2}}},),
        remains=_without_retention,
    ),
    Example(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        inputs=_replication,
        holds=_replication_holds,
        updates=({"rules": [_replica("another", status="Disabled")]},),
    ),
)

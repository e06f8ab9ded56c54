"""As `encryption`, for RES-01 and RES-02."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

DATA = R("aws:s3/bucket:Bucket", {"bucket": "my-datasets"}, "datasets")
REGULATED = {"data-classification": "regulated"}
VERSIONING = R(
    "aws:s3/bucketVersioning:BucketVersioning",
    {"bucket": "my-datasets", "versioningConfiguration": {"status": "Enabled"}},
    "versioning",
)
LOCK = R("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", {"bucket": "my-datasets"}, "lock")
VERSIONED = (VERSIONING, DATA)
NAMELESS = DATA.with_props({"bucket": UNKNOWN, "tags": {"content": "model"}})

RULE = {
    "status": "Enabled",
    "filter": {},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    "noncurrentVersionExpiration": {"noncurrentDays": 90},
}
LIFECYCLE = R(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    {"bucket": "my-datasets", "rules": [RULE]},
    "lifecycle",
)
AGES = (LIFECYCLE, DATA)
INLINE_RULE = {
    "enabled": True,
    "abortIncompleteMultipartUploadDays": 7,
    "noncurrentVersionExpiration": {"days": 90},
}
TWINS = {
    "aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2",
    VERSIONING.type: "aws:s3/bucketVersioningV2:BucketVersioningV2",
    LIFECYCLE.type: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
}


def bucket(**props: Any) -> R:
    return DATA.with_props({"bucket": "my-datasets", **props})


def rules(*changes: dict[str, Any]) -> tuple[R, ...]:
    return swap(AGES, 0, edit("rules", [{**RULE, **change} for change in changes]))


SPECS: dict[str, Spec] = {
    "RES-01": Spec(
        good=VERSIONED,
        leaf="versioningConfiguration.status",
        bad="Suspended",
        twins=TWINS,
        extra=(
            Case("no companion", (DATA,), "deny"),
            Case("no data in it", (of_type("s3/bucket:Bucket", bucket="logs"),), "pass"),
            Case("data by tag", (of_type("s3/bucket:Bucket", bucket="x", tags={"content": "model"}),), "deny"),
            Case("name unknown", (of_type("s3/bucket:Bucket", bucket=UNKNOWN),), "unknown"),
            Case("joined by dependency", (
                depending(bucket=NAMELESS)(edit("bucket", UNKNOWN)(VERSIONING)), NAMELESS), "pass"),
            Case("versioning of a bucket that is not known", swap(VERSIONED, 0, edit("bucket", UNKNOWN)), "unknown"),
            Case("inline", (bucket(versioning={"enabled": True}),), "pass"),
            Case("inline, off", (bucket(versioning={"enabled": False}),), "deny"),
            Case("inline, a number for true", (bucket(versioning={"enabled": 1}),), "deny"),
            Case("inline unknown", (bucket(versioning=UNKNOWN),), "unknown"),
            Case("inline of the older twin",
                 (R("aws:s3/bucketV2:BucketV2", {"bucket": "my-datasets", "versionings": [{"enabled": True}]}),),
                 "pass"),
            Case("regulated, no lock", (VERSIONING, bucket(tags=REGULATED)), "deny"),
            Case("regulated, locked", (VERSIONING, bucket(tags=REGULATED, objectLockEnabled=True)), "pass"),
            Case("regulated, lock by companion", (VERSIONING, bucket(tags=REGULATED), LOCK), "pass"),
            Case("regulated, lock off by companion",
                 (VERSIONING, bucket(tags=REGULATED), edit("objectLockEnabled", "Disabled")(LOCK)), "deny"),
            Case("regulated, lock of another bucket",
                 (VERSIONING, bucket(tags=REGULATED), edit("bucket", "other")(LOCK)), "deny"),
            Case("regulated, lock inline", (
                VERSIONING, bucket(tags=REGULATED, objectLockConfiguration={"objectLockEnabled": "Enabled"})), "pass"),
            Case("regulated, lock unknown", (VERSIONING, bucket(tags=REGULATED, objectLockEnabled=UNKNOWN)), "unknown"),
            Case("class misspelt", (VERSIONING, bucket(tags={"data-classification": "regulatd"})), "deny"),
            Case("class unknown", (VERSIONING, bucket(tags={"data-classification": UNKNOWN})), "unknown"),
            Case("class unknown, locked",
                 (VERSIONING, bucket(tags={"data-classification": UNKNOWN}, objectLockEnabled=True)), "pass"),
            Case("tags unknown", (VERSIONING, of_type("s3/bucket:Bucket", bucket="x", tags=UNKNOWN)), "unknown"),
        ),
    ),
    "RES-02": Spec(
        good=AGES,
        leaf="rules[0].abortIncompleteMultipartUpload.daysAfterInitiation",
        bad=0,
        twins=TWINS,
        extra=(
            Case("no companion", (DATA,), "deny"),
            Case("of another bucket", swap(AGES, 0, edit("bucket", "other")), "deny"),
            Case("two rules share the work", rules(
                {"noncurrentVersionExpiration": None}, {"abortIncompleteMultipartUpload": None}), "pass"),
            Case("versions stay", rules({"noncurrentVersionExpiration": None}), "deny"),
            Case("switched off", rules({"status": "Disabled"}), "deny"),
            Case("for a prefix", rules({"filter": {"prefix": "tmp/"}}), "deny"),
            Case("for an empty prefix", rules({"filter": {"prefix": ""}}), "pass"),
            Case("for an older prefix", rules({"prefix": "tmp/"}), "deny"),
            Case("for a tag", rules({"filter": {"tag": {"key": "k", "value": "v"}}}), "deny"),
            Case("for large objects", rules({"filter": {"objectSizeGreaterThan": 1024}}), "deny"),
            Case("for what is not known", rules({"filter": UNKNOWN}), "unknown"),
            Case("a rule for a prefix beside it", rules({}, {"filter": {"prefix": "tmp/"}}), "pass"),
            Case("days as text", rules({"noncurrentVersionExpiration": {"noncurrentDays": "90"}}), "deny"),
            Case("days unknown", rules({"noncurrentVersionExpiration": {"noncurrentDays": UNKNOWN}}), "unknown"),
            Case("one question open, one answered no", rules(
                {"noncurrentVersionExpiration": {"noncurrentDays": UNKNOWN},
                 "abortIncompleteMultipartUpload": None}), "deny"),
            Case("joined by dependency", (
                depending(bucket=NAMELESS)(edit("bucket", UNKNOWN)(LIFECYCLE)), NAMELESS), "pass"),
            Case("inline", (bucket(lifecycleRules=[INLINE_RULE]),), "pass"),
            Case("inline, off", (bucket(lifecycleRules=[INLINE_RULE | {"enabled": False}]),), "deny"),
            Case("inline, for a prefix", (bucket(lifecycleRules=[INLINE_RULE | {"prefix": "x"}]),), "deny"),
            Case("inline, for tags", (bucket(lifecycleRules=[INLINE_RULE | {"tags": {"a": "b"}}]),), "deny"),
            Case("inline of the older twin", (R("aws:s3/bucketV2:BucketV2", {"lifecycleRules": [{
                "enabled": True, "abortIncompleteMultipartUploadDays": 7,
                "noncurrentVersionExpirations": [{"days": 90}]}]}),), "pass"),
        ),
    ),
}  # fmt: skip

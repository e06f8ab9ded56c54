"""RES-01 and RES-02: older versions of objects, and what becomes of them."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.answers import Answer, every, holds, some
from policies.config import Settings
from policies.index import S3_IDENTITIES, Resource, Stack
from policies.labels import holds_data
from policies.rule import LocatedFindings, Rule, StackRule, Undecided, Violation, lacking, tier
from policies.tokens import aws
from policies.values import Node

BUCKET = aws("s3/bucket:Bucket")
VERSIONING = aws("s3/bucketVersioning:BucketVersioning")
OBJECT_LOCK = aws("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
LIFECYCLE = aws("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")

_Said = list[tuple[Resource, Answer]]
"""What each resource says about a question."""


def _is_true(node: Node) -> Answer:
    return holds(node, lambda value: value is True)


def _equals(node: Node, *allowed: str | None) -> Answer:
    return holds(node, lambda value: (value is None or isinstance(value, str)) and value in allowed)


def _concluded(
    stack: Stack, bucket: Resource, kind: frozenset[str], said: _Said, missing: Violation
) -> LocatedFindings:
    """Yield what remains of a question about a bucket, after what it and its companions of a kind say."""
    answer = some(answer for _, answer in said)
    companions = stack.companions(bucket, kind, "bucket", S3_IDENTITIES)
    if answer is True:
        return
    if isinstance(answer, Node):
        source = next(resource for resource, one in said if one is answer)
        yield source, Undecided(answer.path)
    else:
        yield from lacking(bucket, companions.possible, missing)


def _companions(stack: Stack, bucket: Resource, kind: frozenset[str]) -> tuple[Resource, ...]:
    return stack.companions(bucket, kind, "bucket", S3_IDENTITIES).certain


# RES-01: versions


def _versioned(stack: Stack, bucket: Resource) -> _Said:
    inline = (*bucket["versioning"].each(), *bucket["versionings"].each())  # older twin: the plural
    return [
        *((bucket, _is_true(entry["enabled"])) for entry in inline),
        *(
            (child, _equals(child["versioningConfiguration"]["status"], "Enabled"))
            for child in _companions(stack, bucket, VERSIONING)
        ),
    ]


def _locked(stack: Stack, bucket: Resource) -> _Said:
    inline = bucket["objectLockConfiguration"]
    return [
        (bucket, _is_true(bucket["objectLockEnabled"])),
        *((bucket, _equals(entry["objectLockEnabled"], "Enabled")) for entry in inline.each()),
        *(
            (child, _equals(child["objectLockEnabled"], None, "Enabled"))
            for child in _companions(stack, bucket, OBJECT_LOCK)
        ),
    ]


def _data_has_versions(stack: Stack, settings: Settings) -> LocatedFindings:
    for bucket in stack.of(BUCKET):
        data = holds_data(bucket, settings)
        if data is False:
            continue
        missing = "a BucketVersioning of it, with status Enabled"
        findings = list(
            _concluded(stack, bucket, VERSIONING, _versioned(stack, bucket),
                       Violation("versioning", "an overwritten object is lost", missing, companion=True))
        )  # fmt: skip
        class_ = tier(bucket, settings)
        regulated = holds(class_, lambda value: not isinstance(value, str) or settings.at_least(value, "regulated"))
        if regulated is not False:
            lock = Violation("objectLockEnabled", "a version can be deleted before its time", "true")
            locked = list(_concluded(stack, bucket, OBJECT_LOCK, _locked(stack, bucket), lock))
            findings += [(bucket, Undecided("tags"))] if locked and isinstance(regulated, Node) else locked
        if findings and data is None:
            yield bucket, Undecided("tags" if bucket["tags"].unknown else "bucket")
        else:
            yield from findings


# RES-02: the end of what is no longer current


def _whole(rule: Node) -> Answer:
    """Return whether a lifecycle rule is about every object."""
    scopes = [rule["prefix"], rule["filter"]["prefix"]]
    named = rule["filter"].value
    others = [rule["filter"][key] for key in named if key != "prefix"] if isinstance(named, dict) else [rule["filter"]]
    return every(
        (
            *(holds(scope, lambda value: value in (None, "")) for scope in scopes),
            *(holds(other, lambda value: value is None or value in ({}, [])) for other in (*others, rule["tags"])),
        )
    )


def _days(node: Node) -> Answer:
    return holds(node, lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 1)


def _lifecycle_rules(stack: Stack, bucket: Resource) -> Iterator[tuple[Resource, Answer, Answer, Answer]]:
    """Yield of each rule: is it on and about every object, does it abort uploads, does it expire versions."""
    for child in _companions(stack, bucket, LIFECYCLE):
        for rule in child["rules"].each():
            on = every((_equals(rule["status"], "Enabled"), _whole(rule)))
            aborts = rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"]
            yield child, on, _days(aborts), _days(rule["noncurrentVersionExpiration"]["noncurrentDays"])
    for rule in bucket["lifecycleRules"].each():
        on = every((_is_true(rule["enabled"]), _whole(rule)))
        # The older twin has the plural.
        expires = (*rule["noncurrentVersionExpiration"].each(), *rule["noncurrentVersionExpirations"].each())
        uploads = _days(rule["abortIncompleteMultipartUploadDays"])
        yield bucket, on, uploads, some(_days(entry["days"]) for entry in expires)


def _old_versions_expire(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for bucket in stack.of(BUCKET):
        rules = list(_lifecycle_rules(stack, bucket))
        aborted = [(source, every((on, aborts))) for source, on, aborts, _ in rules]
        expired = [(source, every((on, expires))) for source, on, _, expires in rules]
        where = "an enabled rule of a BucketLifecycleConfiguration, for every object, with"
        for said, what, expected in (
            (aborted, "parts of uploads that were never completed stay", "abortIncompleteMultipartUpload"),
            (expired, "versions that are no longer current stay", "noncurrentVersionExpiration"),
        ):
            missing = Violation("lifecycleRules", what, f"{where} {expected}", companion=not rules)
            yield from _concluded(stack, bucket, LIFECYCLE, said, missing)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="RES-01",
        requirement="Buckets with data sets and models keep older versions, and lock them where data is regulated.",
        why="A data set that is overwritten makes every model trained on it impossible to reproduce.",
        fix='s3.BucketVersioning(bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}); regulated: '
        "s3.Bucket(object_lock_enabled=True)",
        types=BUCKET,
        joins=VERSIONING | OBJECT_LOCK,
        severity=Severity.HIGH,
        controls=("F:S3.14", "F:S3.15", "800-53 CP-9/CP-10", "AISF-DATA-04", "ISO42-A.7.5"),
        check=_data_has_versions,
    ),
    StackRule(
        id="RES-02",
        requirement="Every bucket drops uploads that were never completed, and versions that are no longer current.",
        why="Pieces of uploads and old versions are stored, and paid for, until somebody notices.",
        fix='s3.BucketLifecycleConfiguration(bucket=bucket.bucket, rules=[{"id": "old", "status": "Enabled", '
        '"filter": {}, "abort_incomplete_multipart_upload": {"days_after_initiation": 7}, '
        '"noncurrent_version_expiration": {"noncurrent_days": 90}}])',
        types=BUCKET,
        joins=LIFECYCLE,
        severity=Severity.LOW,
        controls=("F:S3.13",),
        check=_old_versions_expire,
    ),
)

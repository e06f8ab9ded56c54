"""S3: buckets, and what a bucket can be given, each a resource of its own."""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, MapOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.types._s3_configurations import CONFIGURATIONS

_BUCKET = {"Bucket": "{id}"}
_GONE = ("404", "NoSuchBucket")

_MOVED = {
    "accelerationStatus": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "corsRules": "BucketCorsConfiguration",
    "grants": "BucketAcl",
    "lifecycleRules": "BucketLifecycleConfiguration",
    "logging": "BucketLogging",
    "objectLockConfiguration": "BucketObjectLockConfiguration",
    "policy": "BucketPolicy",
    "replicationConfiguration": "BucketReplicationConfig",
    "requestPayer": "BucketRequestPaymentConfiguration",
    "serverSideEncryptionConfiguration": "BucketServerSideEncryptionConfiguration",
    "versioning": "BucketVersioning",
    "website": "BucketWebsiteConfiguration",
}
_DEPRECATED = {name: f"deprecated; the resource aws.s3.{other} takes its place" for name, other in _MOVED.items()}


def _place(ctx: Context) -> dict[str, Any] | None:
    """us-east-1 is where a bucket goes that names no place, and it must not be named."""
    return None if ctx.region == "us-east-1" else {"LocationConstraint": ctx.region}


def _delete_bucket(ctx: Context) -> None:
    if ctx.value("forceDestroy"):
        _empty(ctx)
    ctx.run(Call("delete_bucket", _BUCKET, missing=_GONE))


def _empty(ctx: Context) -> None:
    """Delete every version and delete marker, a page of at most 1000 at a time; a lock is lifted where it can be.

    As the official provider does: GOVERNANCE for who has `s3:BypassGovernanceRetention`, COMPLIANCE for nobody.
    """
    lifted = {"BypassGovernanceRetention": True} if ctx.value("objectLockEnabled") else {}
    while True:
        page = ctx.run(Call("list_object_versions", _BUCKET, missing=_GONE))
        found = [*(page or {}).get("Versions", ()), *(page or {}).get("DeleteMarkers", ())]
        if not found:
            return
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        answer = ctx.call("delete_objects", Bucket=ctx.id, Delete={"Objects": objects, "Quiet": True}, **lifted)
        failed = answer.get("Errors")
        if failed:
            first = failed[0]
            raise ProviderError(
                f"s3 bucket {ctx.id} cannot be emptied: {first['Key']}: {first['Code']}: {first['Message']}"
            )


BUCKET = ResourceType(
    "aws:s3/bucket:Bucket",
    "s3",
    id="{bucket}",
    properties={
        "bucket": Property(replaces=True, autoname=Autoname(limit=63, lower=True)),
        "arn": Property(output=True, derived="arn:{partition}:s3:::{bucket}"),
        "bucketDomainName": Property(output=True, derived="{bucket}.s3.amazonaws.com"),
        "bucketRegionalDomainName": Property(output=True, derived="{bucket}.s3.{region}.amazonaws.com"),
        "bucketRegion": Property(output=True, derived="{region}"),
        "forceDestroy": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "objectLockEnabled": Property(
            kind=BOOLEAN,
            computed=True,
            replaces=True,
            initial=False,
            api="ObjectLockEnabledForBucket",
            read="ObjectLockEnabled == 'Enabled'",
        ),
        "region": REGION,
        "tags": TAGS["tags"],
        "tagsAll": Property(kind=MapOf(), computed=True, api="TagSet"),
    },
    create=Call("create_bucket", {"CreateBucketConfiguration": _place}),
    read=Call("head_bucket", _BUCKET, missing=_GONE),
    facets=(
        Facet(
            properties=("objectLockEnabled",),
            get=Call(
                "get_object_lock_configuration",
                _BUCKET,
                result="ObjectLockConfiguration",
                missing=("ObjectLockConfigurationNotFoundError",),
            ),
            created=True,
        ),
        Facet(
            properties=("tagsAll",),
            get=Call("get_bucket_tagging", _BUCKET, missing=("NoSuchTagSet",)),
            put=Call("put_bucket_tagging", _BUCKET, into="Tagging"),
            delete=Call("delete_bucket_tagging", _BUCKET),
        ),
    ),
    delete=_delete_bucket,
    refused={
        **_DEPRECATED,
        "bucketPrefix": "give the name itself, or none and get one made from the logical name",
        "bucketNamespace": "the twin has the global namespace alone",
    },
    absent={
        **_DEPRECATED,
        "bucketPrefix": "never given",
        "bucketNamespace": "the twin has the global namespace alone",
        "hostedZoneId": "the twin has no website hosting",
        "websiteDomain": "deprecated; the twin has no website hosting",
        "websiteEndpoint": "deprecated; the twin has no website hosting",
    },
)

TYPES = (BUCKET, *CONFIGURATIONS)

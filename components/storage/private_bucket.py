"""A bucket with all that makes it private: a store and its replica are both made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import pulumi
from pulumi_aws import s3
from pydantic import Field, model_validator

from components.model import Model, Wire


class Transition(Model):
    """When objects move to a cheaper storage class."""

    days: Annotated[int, Field(ge=30, le=3650)] = Field(examples=[90])
    """Age in whole days; S3 asks for 30 before STANDARD_IA and ONEZONE_IA."""
    storage_class: Literal["INTELLIGENT_TIERING", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"] = Field(
        examples=["INTELLIGENT_TIERING"]
    )
    """S3's name of the class. ONEZONE_IA is not offered: it would leave the data in a single zone."""


class Lifecycle(Model):
    """What happens to objects as they age. Current versions never expire."""

    noncurrent_days: Annotated[int, Field(ge=1, le=3650)] = Field(default=90, examples=[90])
    """Age at which an overwritten or deleted version is removed for good."""
    abort_multipart_days: Annotated[int, Field(ge=1, le=365)] = Field(default=7, examples=[7])
    """Age at which the parts of an upload that was never completed are removed."""
    transitions: tuple[Transition, ...] = Field(
        default=(), examples=[[{"days": 90, "storage_class": "INTELLIGENT_TIERING"}]]
    )
    """Moves of current versions to cheaper storage; none by default."""


class ExpiringLifecycle(Lifecycle):
    """What happens to logs as they age."""

    expiration_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(default=None, examples=[365])
    """Age at which a current version expires; absent, it never does."""

    @model_validator(mode="after")
    def _moves_before_it_expires(self) -> Self:
        last = max((move.days for move in self.transitions), default=0)
        if self.expiration_days is not None and self.expiration_days <= last:
            raise ValueError(
                f"expiration_days is {self.expiration_days}, but transitions move objects as late as after {last} days"
            )
        return self


@dataclass(frozen=True, kw_only=True)
class BucketPlan:
    """What one bucket is to be: plain values but for the key."""

    bucket_name: str
    policy: str
    key_arn: Wire
    tags: Mapping[str, str]
    lifecycle: Lifecycle
    region: str
    force_destroy: bool
    protect: bool
    object_lock: bool


@dataclass(frozen=True)
class PrivateBucket:
    """The bucket and the pieces that others wait for."""

    bucket: s3.Bucket
    versioning: s3.BucketVersioning
    policy: s3.BucketPolicy


def private_bucket(name: str, plan: BucketPlan, parent: pulumi.Resource) -> PrivateBucket:
    """Register a bucket and its companions as `{name}-…` under `parent`."""
    child = pulumi.ResourceOptions(parent=parent)
    # Stateful: renaming this without an alias replaces the bucket and loses the data in it.
    bucket = s3.Bucket(
        f"{name}-bucket",
        bucket=plan.bucket_name,
        region=plan.region,
        force_destroy=plan.force_destroy,
        object_lock_enabled=plan.object_lock,
        tags=plan.tags,
        opts=pulumi.ResourceOptions(parent=parent, protect=plan.protect),
    )
    public_access = s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=bucket.bucket,
        region=plan.region,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=child,
    )
    s3.BucketOwnershipControls(
        f"{name}-ownership",
        bucket=bucket.bucket,
        region=plan.region,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=child,
    )
    encryption = s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        region=plan.region,
        rules=[
            {
                "bucket_key_enabled": True,
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": plan.key_arn,
                },
            }
        ],
        opts=child,
    )
    versioning = s3.BucketVersioning(
        f"{name}-versioning",
        bucket=bucket.bucket,
        region=plan.region,
        versioning_configuration={"status": "Enabled"},
        opts=child,
    )
    s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.bucket,
        region=plan.region,
        rules=_lifecycle_rules(plan.lifecycle),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[versioning]),  # versions must exist before they expire
    )
    policy = s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        region=plan.region,
        policy=plan.policy,
        # Last, because who writes waits for it: by then the bucket is private and encrypts with its key. S3 also
        # refuses two changes of one bucket's access settings at the same moment.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[public_access, encryption]),
    )
    return PrivateBucket(bucket=bucket, versioning=versioning, policy=policy)


def _lifecycle_rules(lifecycle: Lifecycle) -> Sequence[s3.BucketLifecycleConfigurationRuleArgsDict]:
    """One rule for each concern, so that a change of one is read as such in a preview."""
    rules: list[s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "abort-incomplete-uploads",
            "status": "Enabled",
            "filter": {},
            "abort_incomplete_multipart_upload": {"days_after_initiation": lifecycle.abort_multipart_days},
        },
        {
            "id": "expire-noncurrent-versions",
            "status": "Enabled",
            "filter": {},
            "noncurrent_version_expiration": {"noncurrent_days": lifecycle.noncurrent_days},
        },
    ]
    if isinstance(lifecycle, ExpiringLifecycle) and lifecycle.expiration_days is not None:
        rules.append(
            {
                "id": "expire-current-versions",
                "status": "Enabled",
                "filter": {},
                "expiration": {"days": lifecycle.expiration_days},
            }
        )
    if lifecycle.transitions:
        rules.append(
            {
                "id": "move-to-cheaper-storage",
                "status": "Enabled",
                "filter": {},
                "transitions": [
                    {"days": move.days, "storage_class": move.storage_class} for move in lifecycle.transitions
                ],
            }
        )
    return rules

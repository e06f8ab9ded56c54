"""A private, versioned, KMS-encrypted S3 bucket: data sets, model artifacts, the DVC remote, logs, the audit trail.

Owns the bucket, all that makes it safe, and its replica where one is asked for; not the KMS key, which must outlive it
and is wired in. Encryption, versions, TLS and the public-access block are not options. A store without an access-log
bucket is itself where access logs go.

S3's own guide names SSE-S3 alone for buckets that receive access logs. Delivery to a customer managed key works when
the key's policy admits `logging.s3.amazonaws.com` (aws/aws-cdk pull request 24789; use `access-logs` of
`EncryptionKeys`), and fails in silence without it.

Units:  ages are whole days.
Source: S3 API, PutBucketLifecycleConfiguration, PutObjectLockConfiguration, PutBucketReplication.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import pulumi
from pulumi_aws import s3
from pydantic import Field, model_validator

from components.model import Model, Wire
from components.naming import bucket_name
from components.storage.bucket_policy import access_log_delivery, store_policy
from components.storage.private_bucket import BucketPlan, ExpiringLifecycle, Lifecycle, PrivateBucket, private_bucket
from components.storage.replication import replication_role
from components.tags import DataClass, KeyName, Lineage, backup_tag, class_of, classification_tag


class ObjectLock(Model):
    """How long no version can be deleted, counted from its upload."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(default="GOVERNANCE", examples=["COMPLIANCE"])
    """S3's names. Principals with `s3:BypassGovernanceRetention` may lift GOVERNANCE; COMPLIANCE is lifted by nobody,
    the account root included, until the days are over."""
    days: Annotated[int, Field(ge=1, le=3650)] = Field(examples=[365])
    """Default retention of new versions."""


class ObjectStoreSettings(Model):
    """What the stack file says about one store."""

    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the bucket."""
    force_destroy: bool = Field(default=False, examples=[False])
    """Deleting the bucket deletes all objects in it, rather than failing while there are any."""
    lifecycle: Lifecycle = Field(default=Lifecycle(), examples=[{"noncurrent_days": 90}])
    """What happens to objects as they age; current versions never expire."""
    object_lock: ObjectLock | None = Field(default=None, examples=[{"mode": "COMPLIANCE", "days": 365}])
    """Retention that no delete gets around; absent, versions can be deleted by who has the right to. Setting it on a
    store that exists replaces the bucket."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.protect and self.force_destroy:
            raise ValueError("force_destroy has no meaning on a protected store: set protect to false as well")
        return self


class LogStoreSettings(ObjectStoreSettings):
    """What the stack file says about a store of logs, whose objects may expire."""

    lifecycle: ExpiringLifecycle = Field(default=ExpiringLifecycle(), examples=[{"expiration_days": 365}])
    """What happens to objects as they age."""

    @model_validator(mode="after")
    def _lock_before_they_expire(self) -> Self:
        lock, expiration_days = self.object_lock, self.lifecycle.expiration_days
        if lock is not None and expiration_days is not None and expiration_days < lock.days:
            raise ValueError(
                f"lifecycle.expiration_days is {expiration_days}, but object_lock keeps every version for {lock.days}"
            )
        return self


class Replica(Model):
    """Where a second copy of every new object version is kept."""

    region: str = Field(examples=["eu-central-1"])
    """Another region than the store's."""
    key_arn: Wire
    """The key, in that region, that encrypts the copy: made by an `EncryptionKeys` of that region."""
    access_log_bucket_name: Wire
    """Where S3 logs each access to the copy: a store of that region, because S3 delivers to no other."""


class ObjectStoreArgs(Model):
    """What a store is wired to."""

    settings: ObjectStoreSettings = ObjectStoreSettings()
    """What the stack file says."""
    account_id: str
    """Part of the bucket's name."""
    region: str
    """Where the bucket is, and part of its name."""
    environment: str
    """Part of the bucket's name."""
    role: str | None = None
    """What the store is for, as its bucket's name says it; absent, the component's name says it too."""
    key_name: KeyName = DataClass.CONFIDENTIAL
    """Which key it is: says how sensitive the content is, and by which tag the key knows a replication role."""
    key_arn: Wire
    """The customer managed key of that name, in this region."""
    access_log_bucket_name: Wire | None = None
    """Where S3 logs each access to this store; absent, this store is the one that receives the logs."""
    statements: tuple[Mapping[str, Any], ...] = ()
    """Further statements of the bucket policy, for AWS services that write here; none by default."""
    replica: Replica | None = None
    """Absent, the store has no copy in another region."""
    backup_plan_name: str | None = None
    """The plan of `Backups` that the store, not its replica, is in; absent, it is in none."""
    lineage: Lineage | None = None
    """Where it is written of which version, source and run an object is: tags of a store of data sets or models."""
    boundary_arn: Wire | None = None
    """Permissions boundary of the replication role; needed where there is a replica, unused otherwise."""

    @model_validator(mode="after")
    def _replica_is_elsewhere(self) -> Self:
        if self.replica is not None and self.replica.region == self.region:
            raise ValueError(f"replica.region is {self.region!r}, the store's own: name another region")
        if self.replica is not None and self.boundary_arn is None:
            raise ValueError("a store with a replica needs boundary_arn, for the role that S3 replicates with")
        return self


class ObjectStore(pulumi.ComponentResource):
    """One bucket of the platform, named after the component."""

    bucket_name: pulumi.Output[str]
    """Resolves once the bucket's policy stands, so whoever uses it finds a bucket that is ready."""
    bucket_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    key_name: KeyName
    replica_bucket_name: pulumi.Output[str] | None
    """None where no replica was asked for."""

    def __init__(self, name: str, args: ObjectStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:storage:ObjectStore", name, None, opts)
        role = args.role or name
        store = self._bucket(name, role, args, args.region, args.key_arn)
        if args.access_log_bucket_name is not None:
            self._log_accesses(name, role, store, args.region, args.access_log_bucket_name)
        if args.settings.object_lock is not None:
            s3.BucketObjectLockConfiguration(
                f"{name}-object-lock",
                bucket=store.bucket.bucket,
                region=args.region,
                rule={
                    "default_retention": {
                        "mode": args.settings.object_lock.mode,
                        "days": args.settings.object_lock.days,
                    }
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=[store.versioning]),
            )
        self.bucket_name, self.bucket_arn = store.policy.bucket, store.bucket.arn
        self.key_arn = pulumi.Output.from_input(args.key_arn)
        self.key_name = args.key_name
        self.replica_bucket_name = self._replicate(name, role, args, args.replica, store) if args.replica else None
        self.register_outputs(
            {
                "bucket_name": self.bucket_name,
                "bucket_arn": self.bucket_arn,
                "key_arn": self.key_arn,
                "replica_bucket_name": self.replica_bucket_name,
            }
        )

    def _bucket(self, child_name: str, role: str, args: ObjectStoreArgs, region: str, key_arn: Wire) -> PrivateBucket:
        """Make the store's bucket, or its replica in another region: the same in all but place and key."""
        physical = bucket_name(args.environment, role, args.account_id, region)
        statements: list[Mapping[str, Any]] = []
        if region == args.region:  # services write to the store itself; the replica is written by replication alone
            statements += args.statements
        if region == args.region and args.access_log_bucket_name is None:
            statements.append(access_log_delivery(physical, account_id=args.account_id, environment=args.environment))
        plan = BucketPlan(
            bucket_name=physical,
            policy=store_policy(physical, statements),
            key_arn=key_arn,
            tags=classification_tag(class_of(args.key_name))
            | (args.lineage.tags() if args.lineage else {})
            | (backup_tag(args.backup_plan_name) if region == args.region else {}),  # a plan reaches no other region
            lifecycle=args.settings.lifecycle,
            region=region,
            force_destroy=args.settings.force_destroy,
            protect=args.settings.protect,
            object_lock=args.settings.object_lock is not None,
        )
        return private_bucket(child_name, plan, self)

    def _log_accesses(self, name: str, role: str, store: PrivateBucket, region: str, target_bucket: Wire) -> None:
        s3.BucketLogging(
            f"{name}-logging",
            bucket=store.bucket.bucket,
            region=region,
            target_bucket=target_bucket,
            target_prefix=f"{role}/",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _replicate(
        self, name: str, role: str, args: ObjectStoreArgs, replica: Replica, store: PrivateBucket
    ) -> pulumi.Output[str]:
        """Make the replica and the rule that fills it. Deletions stay here: a copy outlives a mistake."""
        copy_name, copy_role = f"{name}-replica", f"{role}-replica"
        copy = self._bucket(copy_name, copy_role, args, replica.region, replica.key_arn)
        self._log_accesses(copy_name, copy_role, copy, replica.region, replica.access_log_bucket_name)
        writer = replication_role(
            name,
            store_role=role,
            environment=args.environment,
            key_name=args.key_name,
            boundary_arn=args.boundary_arn,
            source_bucket_name=bucket_name(args.environment, role, args.account_id, args.region),
            replica_bucket_name=bucket_name(args.environment, copy_role, args.account_id, replica.region),
            parent=self,
        )
        s3.BucketReplicationConfig(
            f"{name}-replication",
            bucket=store.bucket.bucket,
            region=args.region,
            role=writer.arn,
            rules=[
                {
                    "id": "everything",
                    "priority": 0,
                    "status": "Enabled",
                    "filter": {},
                    "delete_marker_replication": {"status": "Disabled"},
                    "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
                    "destination": {
                        "bucket": copy.bucket.arn,
                        "encryption_configuration": {"replica_kms_key_id": replica.key_arn},
                    },
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[store.versioning, copy.versioning, writer.rights]),
        )
        return copy.policy.bucket

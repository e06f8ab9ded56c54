"""A copy of the Kubernetes audit log in the object-locked bucket, where nobody can delete it before the lock ends.

EKS writes the control plane's logs to CloudWatch Logs alone, where an administrator of the account could delete them.
A subscription of that log group hands each event to a delivery stream, which puts them into the bucket under
`kubernetes-audit/`. Owns the subscription, the stream, its own error log and the two roles; not the log group, the
bucket nor the key.

Objects stay as CloudWatch Logs sends them: gzip, one JSON object a batch of events. Several in one file are one gzip
file, so `zcat` reads them. Decompression by Firehose would cost by the GB and put work between the event and the lock.

Objects take the bucket's key by default, because the bucket refuses whoever names one (`bucket_encryption_only`); a
stream that names none says nothing of encryption. The stream itself is encrypted by the same key, through a grant that
whoever makes it lets Firehose make.

Units:  buffering is seconds and MiB.
Source: CloudWatch Logs user guide, "Real-time processing of log data with subscriptions" (delivered as gzip; retried
for 24 hours, but not where a right is missing), "Log group-level subscription filters" (trust with the aws:SourceArn of
the account's logs); Amazon Data Firehose developer guide, "Controlling access", "Custom prefixes for S3";
Firehose API, DeliveryStreamEncryptionConfigurationInput (the grant).
"""

from typing import Final

import pulumi
from pulumi_aws import cloudwatch, iam, kinesis

from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import allow, assumed_by_service, document, service_principal
from components.retention import FromOneYear
from components.tags import DataClass, KeyName, class_of, classification_tag, key_access_tags

STREAM_NAME_LIMIT: Final = 64
FIREHOSE: Final = "firehose.amazonaws.com"
LOGS: Final = "logs.amazonaws.com"
ERROR_STREAM: Final = "DestinationDelivery"
PREFIX: Final = "kubernetes-audit"
"""What is put into the bucket: `events/` by day and hour, `failed/` by kind of failure."""
BUFFERING_SECONDS: Final = 300
BUFFERING_MIB: Final = 5


class AuditLogCopyArgs(Model):
    """What the copy is wired to."""

    account_id: str
    """Whose log it is."""
    region: str
    """Where log group, stream and bucket are."""
    environment: str
    """Part of every name."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the two roles."""
    key_name: KeyName = DataClass.REGULATED
    """The key of the bucket, by name: its policy knows the stream's role by a tag of this name."""
    key_arn: Wire
    """That key, with the uses `delivery-streams`, `log-groups` and `objects`."""
    log_group_name: Wire
    """The control plane's log group; resolves once it exists."""
    bucket_name: Wire
    """The object-locked bucket; resolves once its policy stands."""
    known_bucket_name: str
    """Its name, known before it exists: the role's policy names it."""
    log_retention_in_days: FromOneYear = 365
    """How long the stream's own log, of what it could not deliver, is kept."""


class AuditLogCopy(pulumi.ComponentResource):
    """The stream `groundwork-<environment>-<name>`, and what feeds it."""

    stream_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AuditLogCopyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:security:AuditLogCopy", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        tags = classification_tag(class_of(args.key_name))
        errors = cloudwatch.LogGroup(
            f"{name}-errors",
            name=_error_log(args.environment, name),
            kms_key_id=args.key_arn,
            retention_in_days=args.log_retention_in_days,
            tags=tags,
            opts=self._child,
        )
        # Firehose writes to a stream that is there; it makes none.
        error_stream = cloudwatch.LogStream(
            f"{name}-error-stream", name=ERROR_STREAM, log_group_name=errors.name, opts=self._child
        )
        deliverer, deliver = self._deliverer(tags)
        stream = kinesis.FirehoseDeliveryStream(
            f"{name}-stream",
            name=stream_name(args.environment, name),
            destination="extended_s3",
            server_side_encryption={"enabled": True, "key_type": "CUSTOMER_MANAGED_CMK", "key_arn": args.key_arn},
            extended_s3_configuration={
                "bucket_arn": pulumi.Output.concat("arn:aws:s3:::", args.bucket_name),
                "role_arn": deliverer.arn,
                "prefix": f"{PREFIX}/events/!{{timestamp:yyyy/MM/dd/HH}}/",
                "error_output_prefix": f"{PREFIX}/failed/!{{firehose:error-output-type}}/!{{timestamp:yyyy/MM/dd}}/",
                "file_extension": ".json.gz",
                "compression_format": "UNCOMPRESSED",  # it comes compressed
                "buffering_interval": BUFFERING_SECONDS,
                "buffering_size": BUFFERING_MIB,
                "cloudwatch_logging_options": {
                    "enabled": True,
                    "log_group_name": errors.name,
                    "log_stream_name": error_stream.name,
                },
            },
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[deliver]),
        )
        sender, send = self._sender()
        cloudwatch.LogSubscriptionFilter(
            f"{name}-subscription",
            name=stream_name(args.environment, name),
            log_group=args.log_group_name,
            filter_pattern="",  # everything
            destination_arn=stream.arn,
            role_arn=sender.arn,
            # CloudWatch Logs tries the role on the stream before it takes the subscription.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[send]),
        )
        self.stream_arn = stream.arn
        self.register_outputs({"stream_arn": self.stream_arn})

    def _deliverer(self, tags: dict[str, str]) -> tuple[iam.Role, iam.RolePolicy]:
        """Make the role with which Firehose writes objects under the prefix and its own errors."""
        args, name = self._args, self._name
        arn = stream_arn(args.account_id, args.region, args.environment, name)
        bucket = f"arn:aws:s3:::{args.known_bucket_name}"
        log = f"arn:aws:logs:{args.region}:{args.account_id}:log-group:{_error_log(args.environment, name)}"
        role = iam.Role(
            f"{name}-deliverer",
            name=physical_name(args.environment, name, "deliverer", limit=ROLE_NAME_LIMIT),
            description=f"Firehose puts the Kubernetes audit log of Groundwork {args.environment} into its bucket",
            assume_role_policy=document(assumed_by_service(FIREHOSE, args.account_id, arn)),
            permissions_boundary=args.boundary_arn,
            tags=tags | key_access_tags([(args.key_name, "write")]),
            opts=self._child,
        )
        rights = iam.RolePolicy(
            f"{name}-deliver",
            role=role.name,
            policy=document(
                allow("FindBucket", actions=["s3:GetBucketLocation"], resources=[bucket]),
                allow(
                    "PutObjects",
                    actions=["s3:AbortMultipartUpload", "s3:PutObject"],
                    resources=[f"{bucket}/{PREFIX}/*"],
                ),
                allow("WriteErrors", actions=["logs:PutLogEvents"], resources=[f"{log}:log-stream:{ERROR_STREAM}"]),
            ),
            opts=self._child,
        )
        return role, rights

    def _sender(self) -> tuple[iam.Role, iam.RolePolicy]:
        """Make the role with which CloudWatch Logs puts records on the stream, and on no other."""
        args, name = self._args, self._name
        role = iam.Role(
            f"{name}-sender",
            name=physical_name(args.environment, name, "sender", limit=ROLE_NAME_LIMIT),
            description=f"CloudWatch Logs hands the Kubernetes audit log of Groundwork {args.environment} to Firehose",
            # The ARN that CloudWatch Logs sends is of the account's logs, and holds the account; it is not documented
            # to send aws:SourceAccount beside it, and a role that it cannot assume loses events.
            assume_role_policy=document(
                allow(
                    "AssumedByService",
                    principal=service_principal(LOGS),
                    actions=["sts:AssumeRole"],
                    conditions={"ArnLike": {"aws:SourceArn": f"arn:aws:logs:{args.region}:{args.account_id}:*"}},
                )
            ),
            permissions_boundary=args.boundary_arn,
            opts=self._child,
        )
        rights = iam.RolePolicy(
            f"{name}-send",
            role=role.name,
            policy=document(
                allow(
                    "PutRecords",
                    actions=["firehose:PutRecord", "firehose:PutRecordBatch"],
                    resources=[stream_arn(args.account_id, args.region, args.environment, name)],
                )
            ),
            opts=self._child,
        )
        return role, rights


def stream_name(environment: str, name: str) -> str:
    """Return the stream's physical name."""
    return physical_name(environment, name, limit=STREAM_NAME_LIMIT)


def stream_arn(account_id: str, region: str, environment: str, name: str) -> str:
    """Return the stream's ARN, known before it exists."""
    return f"arn:aws:firehose:{region}:{account_id}:deliverystream/{stream_name(environment, name)}"


def _error_log(environment: str, name: str) -> str:
    return f"/aws/kinesisfirehose/{stream_name(environment, name)}"

"""The record of who did what in the account: a CloudTrail trail of all regions, in a bucket and in a log group.

Owns the trail, its log group and the role that writes to it; not the bucket (an `ObjectStore` with an object lock that
gets `trail_delivery(...)` as extra statements) nor the key. Global events, all regions, validation of log files and
encryption are not options.

Units:  retention is whole days.
Source: CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail", "Role policy document for CloudTrail to use
CloudWatch Logs" (which also says that its trust takes no aws:SourceArn), "Advanced event selectors".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Sequence

import pulumi
from pulumi_aws import cloudtrail, cloudwatch, iam
from pydantic import Field

from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import Statement, allow, document, service_principal
from components.retention import FromOneYear
from components.tags import DataClass, classification_tag

TRAIL_NAME_LIMIT = 128
CLOUDTRAIL = "cloudtrail.amazonaws.com"


class AuditTrailSettings(Model):
    """What the stack file says about the audit trail."""

    retention_in_days: FromOneYear = Field(default=365, examples=[365])
    """How long the log group keeps events; the values that CloudWatch Logs knows, from a year on. The bucket keeps
    them for as long as its own lifecycle says."""
    data_events: bool = Field(default=True, examples=[True])
    """Record each read and write of objects in the data buckets too; CloudTrail charges by the event."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the trail and its log group."""


class AuditTrailArgs(Model):
    """What the trail is wired to."""

    settings: AuditTrailSettings = AuditTrailSettings()
    """What the stack file says."""
    account_id: str
    """Whose events are recorded."""
    region: str
    """The trail's home region."""
    environment: str
    """Part of every name."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the role that writes to the log group."""
    key_arn: Wire
    """The customer managed key of regulated data, with the uses `trails` and `log-groups`."""
    bucket_name: Wire
    """Where the log files go: the `bucket_name` of an `ObjectStore`, which resolves once its policy stands."""
    data_event_bucket_names: tuple[Wire, ...] = ()
    """The buckets whose object-level events are recorded where the settings ask for it; none by default."""


class AuditTrail(pulumi.ComponentResource):
    """The trail `groundwork-<environment>-<name>`."""

    trail_arn: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    log_group_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:security:AuditTrail", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.settings.protect)
        tags = classification_tag(DataClass.REGULATED)
        # Stateful: renaming this without an alias replaces the log group and loses the events in it.
        log_group = cloudwatch.LogGroup(
            f"{name}-events",
            name=f"/aws/cloudtrail/{trail_name(args.environment, name)}",
            kms_key_id=args.key_arn,
            retention_in_days=args.settings.retention_in_days,
            tags=tags,
            opts=kept,
        )
        role, rights = self._role(name, args)
        trail = cloudtrail.Trail(
            f"{name}-trail",
            name=trail_name(args.environment, name),
            s3_bucket_name=args.bucket_name,
            kms_key_id=args.key_arn,
            cloud_watch_logs_group_arn=log_group.arn.apply(lambda arn: f"{arn}:*"),  # CloudTrail asks for all streams
            cloud_watch_logs_role_arn=role.arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            advanced_event_selectors=_event_selectors(args),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect, depends_on=[rights]),
        )
        self.trail_arn, self.log_group_name, self.log_group_arn = trail.arn, log_group.name, log_group.arn
        self.register_outputs(
            {
                "trail_arn": self.trail_arn,
                "log_group_name": self.log_group_name,
                "log_group_arn": self.log_group_arn,
            }
        )

    def _role(self, name: str, args: AuditTrailArgs) -> tuple[iam.Role, iam.RolePolicy]:
        """Make the role with which CloudTrail writes to the log group, and its rights."""
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-role",
            name=physical_name(args.environment, name, "trail", limit=ROLE_NAME_LIMIT),
            description=f"CloudTrail writes the events of Groundwork {args.environment} to their log group",
            # No aws:SourceArn: CloudTrail sends none here, and a trail whose role it cannot assume is refused. That no
            # other account uses the role is seen to by iam:PassRole, which whoever makes a trail needs.
            assume_role_policy=document(
                allow("AssumedByService", principal=service_principal(CLOUDTRAIL), actions=["sts:AssumeRole"])
            ),
            permissions_boundary=args.boundary_arn,
            opts=child,
        )
        log_group = f"/aws/cloudtrail/{trail_name(args.environment, name)}"
        # CloudTrail names its streams after the account and the region it records.
        streams = f"log-group:{log_group}:log-stream:{args.account_id}_CloudTrail_*"
        rights = iam.RolePolicy(
            f"{name}-rights",
            role=role.name,
            policy=document(
                allow(
                    "WriteEvents",
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[f"arn:aws:logs:{args.region}:{args.account_id}:{streams}"],
                )
            ),
            opts=child,
        )
        return role, rights


def trail_name(environment: str, name: str) -> str:
    """Return the trail's physical name."""
    return physical_name(environment, name, limit=TRAIL_NAME_LIMIT)


def trail_arn(account_id: str, region: str, environment: str, name: str) -> str:
    """Return the trail's ARN, known before it exists: the policies of its bucket and its key name it."""
    return f"arn:aws:cloudtrail:{region}:{account_id}:trail/{trail_name(environment, name)}"


def trail_delivery(
    *, bucket_name: str, account_id: str, region: str, environment: str, name: str
) -> tuple[Statement, ...]:
    """Return the statements with which a bucket lets the trail `name`, and no other, deliver its log files."""
    bucket = f"arn:aws:s3:::{bucket_name}"
    source = {"aws:SourceArn": trail_arn(account_id, region, environment, name)}
    return (
        allow(
            "CheckTrailBucket",
            principal=service_principal(CLOUDTRAIL),
            actions=["s3:GetBucketAcl"],
            resources=[bucket],
            conditions={"StringEquals": source},
        ),
        allow(
            "DeliverTrail",
            principal=service_principal(CLOUDTRAIL),
            actions=["s3:PutObject"],
            resources=[f"{bucket}/AWSLogs/{account_id}/*"],
            conditions={"StringEquals": source | {"s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    )


def _event_selectors(args: AuditTrailArgs) -> Sequence[cloudtrail.TrailAdvancedEventSelectorArgsDict]:
    """Return which events are recorded: management always, and those of objects where the settings ask for it."""
    selectors: list[cloudtrail.TrailAdvancedEventSelectorArgsDict] = [
        {"name": "Management events", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]}
    ]
    if args.settings.data_events and args.data_event_bucket_names:
        objects = [pulumi.Output.concat("arn:aws:s3:::", bucket, "/") for bucket in args.data_event_bucket_names]
        selectors.append(
            {
                "name": "Object events of the data buckets",
                "field_selectors": [
                    {"field": "eventCategory", "equals": ["Data"]},
                    {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                    {"field": "resources.ARN", "starts_withs": objects},
                ],
            }
        )
    return selectors

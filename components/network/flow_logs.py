"""A record of every connection of a VPC, accepted or refused, in an encrypted log group.

Owns the log group, the role that AWS writes with and the flow log; not the key, which is wired in.
Units:  retention in whole days, one of those that CloudWatch Logs takes.
Source: VPC user guide, "Publish flow logs to CloudWatch Logs"; its trust condition, "Confused deputy prevention".
"""

import pulumi
from pulumi_aws import cloudwatch, ec2, iam

from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import allow, assumed_by_service, document
from components.retention import FromThreeMonths
from components.tags import DataClass, classification_tag, name_tag

NAME_LIMIT = 500  # of the 512 characters that a log group's name may have


class FlowLogsArgs(Model):
    """What a VPC's flow logs need."""

    account_id: str
    """The AWS account, 12 digits."""
    region: str
    """The AWS region, such as eu-west-1."""
    environment: str
    """Whose network this is; part of the physical names."""
    vpc_id: Wire
    """The VPC to record."""
    retention_days: FromThreeMonths
    """How long a record is kept."""
    logs_key_arn: Wire
    """The KMS key of internal data, which CloudWatch Logs may use for this environment's log groups."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the role that writes the records."""


class FlowLogs(pulumi.ComponentResource):
    """The flow logs of one VPC."""

    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:network:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        log_group_name = f"/aws/vpc/{physical_name(args.environment, name, limit=NAME_LIMIT)}"
        log_group_arn = f"arn:aws:logs:{args.region}:{args.account_id}:log-group:{log_group_name}"

        log_group = cloudwatch.LogGroup(
            f"{name}-log-group",
            name=log_group_name,
            kms_key_id=args.logs_key_arn,
            retention_in_days=args.retention_days,
            tags=classification_tag(DataClass.INTERNAL),
            opts=child,
        )
        role = iam.Role(
            f"{name}-role",
            name=physical_name(args.environment, name, limit=ROLE_NAME_LIMIT),
            description="Lets VPC flow logs write to their log group",
            assume_role_policy=_trust(args),
            permissions_boundary=args.boundary_arn,
            opts=child,
        )
        rights = iam.RolePolicy(f"{name}-rights", role=role.name, policy=_rights(args, log_group_arn), opts=child)
        ec2.FlowLog(
            f"{name}-flow-log",
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=log_group.arn,
            iam_role_arn=role.arn,
            tags=name_tag(args.environment, f"{name}-flow-log") | classification_tag(DataClass.INTERNAL),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),  # without its rights nothing is delivered
        )

        self.log_group_name = log_group.name
        self.register_outputs({"log_group_name": self.log_group_name})


def _trust(args: FlowLogsArgs) -> str:
    # A flow log's id is known after its role: any flow log of the account and region.
    flow_logs = f"arn:aws:ec2:{args.region}:{args.account_id}:vpc-flow-log/*"
    return document(assumed_by_service("vpc-flow-logs.amazonaws.com", args.account_id, flow_logs))


def _rights(args: FlowLogsArgs, log_group_arn: str) -> str:
    return document(
        allow(
            "WriteRecords",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[log_group_arn, f"{log_group_arn}:*"],
        ),
        # The service lists groups before it writes, which cannot be limited to one group.
        allow(
            "FindTheGroup",
            actions=["logs:DescribeLogGroups"],
            resources=[f"arn:aws:logs:{args.region}:{args.account_id}:log-group:*"],
        ),
    )

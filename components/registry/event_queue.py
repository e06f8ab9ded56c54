"""The queue of what happens in the model registry, and the queue of what nobody could handle.

Owns both queues and their policies; not the key, its senders and its receivers. The customer managed key, TLS, callers
of this account only, and of those the ones that are named, are not options: the policies take sending and receiving
from everybody else, whatever IAM allows them. The account's root user may look at messages.

An event that was received `max_receive_count` times and never deleted goes to the second queue, which takes messages
from the first one alone and keeps them for as long as SQS can.

Units:  retention is whole days, the visibility timeout seconds.
Source: SQS API, CreateQueue (MessageRetentionPeriod, RedrivePolicy, RedriveAllowPolicy); SQS developer guide,
"Dead-letter queues" (a message's age counts from when it was first sent); IAM user guide, global condition keys
aws:PrincipalAccount and aws:PrincipalArn (for a session it is the ARN of the role).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from collections.abc import Iterable
from typing import Annotated

import pulumi
from pulumi_aws import sqs
from pydantic import Field

from components.model import Model, Wire
from components.naming import physical_name
from components.policy_document import ANYONE, Conditions, Statement, allow, deny, document
from components.security.secret import RoleArn
from components.tags import DataClass, classification_tag

QUEUE_NAME_LIMIT = 80
DAY_SECONDS = 86400
DEAD_LETTER_DAYS = 14
"""The longest that SQS keeps a message."""
LONG_POLL_SECONDS = 20
SEND = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage")
RECEIVE = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
)
TAKING = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:ReceiveMessage")
"""What makes a message go away from others."""


class RegistryEventsSettings(Model):
    """What the stack file says about events of the registry."""

    retention_days: Annotated[int, Field(ge=1, le=13)] = Field(default=4, examples=[4])
    """How long an event waits for its receiver; less than the 14 days of what could not be handled."""
    visibility_timeout_seconds: Annotated[int, Field(ge=30, le=43200)] = Field(default=60, examples=[60])
    """How long a receiver has for an event before another one gets it."""
    max_receive_count: Annotated[int, Field(ge=1, le=100)] = Field(default=5, examples=[5])
    """How often an event is received before it counts as one that cannot be handled."""


class RegistryEventsArgs(Model):
    """What the queues are wired to."""

    settings: RegistryEventsSettings = RegistryEventsSettings()
    """What the stack file says."""
    account_id: str
    """Whose principals may use the queues."""
    region: str
    """Where the queues are."""
    environment: str
    """Part of their names."""
    key_arn: Wire
    """The customer managed key that encrypts messages."""
    data_class: DataClass = DataClass.CONFIDENTIAL
    """How sensitive the events are: tags the queues."""
    sender_arns: tuple[RoleArn, ...] = Field(min_length=1)
    """The roles that may send, if their own policies let them. They need not exist yet."""
    receiver_arns: tuple[RoleArn, ...] = ()
    """The roles that may receive, from both queues, if their own policies let them; none by default."""


class RegistryEvents(pulumi.ComponentResource):
    """The queues `groundwork-<environment>-registry-events` and `…-registry-events-dead-letter`."""

    queue_url: pulumi.Output[str]
    queue_arn: pulumi.Output[str]
    dead_letter_queue_url: pulumi.Output[str]
    dead_letter_queue_arn: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryEventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:registry:RegistryEvents", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        place = (args.account_id, args.region, args.environment)
        source_arn, dead_letter_arn = queue_arn(*place), dead_letter_queue_arn(*place)
        dead_letter = sqs.Queue(
            f"{name}-dead-letter-queue",
            name=dead_letter_queue_name(args.environment),
            kms_master_key_id=args.key_arn,
            message_retention_seconds=DEAD_LETTER_DAYS * DAY_SECONDS,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            policy=document(*queue_policy(args.account_id, dead_letter_arn, (), args.receiver_arns)),
            redrive_allow_policy=json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [source_arn]}),
            tags=classification_tag(args.data_class),
            opts=child,
        )
        queue = sqs.Queue(
            f"{name}-queue",
            name=queue_name(args.environment),
            kms_master_key_id=args.key_arn,
            message_retention_seconds=args.settings.retention_days * DAY_SECONDS,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            visibility_timeout_seconds=args.settings.visibility_timeout_seconds,
            policy=document(*queue_policy(args.account_id, source_arn, args.sender_arns, args.receiver_arns)),
            # From the resource and not from its name: SQS refuses a dead-letter queue that is not there yet.
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": dead_letter.arn, "maxReceiveCount": args.settings.max_receive_count}
            ),
            tags=classification_tag(args.data_class),
            opts=child,
        )
        self.queue_url, self.queue_arn = queue.url, queue.arn
        self.dead_letter_queue_url, self.dead_letter_queue_arn = dead_letter.url, dead_letter.arn
        self.register_outputs(
            {
                "queue_url": self.queue_url,
                "queue_arn": self.queue_arn,
                "dead_letter_queue_url": self.dead_letter_queue_url,
                "dead_letter_queue_arn": self.dead_letter_queue_arn,
            }
        )


def queue_name(environment: str) -> str:
    """Return the name of an environment's queue of registry events."""
    return physical_name(environment, "registry-events", limit=QUEUE_NAME_LIMIT)


def dead_letter_queue_name(environment: str) -> str:
    """Return the name of the queue of those that nobody could handle."""
    return physical_name(environment, "registry-events-dead-letter", limit=QUEUE_NAME_LIMIT)


def queue_arn(account_id: str, region: str, environment: str) -> str:
    """Return the ARN of the queue, known before it exists."""
    return f"arn:aws:sqs:{region}:{account_id}:{queue_name(environment)}"


def dead_letter_queue_arn(account_id: str, region: str, environment: str) -> str:
    """Return the ARN of the second queue, known before it exists."""
    return f"arn:aws:sqs:{region}:{account_id}:{dead_letter_queue_name(environment)}"


def queue_url(account_id: str, region: str, environment: str) -> str:
    """Return the address of the queue, known before it exists; clients send it along as the queue's name."""
    return f"https://sqs.{region}.amazonaws.com/{account_id}/{queue_name(environment)}"


def queue_policy(
    account_id: str, arn: str, sender_arns: Iterable[str], receiver_arns: Iterable[str]
) -> tuple[Statement, ...]:
    """Return what a queue's own policy takes from everybody. It gives nothing: that is for the roles of its users.

    SQS itself moves messages to the dead-letter queue, without asking a policy, so that one has no senders.
    """
    root = f"arn:aws:iam::{account_id}:root"
    return (
        _deny("DenyWithoutTls", arn, ["sqs:*"], {"Bool": {"aws:SecureTransport": "false"}}),
        _deny("DenyOutsideTheAccount", arn, ["sqs:*"], {"StringNotEquals": {"aws:PrincipalAccount": account_id}}),
        _deny("DenySendingOfOthers", arn, ["sqs:SendMessage"], _but(sender_arns)),
        _deny("DenyReceivingOfOthers", arn, TAKING, _but([*receiver_arns, root])),
    )


def send_events(sid: str, account_id: str, region: str, environment: str) -> Statement:
    """Return the right to send events, for a role's policy."""
    return allow(sid, actions=SEND, resources=[queue_arn(account_id, region, environment)])


def receive_events(sid: str, account_id: str, region: str, environment: str) -> Statement:
    """Return the right to receive events and those that nobody could handle, for a role's policy."""
    place = (account_id, region, environment)
    return allow(sid, actions=RECEIVE, resources=[queue_arn(*place), dead_letter_queue_arn(*place)])


def _but(arns: Iterable[str]) -> Conditions:
    """Return the condition for everybody but these; for everybody where there are none."""
    named = list(arns)
    return {"ArnNotEquals": {"aws:PrincipalArn": named}} if named else {}


def _deny(sid: str, arn: str, actions: Iterable[str], conditions: Conditions) -> Statement:
    return deny(sid, principal=ANYONE, actions=actions, resources=[arn], conditions=conditions)

"""The queues of events that could not be delivered, one where a rule is: what EventBridge gave up on stays there.

EventBridge alone may send, for the environment's rules; roles may receive if their own policies let them. Messages are
events of the account and say who did what; they are internal, and encrypted by SQS: in us-east-1, where some rules have
to be, the environment has no key.

Source: EventBridge user guide, "Using dead-letter queues to process undelivered events" (a standard queue in the rule's
region, and the policy that it needs).
"""

import pulumi
from pulumi_aws import sqs

from components.naming import PROJECT, physical_name
from components.policy_document import ANYONE, allow, deny, document, service_principal
from components.registry.event_queue import DAY_SECONDS, DEAD_LETTER_DAYS, QUEUE_NAME_LIMIT
from components.tags import DataClass, classification_tag


def undelivered_queue(
    name: str, account_id: str, region: str, environment: str, opts: pulumi.ResourceOptions
) -> sqs.Queue:
    """Make the queue `groundwork-<environment>-alarms-undelivered` of a region."""
    physical = physical_name(environment, "alarms-undelivered", limit=QUEUE_NAME_LIMIT)
    queue = f"arn:aws:sqs:{region}:{account_id}:{physical}"
    rules = f"arn:aws:events:{region}:{account_id}:rule/{PROJECT}-{environment}-*"
    send = ["sqs:SendMessage"]
    return sqs.Queue(
        name,
        name=physical,
        region=region,
        message_retention_seconds=DEAD_LETTER_DAYS * DAY_SECONDS,
        sqs_managed_sse_enabled=True,
        policy=document(
            allow(
                "KeepUndelivered",
                principal=service_principal("events.amazonaws.com"),
                actions=send,
                resources=[queue],
                conditions={"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": rules}},
            ),
            deny(
                "DenySendingOfOthers",
                principal=ANYONE,
                actions=send,
                resources=[queue],
                conditions={"Bool": {"aws:PrincipalIsAWSService": "false"}},
            ),
            deny(
                "DenyWithoutTls",
                principal=ANYONE,
                actions=["sqs:*"],
                resources=[queue],
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            ),
        ),
        tags=classification_tag(DataClass.INTERNAL),
        opts=opts,
    )

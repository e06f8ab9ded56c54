"""The dead man's switch: a topic that hears from Alertmanager every few minutes, and an alarm on its silence.

Owns the topic and the alarm, which AWS runs, so that neither shares the fate of the cluster; not the alert that always
fires, nor the topic of alarms that it tells. Nobody has subscribed to the topic: that it was published to counts.

Units:  minutes are whole.
Source: SNS developer guide, "Monitoring Amazon SNS topics using CloudWatch" (NumberOfMessagesPublished, every five
minutes, and no value where nothing was published); CloudWatch user guide, "Configuring how CloudWatch alarms treat
missing data".
"""

from collections.abc import Sequence

import pulumi
from pulumi_aws import cloudwatch, sns

from components.model import Model, Wire
from components.monitoring.alarm_topic import PUBLISH, TOPIC_NAME_LIMIT
from components.naming import physical_name
from components.policy_document import ANYONE, Statement, deny, document
from components.security.secret import RoleArn

TOPIC = "heartbeat"
RUNBOOK = "watchdog"
PERIOD_MINUTES = 5
"""How often SNS counts."""
MISSED = 3
"""Heartbeats that may be missing: a rollout of Alertmanager misses one."""


class HeartbeatArgs(Model):
    """What the switch is wired to."""

    every_minutes: int
    """How often a heartbeat is to come."""
    account_id: str
    """The account of the topic."""
    region: str
    """Where the topic is."""
    environment: str
    """Part of the names."""
    key_arn: Wire
    """The customer managed key that encrypts messages; it has the use `topics`."""
    alarms_topic_arn: Wire
    """The topic that the alarm tells."""
    publisher_role_arn: RoleArn
    """Alertmanager's role, which alone may publish. It need not exist yet."""
    runbooks_url: str
    """Where the runbooks are, without a slash at the end."""


class Heartbeat(pulumi.ComponentResource):
    """The topic and the alarm `groundwork-<environment>-heartbeat`."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: HeartbeatArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:Heartbeat", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic_name = physical_name(args.environment, TOPIC, limit=TOPIC_NAME_LIMIT)
        topic = sns.Topic(
            f"{name}-topic",
            name=topic_name,
            kms_master_key_id=args.key_arn,
            policy=document(*topic_policy(heartbeat_arn(args.account_id, args.region, args.environment), args)),
            opts=child,
        )
        cloudwatch.MetricAlarm(
            f"{name}-alarm",
            name=topic_name,
            alarm_description=(
                "Nothing was heard of Alertmanager: nobody is told of anything. "
                f"Runbook: {args.runbooks_url}/{RUNBOOK}.md"
            ),
            namespace="AWS/SNS",
            metric_name="NumberOfMessagesPublished",
            dimensions={"TopicName": topic_name},
            statistic="Sum",
            comparison_operator="LessThanThreshold",
            threshold=1,
            period=PERIOD_MINUTES * 60,
            evaluation_periods=periods(args.every_minutes),
            treat_missing_data="breaching",
            alarm_actions=[args.alarms_topic_arn],
            ok_actions=[args.alarms_topic_arn],
            opts=child,
        )
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})


def heartbeat_arn(account_id: str, region: str, environment: str) -> str:
    """Return the ARN of the topic, known before it is there."""
    return f"arn:aws:sns:{region}:{account_id}:{physical_name(environment, TOPIC, limit=TOPIC_NAME_LIMIT)}"


def periods(every_minutes: int) -> int:
    """Return how many periods in a row without any heartbeat are too many."""
    return -(-every_minutes * MISSED // PERIOD_MINUTES)


def topic_policy(topic_arn: str, args: HeartbeatArgs) -> Sequence[Statement]:
    """Return the topic's policy, which only takes: a heartbeat of anybody else would hide that Alertmanager is dead."""
    return (
        deny(
            "DenyPublishingOfOthers",
            principal=ANYONE,
            actions=[PUBLISH],
            resources=[topic_arn],
            conditions={"ArnNotEquals": {"aws:PrincipalArn": [args.publisher_role_arn]}},
        ),
        deny(
            "DenyWithoutTls",
            principal=ANYONE,
            actions=[PUBLISH],
            resources=[topic_arn],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )

"""Alarms of AWS itself: of database, queues and search domain, and of what should not happen in the account.

Owns one encrypted topic, its e-mail subscriptions, the CloudWatch alarms and the rules of EventBridge that publish to
it, and the queues of what they could not deliver; not what they watch. Alertmanager publishes to the same topic, with a
role that `publisher_role_arns` names.

Events of IAM and of sign-ins are in us-east-1. An environment elsewhere has rules there too, which send them on to the
bus at home, where the same rules as for all others make messages of them.

A message is an object of JSON, one line a fact: what, who, when, where, on what, and the runbook. Whoever gets it by
e-mail has to confirm the subscription once, in the mail that AWS sends.

Source: EventBridge user guide, "Input transformation" (a variable that is not in the event is left empty; quotes around
it are the template's), "Sending and receiving events between AWS Regions"; SNS API, CreateTopic, Subscribe.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from typing import Annotated, Final

import pulumi
from pulumi_aws import cloudwatch, iam, sns, sqs
from pydantic import Field

from components.model import Model, Wire
from components.monitoring.alarm_metrics import (
    PERIOD_SECONDS,
    AuditCopyAlarmSettings,
    DatabaseAlarmSettings,
    MetricAlarm,
    QueueAlarmSettings,
    audit_copy_alarms,
    database_alarms,
    queue_alarms,
)
from components.monitoring.alarm_topic import topic_name, topic_policy
from components.monitoring.search_alarms import WatchedSearchDomain, search_alarms
from components.monitoring.security_events import EVENT_ALARMS, GLOBAL_REGION, EventAlarm
from components.monitoring.undelivered import undelivered_queue
from components.naming import PROJECT, ROLE_NAME_LIMIT, physical_name
from components.policy_document import allow, assumed_by_service, document
from components.security.secret import RoleArn

ALARM_NAME_LIMIT: Final = 255
RULE_NAME_LIMIT: Final = 64
TARGET_ID: Final = "alarms"
EVENTS: Final = "events.amazonaws.com"

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]


class AlarmsSettings(Model):
    """What the stack file says about alarms of AWS."""

    emails: Annotated[tuple[Email, ...], Field(max_length=10)] = Field(default=(), examples=[["on-call@example.org"]])
    """Who gets every alarm by e-mail, once each has confirmed: up to ten addresses; none by default."""
    database: DatabaseAlarmSettings = Field(default=DatabaseAlarmSettings(), examples=[{"connections": 60}])
    """The registry's database: from which values on."""
    registry_events: QueueAlarmSettings = Field(default=QueueAlarmSettings(), examples=[{"dead_letters": True}])
    """The queue of what happens in the model registry."""
    audit_copy: AuditCopyAlarmSettings = Field(default=AuditCopyAlarmSettings(), examples=[{"late_minutes": 60}])
    """The copy of the Kubernetes audit log in the locked bucket."""


class AlarmsArgs(Model):
    """What the alarms are wired to."""

    settings: AlarmsSettings = AlarmsSettings()
    """What the stack file says."""
    account_id: str
    """Whose events and metrics are watched."""
    region: str
    """Where the environment is."""
    environment: str
    """Part of every name."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the role that sends events on from us-east-1."""
    key_arn: Wire
    """The customer managed key that encrypts messages; it has the use `topics`."""
    runbooks_url: str
    """Where the runbooks are, without a slash at the end."""
    database_identifier: str
    """The registry's database instance, by name."""
    queue_name: str
    """The queue of registry events, by name."""
    dead_letter_queue_name: str
    """The queue of those that could not be handled, by name."""
    audit_stream_name: str
    """The delivery stream of the Kubernetes audit log, by name."""
    search_domain: WatchedSearchDomain | None = None
    """The search domain of logs; none by default."""
    reviewed_role_arns: tuple[RoleArn, ...] = ()
    """The roles whose changes of identities and bucket policies were reviewed, the pipeline's; none by default."""
    publisher_role_arns: tuple[RoleArn, ...] = ()
    """The roles that may publish to the topic beside AWS' services, such as Alertmanager's. They need not exist yet."""


class Alarms(pulumi.ComponentResource):
    """The topic `groundwork-<environment>-alarms`, and what publishes to it."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:Alarms", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        place = (args.account_id, args.region, args.environment)
        topic = sns.Topic(
            f"{name}-topic",
            name=topic_name(args.environment),
            display_name=f"Groundwork {args.environment}"[:100],
            kms_master_key_id=args.key_arn,
            policy=document(*topic_policy(*place, args.publisher_role_arns)),
            opts=self._child,
        )
        self.topic_arn = topic.arn
        for email in args.settings.emails:
            sns.TopicSubscription(
                f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=self._child
            )
        for alarm in (
            *database_alarms(args.settings.database, args.database_identifier),
            *queue_alarms(args.settings.registry_events, args.queue_name, args.dead_letter_queue_name),
            *audit_copy_alarms(args.settings.audit_copy, args.audit_stream_name),
            *(search_alarms(args.search_domain, args.account_id) if args.search_domain else ()),
        ):
            self._on_metric(name, alarm)
        undelivered = undelivered_queue(f"{name}-undelivered", *place, self._child)
        for event in EVENT_ALARMS:
            self._on_event(name, event, undelivered)
        if args.region != GLOBAL_REGION:
            self._send_on(name)
        self.register_outputs({"topic_arn": self.topic_arn})

    def _on_metric(self, name: str, alarm: MetricAlarm) -> None:
        args = self._args
        cloudwatch.MetricAlarm(
            f"{name}-{alarm.name}",
            name=physical_name(args.environment, alarm.name, limit=ALARM_NAME_LIMIT),
            alarm_description=f"{alarm.title}. Runbook: {args.runbooks_url}/{alarm.runbook}.md",
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            statistic=alarm.statistic,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            period=PERIOD_SECONDS,
            evaluation_periods=alarm.periods,
            treat_missing_data=alarm.missing,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            opts=self._child,
        )

    def _on_event(self, name: str, event: EventAlarm, undelivered: sqs.Queue) -> None:
        args = self._args
        rule = cloudwatch.EventRule(
            f"{name}-{event.name}",
            name=physical_name(args.environment, event.name, limit=RULE_NAME_LIMIT),
            description=event.title,
            event_pattern=json.dumps(event.pattern(args.reviewed_role_arns), sort_keys=True),
            state="ENABLED",
            opts=self._child,
        )
        cloudwatch.EventTarget(
            f"{name}-{event.name}-target",
            rule=rule.name,
            target_id=TARGET_ID,
            arn=self.topic_arn,
            input_transformer={
                "input_paths": {**event.paths, **event.on},
                "input_template": message_template(event, args.environment, args.runbooks_url),
            },
            dead_letter_config={"arn": undelivered.arn},
            opts=self._child,
        )

    def _send_on(self, name: str) -> None:
        """Make the rules in us-east-1, and the role with which EventBridge sends what they catch home."""
        args = self._args
        bus = f"arn:aws:events:{args.region}:{args.account_id}:event-bus/default"
        rules = f"arn:aws:events:{GLOBAL_REGION}:{args.account_id}:rule/{PROJECT}-{args.environment}-*"
        role = iam.Role(
            f"{name}-role",
            name=physical_name(args.environment, name, "events", limit=ROLE_NAME_LIMIT),
            description=f"EventBridge sends events of IAM and sign-ins to Groundwork {args.environment}",
            assume_role_policy=document(assumed_by_service(EVENTS, args.account_id, rules)),
            permissions_boundary=args.boundary_arn,
            opts=self._child,
        )
        rights = iam.RolePolicy(
            f"{name}-rights",
            role=role.name,
            policy=document(allow("SendHome", actions=["events:PutEvents"], resources=[bus])),
            opts=self._child,
        )
        undelivered = undelivered_queue(
            f"{name}-undelivered-global", args.account_id, GLOBAL_REGION, args.environment, self._child
        )
        for event in (event for event in EVENT_ALARMS if event.everywhere):
            rule = cloudwatch.EventRule(
                f"{name}-{event.name}-global",
                name=physical_name(args.environment, event.name, limit=RULE_NAME_LIMIT),
                description=f"{event.title}: sent on to {args.region}",
                event_pattern=json.dumps(event.pattern(args.reviewed_role_arns), sort_keys=True),
                state="ENABLED",
                region=GLOBAL_REGION,
                opts=self._child,
            )
            cloudwatch.EventTarget(
                f"{name}-{event.name}-global-target",
                rule=rule.name,
                target_id=TARGET_ID,
                arn=bus,
                role_arn=role.arn,
                dead_letter_config={"arn": undelivered.arn},
                region=GLOBAL_REGION,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
            )


def message_template(event: EventAlarm, environment: str, runbooks_url: str) -> str:
    """Return what EventBridge makes a message of: JSON with a fact a line, whose variables are in quotes.

    The quotes keep it JSON where an event does not say something; EventBridge then leaves nothing between them.
    """
    facts = {
        "alarm": event.title,
        "severity": event.severity,
        "environment": environment,
        **{name: f"<{name}>" for name in (*event.paths, *event.on)},
        "runbook": f"{runbooks_url}/{event.runbook}.md",
    }
    lines = ",\n".join(f'  "{name}": "{value}"' for name, value in facts.items())
    return f"{{\n{lines}\n}}"

"""What the stack file says about who is told of alerts, and how.

A receiver says which alerts it wants, by severity and team, so that each alert reaches each receiver once, whatever the
others want. Whatever is secret of a receiver (the address of a webhook, a key, a password) is an entry, under the
receiver's name, of one secret in Secrets Manager, and nowhere else.

Units:  hours and minutes are whole.
Source: Alertmanager documentation, "Configuration" (email_config, pagerduty_config, slack_config, sns_config,
        webhook_config).
Errors: pydantic.ValidationError naming the field.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator

from components.model import ImageByDigest, Model

NOBODY, HEARTBEAT = "nobody", "heartbeat"
"""Receivers that there always are: of what no other wants, and of the alert that always fires."""

Severity: TypeAlias = Literal["critical", "warning", "info"]
ReceiverName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Team: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
EmailAddress: TypeAlias = Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+\.[^@\s,]+$")]


class Wanted(Model):
    """Which alerts a receiver gets."""

    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = Field(
        default=("critical", "warning"), examples=[["critical"]]
    )
    """Alerts of these severities: critical wakes somebody, warning is for the working day, info is good to know."""
    teams: tuple[Team, ...] = Field(default=(), examples=[["vision"]])
    """Alerts of these teams, `platform` among them; empty, of all."""


class SnsReceiver(Wanted):
    """The environment's encrypted topic of alarms, with whatever has subscribed to it."""

    kind: Literal["sns"] = "sns"


class EmailReceiver(Wanted):
    """E-mail by a mail server that asks for a password; the secret's entry is the password."""

    kind: Literal["email"] = "email"
    to: Annotated[tuple[EmailAddress, ...], Field(min_length=1)] = Field(examples=[["ml@example.org"]])
    """Who gets it."""
    sender: EmailAddress = Field(examples=["alerts@example.org"])
    """Whom it comes from."""
    smarthost: Annotated[str, Field(pattern=r"^[a-z0-9.-]+:[0-9]+$")] = Field(
        examples=["email-smtp.eu-west-1.amazonaws.com:587"]
    )
    """The mail server and its port; it has to offer TLS."""
    username: Annotated[str, Field(pattern=r"^\S+$")] = Field(examples=["AKIDEXAMPLE"])
    """How Alertmanager signs in there."""


class SlackReceiver(Wanted):
    """A channel of Slack; the secret's entry is the address of an incoming webhook."""

    kind: Literal["slack"] = "slack"
    channel: Annotated[str, Field(pattern=r"^#[a-z0-9_-]{1,80}$")] = Field(examples=["#ml-platform"])
    """The channel."""


class PagerDutyReceiver(Wanted):
    """A service of PagerDuty; the secret's entry is its integration key (Events API v2)."""

    kind: Literal["pagerduty"] = "pagerduty"


class WebhookReceiver(Wanted):
    """Anything that takes Alertmanager's JSON by POST; the secret's entry is its address."""

    kind: Literal["webhook"] = "webhook"


Receiver: TypeAlias = Annotated[
    SnsReceiver | EmailReceiver | SlackReceiver | PagerDutyReceiver | WebhookReceiver, Field(discriminator="kind")
]
"""What can be told."""


class HeartbeatSettings(Model):
    """The dead man's switch: an alert that always fires is sent on, and whoever gets it raises an alarm if it stops."""

    kind: Literal["sns", "webhook"] = Field(default="sns", examples=["sns"])
    """sns: the topic of heartbeats, which an alarm of CloudWatch watches. webhook: a service for it; the secret's entry
    `heartbeat` is its address."""
    every_minutes: Annotated[int, Field(ge=1, le=60)] = Field(default=5, examples=[5])
    """How often it is sent."""


class AlertmanagerSettings(Model):
    """What the stack file says about Alertmanager."""

    image: ImageByDigest | None = Field(
        default=None,
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-alertmanager@sha256:" + "0" * 64],
    )
    """Its image by digest, such as a copy in the environment's ECR; absent, upstream's."""
    replicas: Annotated[int, Field(ge=1, le=3)] = Field(default=1, examples=[2])
    """Pods, which agree among themselves on who tells; production has two or more."""
    volume_size_gib: Annotated[int, Field(ge=1, le=100)] | None = Field(default=None, examples=[1])
    """The size of each pod's volume for silences and for what was told already; absent, both are lost with the pod."""
    receivers: dict[ReceiverName, Receiver] = Field(
        default={"alarms": SnsReceiver()}, examples=[{"alarms": {"kind": "sns", "severities": ["critical"]}}]
    )
    """Who is told, by name: up to 31 small letters, digits and hyphens."""
    heartbeat: HeartbeatSettings | None = Field(default=HeartbeatSettings(), examples=[{"kind": "sns"}])
    """The dead man's switch; absent, nobody notices when monitoring itself stops."""
    repeat_hours: Annotated[int, Field(ge=1, le=168)] = Field(default=12, examples=[12])
    """After how long somebody is told again of an alert that still fires; of a critical one after a third of it."""

    @field_validator("receivers")
    @classmethod
    def _are_not_its_own(cls, receivers: dict[str, Receiver]) -> dict[str, Receiver]:
        if taken := sorted({NOBODY, HEARTBEAT} & set(receivers)):
            raise ValueError(f"{', '.join(taken)} is a receiver that there always is: name it otherwise, as alarms")
        return receivers

"""Whom Alertmanager tells of what: its configuration and the texts of its messages, as data.

Each receiver has routes of its own, and all of them are tried, so that an alert reaches each receiver that wants it
once, and none twice. What no receiver wants is shown by Alertmanager and told to nobody. Alerts of one name and one
team come in one message.

Files with secrets are named from the root folder, in which the container works: `run/secrets/alertmanager/<receiver>`.

Source: Alertmanager documentation, "Configuration", "Notification template reference"; SNS API, Publish (a subject has
100 ASCII characters at most).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from components.model import Model
from components.monitoring.alertmanager_settings import (
    HEARTBEAT,
    NOBODY,
    AlertmanagerSettings,
    EmailReceiver,
    PagerDutyReceiver,
    Receiver,
    SlackReceiver,
    SnsReceiver,
    Wanted,
    WebhookReceiver,
)
from components.monitoring.data_files import document, written

SECRETS_DIRECTORY = "/run/secrets/alertmanager"
TEMPLATES_FILE = "messages.tmpl"
WATCHDOG = "Watchdog"
CRITICAL = "critical"
HTTPS = 443
TEMPLATES = """\
{{ define "groundwork.subject" -}}
[{{ .Status | toUpper }}{{ if eq .Status "firing" }} {{ .Alerts.Firing | len }}{{ end }}] {{ .GroupLabels.alertname }} \
({{ .GroupLabels.team }}, {{ .CommonLabels.severity }})
{{- end }}

{{ define "groundwork.message" -}}
{{ range .Alerts -}}
{{ .Status | toUpper }} {{ .Labels.severity }}: {{ .Annotations.summary }}
{{ .Annotations.description }}
Runbook: {{ .Annotations.runbook_url }}
Since: {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC
Labels: {{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}

{{ end -}}
{{- end }}
"""


class Topics(Model):
    """Where Alertmanager publishes to, by names that are known before the topics are there."""

    region: str
    """Of the topics."""
    alarms: str
    """The ARN of the topic of alarms."""
    heartbeat: str
    """The ARN of the topic of heartbeats."""


def configuration(settings: AlertmanagerSettings, topics: Topics) -> str:
    """Return the text of `alertmanager.yml`."""
    routes = [route for name, receiver in settings.receivers.items() for route in _routes(name, receiver, settings)]
    receivers = [
        {"name": NOBODY},
        *(_receiver(name, receiver, topics) for name, receiver in settings.receivers.items()),
    ]
    if settings.heartbeat:
        receivers.append(_heartbeat(settings.heartbeat.kind, topics))
    return written(
        {
            "global": {"resolve_timeout": "5m", "http_config": {"proxy_from_environment": True}},
            "templates": [TEMPLATES_FILE],
            "route": {
                "receiver": NOBODY,
                "group_by": ["alertname", "team"],
                "group_wait": "30s",
                "group_interval": "5m",
                "repeat_interval": f"{settings.repeat_hours}h",
                "routes": [_watchdog(settings), *routes],
            },
            "inhibit_rules": document("inhibitions"),
            "receivers": receivers,
        }
    )


def secret_entries(settings: AlertmanagerSettings) -> tuple[str, ...]:
    """Return the entries of the secret that the receivers need, in order; empty when none of them has a secret."""
    of_receivers = [name for name, receiver in settings.receivers.items() if not isinstance(receiver, SnsReceiver)]
    with_heartbeat = settings.heartbeat and settings.heartbeat.kind == "webhook"
    return tuple(sorted([*of_receivers, *([HEARTBEAT] if with_heartbeat else [])]))


def publishes(settings: AlertmanagerSettings, topics: Topics) -> tuple[str, ...]:
    """Return the ARNs of the topics that it publishes to."""
    found = [topics.alarms] if any(isinstance(one, SnsReceiver) for one in settings.receivers.values()) else []
    heartbeat = [topics.heartbeat] if settings.heartbeat and settings.heartbeat.kind == "sns" else []
    return (*found, *heartbeat)


def world_ports(settings: AlertmanagerSettings, *, sns_endpoint: bool) -> tuple[int, ...]:
    """Return the ports at which receivers outside the VPC are told. `sns_endpoint`: SNS is reached inside of it."""
    ports = {HTTPS} if secret_entries(settings) and _has_web(settings) else set()
    if not sns_endpoint and has_sns(settings):
        ports.add(HTTPS)
    for receiver in settings.receivers.values():
        if isinstance(receiver, EmailReceiver):
            ports.add(int(receiver.smarthost.rpartition(":")[2]))
    return tuple(sorted(ports))


def has_sns(settings: AlertmanagerSettings) -> bool:
    """Return whether it publishes to topics."""
    heartbeat = settings.heartbeat is not None and settings.heartbeat.kind == "sns"
    return heartbeat or any(isinstance(one, SnsReceiver) for one in settings.receivers.values())


def _has_web(settings: AlertmanagerSettings) -> bool:
    heartbeat = settings.heartbeat is not None and settings.heartbeat.kind == "webhook"
    return heartbeat or any(not isinstance(one, SnsReceiver | EmailReceiver) for one in settings.receivers.values())


def _watchdog(settings: AlertmanagerSettings) -> dict[str, Any]:
    """The alert that always fires is for the dead man's switch, and for nobody else.

    Alertmanager looks at a group every `group_interval`, and skips it when the last message left less than
    `repeat_interval` before the look. It leaves a moment after its look: with both alike each second one is skipped.
    Elsewhere that is five minutes more in hours.
    """
    route: dict[str, Any] = {"receiver": NOBODY, "matchers": [f'alertname="{WATCHDOG}"']}
    if settings.heartbeat:
        minutes = settings.heartbeat.every_minutes
        often = {"group_interval": f"{minutes}m", "repeat_interval": f"{minutes * 60 // 2}s"}
        route |= {"receiver": HEARTBEAT, "group_wait": "0s", **often}
    return route


def _routes(name: str, wanted: Wanted, settings: AlertmanagerSettings) -> Iterator[dict[str, Any]]:
    """What is critical does not wait long, and comes again sooner."""
    sooner = {"group_wait": "10s", "repeat_interval": f"{-(-settings.repeat_hours // 3)}h"}
    others = [severity for severity in wanted.severities if severity != CRITICAL]
    for severities, timing in (([CRITICAL] if CRITICAL in wanted.severities else [], sooner), (others, {})):
        if severities:
            matchers = [_one_of("severity", severities), *([_one_of("team", wanted.teams)] if wanted.teams else [])]
            yield {"receiver": name, "matchers": matchers, "continue": True, **timing}


def _one_of(label: str, values: Iterable[str]) -> str:
    return f'{label}=~"{"|".join(values)}"'


def _receiver(name: str, receiver: Receiver, topics: Topics) -> dict[str, Any]:
    secret = secret_path(name)
    subject, message = '{{ template "groundwork.subject" . }}', '{{ template "groundwork.message" . }}'
    sent = {"send_resolved": True}
    match receiver:
        case SnsReceiver():
            return {"name": name, "sns_configs": [sent | _sns(topics.alarms, topics.region)]}
        case EmailReceiver():
            email = sent | {
                "to": ", ".join(receiver.to),
                "from": receiver.sender,
                "smarthost": receiver.smarthost,
                "auth_username": receiver.username,
                "auth_password_file": secret,
                "require_tls": True,
                "headers": {"Subject": subject},
                "html": "",
                "text": message,
            }
            return {"name": name, "email_configs": [email]}
        case SlackReceiver():
            slack = sent | {"api_url_file": secret, "channel": receiver.channel, "title": subject, "text": message}
            return {"name": name, "slack_configs": [slack]}
        case PagerDutyReceiver():
            details = {"message": message, "runbook": "{{ .CommonAnnotations.runbook_url }}"}
            pagerduty = {
                "routing_key_file": secret,
                "description": subject,
                "severity": "{{ .CommonLabels.severity }}",
                "details": details,
            }
            return {"name": name, "pagerduty_configs": [sent | pagerduty]}
        case WebhookReceiver():
            return {"name": name, "webhook_configs": [sent | {"url_file": secret}]}


def _heartbeat(kind: str, topics: Topics) -> dict[str, Any]:
    if kind == "sns":
        return {"name": HEARTBEAT, "sns_configs": [{"send_resolved": False} | _sns(topics.heartbeat, topics.region)]}
    return {"name": HEARTBEAT, "webhook_configs": [{"send_resolved": False, "url_file": secret_path(HEARTBEAT)}]}


def _sns(topic_arn: str, region: str) -> dict[str, Any]:
    return {
        "topic_arn": topic_arn,
        "sigv4": {"region": region},
        "subject": '{{ template "groundwork.subject" . }}',
        "message": '{{ template "groundwork.message" . }}',
        "attributes": {"severity": "{{ .CommonLabels.severity }}", "team": "{{ .CommonLabels.team }}"},
    }


def secret_path(name: str) -> str:
    """Return where the secret of a receiver is, from the root folder: Alertmanager takes no other for relative."""
    return f"{SECRETS_DIRECTORY}/{name}".lstrip("/")


def peers(replicas: int, service: str, port: int) -> Sequence[str]:
    """Return the flags by which several agree on who tells; one alone needs no port for it."""
    if replicas == 1:
        return ("--cluster.listen-address=",)
    others = [f"--cluster.peer={service.split('.')[0]}-{number}.{service}:{port}" for number in range(replicas)]
    return (f"--cluster.listen-address=$(POD_IP):{port}", *others)

"""Decides who is told of what, by the configuration that Alertmanager gets; that it takes it is for its own amtool."""

import json
import re
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from components.monitoring.alertmanager_settings import AlertmanagerSettings
from components.monitoring.metrics_stack import alertmanager_role_arn
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder
from tests.unit.monitoring.metrics import TOPICS, build
from tests.unit.security.evaluator import decision

EVERYBODY: dict[str, Any] = {
    "alarms": {"kind": "sns"},
    "pager": {"kind": "pagerduty", "severities": ["critical"]},
    "vision": {
        "kind": "slack",
        "channel": "#vision",
        "severities": ["critical", "warning", "info"],
        "teams": ["vision"],
    },
    "post": {
        "kind": "email",
        "to": ["ml@example.org"],
        "sender": "alerts@example.org",
        "smarthost": "mail.example.org:587",
        "username": "alerts",
        "teams": ["platform"],
    },
    "hook": {"kind": "webhook", "severities": ["warning"]},
}


def made(recorder: Recorder, role: str) -> dict[str, Any]:
    found: dict[str, Any] = recorder.one(f"metrics-alertmanager-{role}").inputs
    return found


def configuration(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(made(recorder, "config")["data"]["alertmanager.yml"])
    return found


def told(route: dict[str, Any], **labels: str) -> list[str]:
    """Return the receivers of an alert, as Alertmanager's routing tree decides it."""
    found = []
    for child in route["routes"]:
        if all(_matches(matcher, labels) for matcher in child["matchers"]):
            found.append(child["receiver"])
            if not child.get("continue"):
                break
    return found or [route["receiver"]]


def _matches(matcher: str, labels: dict[str, str]) -> bool:
    found = re.fullmatch(r'(\w+)(=~?)"(.*)"', matcher)
    assert found, matcher
    value = labels.get(found[1], "")
    return bool(re.fullmatch(found[3], value)) if found[2] == "=~" else value == found[3]


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"severity": "critical", "team": "platform"}, ["alarms", "pager", "post"]),
        ({"severity": "warning", "team": "platform"}, ["alarms", "post", "hook"]),
        ({"severity": "critical", "team": "vision"}, ["alarms", "pager", "vision"]),
        ({"severity": "info", "team": "vision"}, ["vision"]),
        ({"severity": "info", "team": "language"}, ["nobody"]),
        ({"severity": "info", "team": "platform", "alertname": "Watchdog"}, ["heartbeat"]),
    ],
)
def test_each_alert_reaches_each_receiver_that_wants_it_once(
    recorder: Recorder, labels: dict[str, str], receivers: list[str]
) -> None:
    build({"alertmanager": {"receivers": EVERYBODY}})
    route = configuration(recorder)["route"]
    assert told(route, **{"alertname": "TargetDown", **labels}) == receivers


def test_alerts_of_one_name_and_team_come_together_and_critical_ones_sooner(recorder: Recorder) -> None:
    build({"alertmanager": {"receivers": {"alarms": {"kind": "sns"}}, "repeat_hours": 12}})
    route = configuration(recorder)["route"]
    assert route["group_by"] == ["alertname", "team"]
    critical, warning = [child for child in route["routes"] if child["receiver"] == "alarms"]
    assert (critical["group_wait"], critical["repeat_interval"]) == ("10s", "4h")
    assert "repeat_interval" not in warning
    assert route["repeat_interval"] == "12h"


def test_the_dead_mans_switch_comes_as_often_as_it_is_set_and_never_as_resolved(recorder: Recorder) -> None:
    build({"alertmanager": {"heartbeat": {"every_minutes": 3}}})
    found = configuration(recorder)
    first = found["route"]["routes"][0]
    assert (first["receiver"], first["group_interval"]) == ("heartbeat", "3m")
    (heartbeat,) = [one for one in found["receivers"] if one["name"] == "heartbeat"]
    (sns,) = heartbeat["sns_configs"]
    assert (sns["topic_arn"], sns["send_resolved"]) == (f"{TOPICS}-heartbeat", False)


@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_no_flush_of_the_dead_mans_switch_is_skipped(recorder: Recorder, minutes: int) -> None:
    """A message leaves after its flush, later by the wait for peers and by sending: half a minute is for these."""
    build({"alertmanager": {"heartbeat": {"every_minutes": minutes}}})
    route = configuration(recorder)["route"]["routes"][0]
    assert seconds(route["group_interval"]) == minutes * 60
    assert seconds(route["repeat_interval"]) <= seconds(route["group_interval"]) - 30


def seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]


def test_without_a_heartbeat_the_watchdog_is_told_to_nobody(recorder: Recorder) -> None:
    build({"alertmanager": {"heartbeat": None}})
    assert told(configuration(recorder)["route"], alertname="Watchdog", severity="critical") == ["nobody"]


def test_every_receiver_of_a_route_is_there_and_every_template_too(recorder: Recorder) -> None:
    build({"alertmanager": {"receivers": EVERYBODY}})
    found = configuration(recorder)
    names = [one["name"] for one in found["receivers"]]
    assert len(names) == len(set(names))
    assert {child["receiver"] for child in found["route"]["routes"]} <= set(names)
    data = made(recorder, "config")["data"]
    assert set(found["templates"]) <= set(data)
    used = set(re.findall(r'template "([^"]+)"', json.dumps(found).replace('\\"', '"')))
    assert used
    assert used <= set(re.findall(r'define "([^"]+)"', data["messages.tmpl"]))


def test_secrets_are_files_from_secrets_manager_by_the_receivers_name_and_in_no_configuration(
    recorder: Recorder,
) -> None:
    build({"alertmanager": {"receivers": EVERYBODY, "heartbeat": {"kind": "webhook"}}})
    (secret,) = json.loads(made(recorder, "secret-class")["spec"]["parameters"]["objects"])
    assert secret["objectName"] == "groundwork-dev/alertmanager/receivers"
    aliases = [entry["objectAlias"] for entry in secret["jmesPath"]]
    assert aliases == ["heartbeat", "hook", "pager", "post", "vision"]
    pod = made(recorder, "servers")["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    (mount,) = [one for one in server["volumeMounts"] if one["name"] == "secrets"]
    assert server["workingDir"] == "/", "from where the configuration names files"
    files = set(re.findall(r"(?:file|_file): (\S+)", made(recorder, "config")["data"]["alertmanager.yml"]))
    assert files == {f"{mount['mountPath'].lstrip('/')}/{alias}" for alias in aliases}
    rights = recorder.one("metrics-alertmanager-identity-rights").inputs["policy"]
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:groundwork-dev/alertmanager/receivers-AbCdEf"
    assert decision(rights, "secretsmanager:GetSecretValue", arn, {}) == "Allow"


def test_with_topics_alone_there_is_no_secret_and_it_publishes_to_these_two(recorder: Recorder) -> None:
    build()
    assert not [one for one in recorder.made if "secret-class" in one.name]
    rights = recorder.one("metrics-alertmanager-identity-rights").inputs["policy"]
    for topic in ("alarms", "heartbeat"):
        assert decision(rights, "sns:Publish", f"{TOPICS}-{topic}", {}) == "Allow"
    assert decision(rights, "sns:Publish", f"{TOPICS}-other", {}) == "none"
    assert (
        decision(rights, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:x", {}) == "none"
    )
    assert (
        recorder.one("metrics-alertmanager-identity-role").inputs["name"]
        == (alertmanager_role_arn(ACCOUNT_ID, "dev").rpartition("/")[2])
    )


@pytest.mark.parametrize(
    ("receivers", "sns_endpoint", "ports"),
    [
        ({"alarms": {"kind": "sns"}}, True, []),
        ({"alarms": {"kind": "sns"}}, False, [443]),
        ({"alarms": {"kind": "sns"}, "post": EVERYBODY["post"]}, True, [587]),
        ({"pager": {"kind": "pagerduty"}}, True, [443]),
    ],
)
def test_it_reaches_the_world_only_for_receivers_that_are_there(
    recorder: Recorder, receivers: dict[str, Any], sns_endpoint: bool, ports: list[int]
) -> None:
    build({"alertmanager": {"receivers": receivers}}, sns_endpoint=sns_endpoint)
    policies = [one for one in recorder.made if one.name == "metrics-alertmanager-policy-alertmanager-to-receivers"]
    found = [port["port"] for one in policies for rule in one.inputs["spec"]["egress"] for port in rule["ports"]]
    assert found == ports
    for one in policies:
        (peer,) = one.inputs["spec"]["egress"][0]["to"]
        assert peer["ipBlock"]["except"] == ["169.254.169.254/32"]


def test_several_know_each_other_by_name_and_one_opens_no_port_for_it(recorder: Recorder) -> None:
    build({"alertmanager": {"replicas": 2, "volume_size_gib": 1}})
    (server,) = made(recorder, "servers")["spec"]["template"]["spec"]["containers"]
    peers = [one.partition("=")[2] for one in server["args"] if one.startswith("--cluster.peer=")]
    assert peers == [f"alertmanager-{number}.alertmanager.monitoring.svc:9094" for number in (0, 1)]
    service = made(recorder, "service")
    assert service["metadata"]["name"] == made(recorder, "servers")["spec"]["serviceName"] == "alertmanager"
    assert (service["spec"]["clusterIP"], service["spec"]["publishNotReadyAddresses"]) == ("None", True)
    assert len(made(recorder, "servers")["spec"]["volumeClaimTemplates"]) == 1


def test_a_changed_configuration_replaces_the_pods(recorder: Recorder) -> None:
    build()
    one = made(recorder, "servers")["spec"]["template"]["metadata"]["annotations"]
    recorder.made.clear()
    build({"alertmanager": {"repeat_hours": 13}})
    other = made(recorder, "servers")["spec"]["template"]["metadata"]["annotations"]
    assert one["groundwork.io/configuration"] != other["groundwork.io/configuration"]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"receivers": {"Slack": {"kind": "sns"}}}, "receivers"),
        ({"receivers": {"a": {"kind": "pager"}}}, "pager"),
        ({"receivers": {"a": {"kind": "sns", "severities": []}}}, "severities"),
        ({"receivers": {"a": {"kind": "slack", "channel": "ml"}}}, "channel"),
        ({"heartbeat": {"every_minutes": 0}}, "every_minutes"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        AlertmanagerSettings.model_validate(settings)

"""Decides that both servers are there, know each other, and have the place that they were given."""

import yaml

from components.monitoring.metrics_stack import alertmanager_role_arn
from tests.support.recorder import ACCOUNT_ID, Recorder
from tests.unit.monitoring.metrics import build


def test_prometheus_looks_for_alertmanagers_where_they_are_and_may_reach_them(recorder: Recorder) -> None:
    build()
    text = yaml.safe_load(recorder.one("metrics-prometheus-config").inputs["data"]["prometheus.yml"])
    (alertmanagers,) = text["alerting"]["alertmanagers"]
    (discovery,) = alertmanagers["kubernetes_sd_configs"]
    servers = recorder.one("metrics-alertmanager-servers").inputs
    assert discovery["namespaces"]["names"] == [servers["metadata"]["namespace"]]
    template = servers["spec"]["template"]
    name, port = alertmanagers["relabel_configs"][0]["regex"].split(";")
    assert template["metadata"]["labels"]["app.kubernetes.io/name"] == name
    (served,) = template["spec"]["containers"][0]["ports"]
    assert served["name"] == port
    (rule,) = recorder.one("metrics-alertmanager-policy-alertmanager-from-prometheus").inputs["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": served["containerPort"]}]
    (peer,) = rule["from"]
    prometheus = recorder.one("metrics-prometheus-servers").inputs["spec"]["template"]["metadata"]["labels"]
    assert peer["podSelector"]["matchLabels"].items() <= prometheus.items()


def test_replicas_say_the_same_to_alertmanager_and_are_told_apart_elsewhere(recorder: Recorder) -> None:
    build()
    text = yaml.safe_load(recorder.one("metrics-prometheus-config").inputs["data"]["prometheus.yml"])
    assert text["global"]["external_labels"]["__replica__"] == "${POD_NAME}"
    (container,) = recorder.one("metrics-prometheus-servers").inputs["spec"]["template"]["spec"]["containers"]
    assert "POD_NAME" in {variable["name"] for variable in container["env"]}
    assert text["alerting"]["alert_relabel_configs"] == [{"action": "labeldrop", "regex": "__replica__"}]


def test_names_that_others_know_beforehand(recorder: Recorder) -> None:
    build()
    role = recorder.one("metrics-alertmanager-identity-role").inputs["name"]
    assert alertmanager_role_arn(ACCOUNT_ID, "dev") == f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"

"""Prometheus and Alertmanager as the cluster's manifests have them: what is found, what is told, and how often."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from tests.support.project import CLONE, Project
from tests.support.waiting import eventually
from tests.twin import team_work
from tests.twin.monitoring.watched import SECONDS, Watched
from tests.twin.tracking.opened import opening
from tests.unit.monitoring.queries import panel_queries, rule_queries
from tests.unit.tools.support import Said
from tools import images

EXPORTERS = CLONE / "tests" / "unit" / "monitoring" / "exporters.yaml"
TEAM = "vision"
SERVER = "model-server"
PORT = 8000
PAGE = """
import http.server, os

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b'answers_total 7\\nforged{team="language",namespace="mlflow"} 1\\n')

http.server.HTTPServer((os.environ["POD_IP"], 8000), Page).serve_forever()
"""
"""A model server whose metrics speak of another team."""


@pytest.fixture
def model_server(dev: Project, watched: Watched) -> Iterator[str]:
    """The Deployment of a team that nobody told monitoring of; its namespace."""
    namespace = f"team-{TEAM}"
    container = team_work.container(
        name=SERVER,
        command=["python", "-c", PAGE],
        env=[{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        ports=[{"name": "metrics", "containerPort": PORT}],
    )
    manifest = team_work.deployment(namespace, SERVER, team_work.pod_spec(container))
    metadata: dict[str, Any] = manifest["spec"]["template"]["metadata"]
    metadata["labels"]["app.kubernetes.io/name"] = SERVER
    metadata["annotations"] = {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT)}
    watched.api.apply(manifest, manager="person")
    yield namespace
    watched.api.delete("apps/v1", "Deployment", SERVER, namespace)


def test_the_real_api_server_is_scraped_at_its_own_addresses_with_the_pods_own_token(watched: Watched) -> None:
    watched.eventually('count(up{job="apiserver"} == 1) == 2')
    found = watched.series('up{job="apiserver"}')
    assert all(re.fullmatch(r"10\.20\.\d+\.\d+:443", one["instance"]) for one in found)
    assert {one["team"] for one in found} == {"platform"}
    assert watched.eventually('sum(apiserver_request_total{job="apiserver"}) > 0')


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_both_scrape_and_know_each_other(watched: Watched, name: str) -> None:
    (found,) = watched.eventually(f'up{{job="{name}"}} == 1')
    assert (found["namespace"], found["pod"], found["team"]) == ("monitoring", f"{name}-0", "platform")
    assert found["node"]
    assert watched.eventually("prometheus_notifications_alertmanagers_discovered == 1")
    (build,) = watched.series(f'{name}_build_info{{job="{name}"}}')
    assert build["version"] == {"prometheus": "3.15.0", "alertmanager": "0.34.1"}[name]


def test_the_state_of_the_cluster_is_told_by_the_program_itself(watched: Watched) -> None:
    (found,) = watched.eventually('up{job="kube-state-metrics"} == 1')
    assert (found["namespace"], found["team"]) == ("monitoring", "platform")

    def knows_each_node() -> bool:
        """Prometheus goes on with what it had: a node that went while it was away would be there for five minutes."""
        nodes = {one["metadata"]["name"] for one in watched.api.list("v1", "Node")}
        told = watched.series("count_over_time(kube_node_status_allocatable[30s])")
        return {one["node"] for one in told} == nodes

    eventually(knows_each_node, "it knows the nodes", SECONDS)
    teams = {one["namespace"]: one.get("team") for one in watched.eventually("namespace:groundwork_team:info")}
    assert (teams["team-vision"], teams["kube-system"]) == ("vision", "platform")


def test_what_it_tells_has_the_names_and_labels_that_rules_and_panels_ask_for(watched: Watched) -> None:
    watched.eventually('up{job="kube-state-metrics"} == 1')
    url = f"http://{watched.state_metrics.address}:{watched.state_metrics.ports['metrics']}/metrics"
    told = requests.get(url, timeout=30).text
    exporters = yaml.safe_load(EXPORTERS.read_text())
    assert set(exporters["kube-state-metrics"]["metrics"]) <= set(re.findall(r"^# TYPE (\S+) ", told, re.MULTILINE))
    labels: dict[str, set[str]] = {}
    for name, pairs in re.findall(r"^(kube_\w+)\{(.*)\} ", told, re.MULTILINE):
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', pairs))
    missing = {
        (name, label)
        for _, query in [*rule_queries(), *panel_queries()]
        for name, matchers in re.findall(r"(kube_\w+)\{([^}]*)\}", query)
        for label in re.findall(r"(\w+)[=!]", matchers)
        # Labels of objects are labels of series where an object has them: dev has no GPU node by itself.
        if name in labels and label not in labels[name] and not label.startswith("label_")
    }
    assert not missing
    assert len(labels) > 15


def test_what_does_not_run_here_is_found_and_down_and_the_error_says_so(watched: Watched) -> None:
    """The autoscaler's pods are in the cluster in name only."""
    found = eventually(lambda: watched.targets("cluster-autoscaler"), "the autoscaler is found", SECONDS)
    assert {one["labels"]["namespace"] for one in found} == {"kube-system"}

    def told() -> bool:
        """A scrape of a busy machine may also have timed out: the next says what is the matter."""
        asked = watched.targets("cluster-autoscaler")
        return all(one["health"] == "down" and "502" in one["lastError"] for one in asked)

    eventually(told, "each is down, and the error says so", SECONDS)


def test_every_rule_is_loaded_and_can_be_evaluated(watched: Watched) -> None:
    assert watched.eventually("sum(prometheus_rule_group_rules) > 50")
    groups = requests.get(f"{watched.url}/api/v1/rules", timeout=30).json()["data"]["groups"]
    wrong = {rule["name"]: rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")}
    assert wrong == {}
    names = {rule["name"] for group in groups for rule in group["rules"]}
    assert {"Watchdog", "TargetDown", "ApiServerDown"} <= names


def test_the_watchdog_reaches_the_dead_mans_switch_and_nobody_else(watched: Watched) -> None:
    eventually(lambda: watched.heartbeats.about("Watchdog", "platform"), "a heartbeat", SECONDS)
    assert not watched.alarms.about("Watchdog", "platform")


def test_a_model_server_that_is_added_is_scraped_and_its_loss_is_told_once_with_its_runbook(
    watched: Watched, model_server: str
) -> None:
    with watched.runner().start(model_server, SERVER):
        (found,) = watched.eventually(f'answers_total{{job="{SERVER}"}}')
        assert (found["namespace"], found["team"], found["value"]) == (model_server, TEAM, "7")
        (forged,) = watched.series("forged")
        assert (forged["team"], forged["exported_team"]) == (TEAM, "language")
        assert not watched.alarms.about("TargetDown", TEAM)
    told = eventually(lambda: watched.alarms.about("TargetDown", TEAM), "somebody is told", SECONDS)
    (first,) = told
    assert first["Subject"] == "[FIRING 1] TargetDown (vision, warning)"
    assert re.search(r"Runbook: https://\S+/target-down\.md", first["Message"])
    assert f"{SERVER} does not answer" in first["Message"]
    time.sleep(10)  # three times as long as anything is put together, and far from the next reminder
    assert len(watched.alarms.about("TargetDown", TEAM)) == 1
    with watched.runner().start(model_server, SERVER):
        told = eventually(
            lambda: [one for one in watched.alarms.about("TargetDown", TEAM) if "RESOLVED" in one["Subject"]],
            "somebody is told that it is over",
            SECONDS,
        )
        assert len(told) == 1


def test_the_tracking_server_is_scraped_as_soon_as_somebody_opens_it(
    watched: Watched, tmp_path_factory: pytest.TempPathFactory
) -> None:
    python = images.environment("mlflow", Said()) / "bin" / "python"
    with opening(watched.project, python, tmp_path_factory.mktemp("mlflow")) as opened:
        assert requests.get(f"{opened.url}/health", timeout=30).ok
        (found,) = watched.eventually('up{job="mlflow"} == 1')
        assert (found["namespace"], found["team"]) == ("mlflow", "platform")
        assert found["pod"].startswith("tracking-server-")
        assert watched.eventually('sum(mlflow_http_request_total{job="mlflow"}) > 0')
    watched.eventually('up{job="mlflow"} == 0')


def test_many_alerts_of_one_name_come_in_one_message(watched: Watched) -> None:
    """Whatever runs in name only is down; what fires later than the first joins them in the next message."""
    eventually(
        lambda: len(watched.series('ALERTS{alertname="TargetDown", alertstate="firing"}')) > 2, "they fire", SECONDS
    )
    eventually(
        lambda: [
            told
            for told in watched.alarms.about("TargetDown", "platform")
            if told["Message"].count("Runbook: ") > 2 and "FIRING" in told["Subject"]
        ],
        "somebody is told of them together",
        SECONDS,
    )

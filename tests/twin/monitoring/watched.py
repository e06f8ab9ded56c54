"""Prometheus, Alertmanager and kube-state-metrics from the manifests of dev's cluster, and who listens to them.

Nobody waits for what is waited for in earnest: a minute of a rule's `for` is a second, so that what is
told first is told first here too, and the few ranges of `RANGES` are shorter. Nothing else of a rule is changed.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import dropwhile, pairwise
from typing import Any

import requests
import yaml

from components.monitoring.rules import runbook
from tests.support.project import CLONE, Project
from tests.support.waiting import eventually
from tests.twin.mailbox import Mailbox, listening
from tests.unit.tools.support import Said
from tools import images
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.loop import World, world_of
from twin.places import Places
from twin.pods.pod import RunningPod
from twin.pods.runner import PodRunner

NAMESPACE = "monitoring"
SECONDS = 300.0
MINUTE = 1.0
"""How many seconds stand for a minute of a rule's `for`."""
RANGES = {
    "AlertmanagerNotificationsFailing": "5m",
    "ApiServerErrors": "5m",
    "ApiServerSlow": "5m",
    "ClientCertificateNearEnd": "5m",
    "GpuReservedAndIdle": "30m",
    "PrometheusNotificationsFailing": "5m",
    "PrometheusRulesFailing": "10m",
    "PrometheusRulesSlow": "10m",
    "PrometheusTargetsOverLimit": "10m",
}
"""By alert the range that it looks back over: how long it goes on after what it tells of is over.

Those that nobody provokes are of a machine that is busy: a moment of it would be longer than anybody waits here.
"""
RANGE = "30s"
"""What stands for them; some scrapes on a machine that is busy."""
WAIT_SECONDS, INTERVAL_SECONDS = 10, 3
"""How long Alertmanager waits for more of the same: what happens at once may be in two scrapes; and for what is new."""
RUNBOOKS = CLONE / "docs" / "runbooks"


def _sooner(data: Mapping[str, str]) -> dict[str, str]:
    """Rules every two seconds, scrapes every five: on a busy machine the API server answers after four."""
    changes = (
        (r"(scrape_interval|scrape_timeout): \d+s", r"\1: 5s"),
        (r"evaluation_interval: \d+s", "evaluation_interval: 2s"),
    )
    return _changed(data, changes)


def _shorter(data: Mapping[str, str]) -> dict[str, str]:
    """Rules that wait less."""
    seconds = {"m": MINUTE, "h": MINUTE * 60}
    found = {}
    for file, text in data.items():
        content = yaml.safe_load(text)
        for rule in (rule for group in content["groups"] for rule in group["rules"]):
            if "for" in rule:
                number, unit = re.fullmatch(r"(\d+)([mh])", rule["for"]).groups()  # type: ignore[union-attr]
                rule["for"] = f"{int(number) * seconds[unit] * 1000:.0f}ms"
            if asked := RANGES.get(rule.get("alert", "")):
                assert f"[{asked}]" in rule["expr"]
                rule["expr"] = rule["expr"].replace(f"[{asked}]", f"[{RANGE}]")
        found[file] = yaml.safe_dump(content)
    return found


def _at_once(data: Mapping[str, str]) -> dict[str, str]:
    """Messages that are put together in a moment."""
    seconds = {"group_wait": WAIT_SECONDS, "group_interval": INTERVAL_SECONDS}
    return _changed(data, [(rf"{name}: \d+[sm]", f"{name}: {value}s") for name, value in seconds.items()])


def _changed(data: Mapping[str, str], changes: Iterable[tuple[str, str]]) -> dict[str, str]:
    for pattern, replacement in changes:
        data = {file: re.sub(pattern, replacement, text) for file, text in data.items()}
    return dict(data)


SHORTER: Mapping[str, Callable[[Mapping[str, str]], dict[str, str]]] = {
    "prometheus": _sooner,
    "prometheus-rules": _shorter,
    "alertmanager": _at_once,
}
"""By ConfigMap."""


@dataclass
class Watched:
    """The servers, in the world that they watch."""

    project: Project
    world: World
    prometheus: RunningPod
    alertmanager: RunningPod
    state_metrics: RunningPod
    alarms: Mailbox
    heartbeats: Mailbox

    @property
    def api(self) -> Client:
        """The cluster's API server, as an administrator."""
        return self.world.api

    @property
    def url(self) -> str:
        """Prometheus'."""
        return f"http://{self.prometheus.address}:{self.prometheus.ports['http']}"

    def series(self, query: str) -> list[dict[str, str]]:
        """The labels of what a query gives; the value is under `value`."""
        asked = requests.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=30).json()
        assert asked["status"] == "success", asked
        return [{**one["metric"], "value": one["value"][1]} for one in asked["data"]["result"]]

    def eventually(self, query: str) -> list[dict[str, str]]:
        """The same, as soon as there is anything."""
        return eventually(lambda: self.series(query), query, SECONDS)

    def targets(self, job: str) -> list[dict[str, Any]]:
        """The targets of a job, by its name in the series."""
        found = requests.get(f"{self.url}/api/v1/targets", params={"state": "active"}, timeout=30).json()
        return [one for one in found["data"]["activeTargets"] if one["labels"]["job"] == job]

    def inhibited(self, alert: str, **labels: str) -> list[dict[str, str]]:
        """The labels of the alerts of that name, and with those labels, that something worse speaks for."""
        url = f"http://{self.alertmanager.address}:{self.alertmanager.ports['http']}/api/v2/alerts"
        asked = [f'{name}="{value}"' for name, value in {"alertname": alert, **labels}.items()]
        found = requests.get(url, params={"filter": asked, "active": "false"}, timeout=30).json()
        return [one["labels"] for one in found if one["status"]["inhibitedBy"]]

    def alerts(self) -> set[tuple[str, str]]:
        """Name and team of the alerts that fire or are about to."""
        return {(one["alertname"], one["team"]) for one in self.series("ALERTS")}

    def told(self, alert: str, team: str) -> str:
        """What somebody is told of an alert, as soon as somebody is."""
        return str(eventually(lambda: self._messages(alert, team), f"{alert} is told", SECONDS)[0]["Message"])

    def told_once(self, alert: str, team: str, severity: str, alerts: int = 1) -> str:
        """The same: one message for all the alerts of one name and team, and no second one, each with its runbook."""
        message = self.told(alert, team)
        time.sleep(2 * INTERVAL_SECONDS)  # a second one would have come
        of = f"{alert} ({team}, {severity})"
        assert self._subjects(alert, team) <= {f"[FIRING {alerts}] {of}", f"[RESOLVED] {of}"}
        pages = re.findall(r"^Runbook: https://\S+/(\S+)$", message, re.MULTILINE)
        assert pages == [runbook(alert)] * alerts
        assert (RUNBOOKS / pages[0]).is_file()
        return message

    def told_over(self, alert: str, team: str, severity: str) -> None:
        """Somebody is told that it is over, once."""

        def is_over() -> bool:
            return [one["Subject"] for one in self._messages(alert, team)][-1:] == [f"[RESOLVED] {of}"]

        of = f"{alert} ({team}, {severity})"
        eventually(is_over, f"{alert} is over", SECONDS)
        self._subjects(alert, team)

    def _subjects(self, alert: str, team: str) -> set[str]:
        """What was told of an alert, none of it twice in a row. A scrape that a busy machine was too slow for ends an
        alert for a moment: then it is over, and begins again."""
        subjects = [one["Subject"] for one in self._messages(alert, team)]
        assert all(one != after for one, after in pairwise(subjects)), subjects
        return set(subjects)

    def _messages(self, alert: str, team: str) -> list[dict[str, Any]]:
        """Those about an alert since it fires: that an earlier one is over may be told later than it is."""
        return list(dropwhile(lambda one: "RESOLVED" in one["Subject"], self.alarms.about(alert, team)))

    def runner(self) -> PodRunner:
        """Runs further pods of the cluster; those of images that nobody builds here by the tests' own Python."""
        places = Places(clone=self.project.root, root=self.project.root / ".twin")
        return PodRunner(places.pods, self.world, Said(), _programs)


def _programs(name: str) -> Any:
    return images.environment(name, Said()) if name in images.UPSTREAM else CLONE / ".venv"


@contextmanager
def watching(project: Project) -> Iterator[Watched]:
    """Run them with shorter times; at the end the cluster says what it said before."""
    (folder,) = (project.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
    world = world_of(folder, project.twin_variables())
    account = project.account()
    before = {name: world.api.get("v1", "ConfigMap", name, NAMESPACE) for name in SHORTER}
    with ExitStack() as end:
        alarms, heartbeats = (end.enter_context(listening(account, topic)) for topic in ("alarms", "heartbeat"))
        end.callback(_put_back, world.api, before)
        for name, change in SHORTER.items():
            world.api.patch("v1", "ConfigMap", name, NAMESPACE, {"data": change((before[name] or {})["data"])})
        runner = PodRunner(Places(clone=project.root, root=project.root / ".twin").pods, world, Said(), _programs)
        with (
            runner.start(NAMESPACE, "alertmanager", "StatefulSet") as alertmanager,
            runner.start(NAMESPACE, "kube-state-metrics") as state_metrics,
            runner.start(NAMESPACE, "prometheus", "StatefulSet") as prometheus,
        ):
            found = Watched(project, world, prometheus, alertmanager, state_metrics, alarms, heartbeats)
            found.eventually('up{job="kube-state-metrics"} == 1')
            eventually(lambda: heartbeats.about("Watchdog", "platform"), "Alertmanager has its credentials", SECONDS)
            yield found


def _put_back(api: Client, config_maps: Mapping[str, dict[str, Any] | None]) -> None:
    for name, held in config_maps.items():
        api.patch("v1", "ConfigMap", name, NAMESPACE, {"data": (held or {})["data"]})

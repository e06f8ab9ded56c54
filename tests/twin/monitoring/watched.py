"""Prometheus and Alertmanager from the manifests of dev's cluster, as processes, and who listens to what they say."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.support.project import CLONE, Project
from tests.twin.clusters import eventually
from tests.unit.tools.support import Said
from tools import images
from twin.account import Account
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.loop import World, world_of
from twin.places import Places
from twin.pods.pod import RunningPod
from twin.pods.runner import PodRunner

NAMESPACE = "monitoring"
SECONDS = 120.0
SHORTER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "prometheus": (
        (r"(scrape_interval|evaluation_interval): \d+s", r"\1: 1s"),
        ("scrape_timeout: 10s", "scrape_timeout: 1s"),
    ),
    "prometheus-rules": ((r"for: \d+[mh]", "for: 3s"),),
    "alertmanager": ((r"group_wait: \d+s", "group_wait: 3s"), (r"group_interval: \d+m", "group_interval: 3s")),
}
"""By ConfigMap: what is waited for shorter than in earnest, and nothing else of it is changed."""


@dataclass
class Mailbox:
    """A queue that has subscribed to a topic: all that the topic was told since."""

    account: Account
    url: str
    subscription: str
    messages: list[dict[str, Any]]

    @classmethod
    def of(cls, account: Account, topic: str) -> "Mailbox":
        """Subscribe to the environment's topic of that name."""
        sns, sqs = account.client("sns"), account.client("sqs")
        topics = [one["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for one in page["Topics"]]
        (arn,) = [one for one in topics if one.endswith(f":groundwork-dev-{topic}")]
        queue = f"listens-to-{topic}"
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        url = sqs.create_queue(QueueName=queue, Attributes={"Policy": policy})["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        subscription = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)["SubscriptionArn"]
        return cls(account, url, subscription, [])

    def close(self) -> None:
        """Listen no more."""
        self.account.client("sns").unsubscribe(SubscriptionArn=self.subscription)
        self.account.client("sqs").delete_queue(QueueUrl=self.url)

    def about(self, alert: str, team: str) -> list[dict[str, Any]]:
        """The messages about an alert of a team, in the order in which they came."""
        sqs = self.account.client("sqs")
        while found := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for one in found:
                self.messages.append(json.loads(one["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
        return [one for one in self.messages if re.search(rf"\] {alert} \({team},", one["Subject"])]


@dataclass
class Watched:
    """Both servers, in the world that they watch."""

    project: Project
    world: World
    prometheus: RunningPod
    alertmanager: RunningPod
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

    def runner(self) -> PodRunner:
        """Runs further pods of the cluster; those of images that nobody builds here by the tests' own Python."""
        places = Places(clone=self.project.root, root=self.project.root / ".twin")
        return PodRunner(places.pods, self.world, Said(), _programs)


def _programs(name: str) -> Any:
    return images.environment(name, Said()) if name in images.UPSTREAM else CLONE / ".venv"


@contextmanager
def watching(project: Project) -> Iterator[Watched]:
    """Run both with shorter times; at the end the cluster says what it said before."""
    (folder,) = (project.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
    world = world_of(folder, project.twin_variables())
    account = project.account()
    alarms, heartbeats = Mailbox.of(account, "alarms"), Mailbox.of(account, "heartbeat")
    before = {name: world.api.get("v1", "ConfigMap", name, NAMESPACE) for name in SHORTER}
    try:
        for name, changes in SHORTER.items():
            data = (before[name] or {})["data"]
            for pattern, shorter in changes:
                data = {file: re.sub(pattern, shorter, text) for file, text in data.items()}
            world.api.patch("v1", "ConfigMap", name, NAMESPACE, {"data": data})
        runner = PodRunner(Places(clone=project.root, root=project.root / ".twin").pods, world, Said(), _programs)
        with (
            runner.start(NAMESPACE, "alertmanager", "StatefulSet") as alertmanager,
            runner.start(NAMESPACE, "prometheus", "StatefulSet") as prometheus,
        ):
            yield Watched(project, world, prometheus, alertmanager, alarms, heartbeats)
    finally:
        alarms.close()
        heartbeats.close()
        for name, held in before.items():
            world.api.patch("v1", "ConfigMap", name, NAMESPACE, {"data": (held or {})["data"]})

"""A node and a team that are there later are scraped, logged and covered by alerts, and monitoring is not changed."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from components.cluster.namespace import namespace_labels
from tests.support.project import Project
from tests.support.waiting import eventually
from tests.twin import team_work
from tests.twin.gpu_nodes import end_gpu_nodes, gpu_nodes
from tests.twin.monitoring.watched import SECONDS, Watched
from twin.account import Account

NODE_SECONDS = 180
AGENTS = {"fluent-bit", "node-exporter", "dcgm-exporter"}
"""What has to be on a node with GPUs."""
TEAM, NAMESPACE, SERVER = "later", "team-later", "later-server"


def nodes(watched: Watched) -> set[str]:
    return {node["metadata"]["name"] for node in watched.api.list("v1", "Node")}


@pytest.fixture
def node(dev: Project, account: Account, outputs: dict[str, Any], watched: Watched) -> Iterator[str]:
    """One that comes because a team wants a GPU; it goes again."""
    before = gpu_nodes(watched.api)
    spec = team_work.gpu_pod_spec()
    watched.api.apply(team_work.job("team-vision", "wants-a-node", spec, runs_for="1h"), manager="person")
    (name,) = eventually(lambda: gpu_nodes(watched.api) - before, "a node comes", NODE_SECONDS)
    yield name
    watched.api.delete("batch/v1", "Job", "wants-a-node", "team-vision", propagationPolicy="Foreground")
    end_gpu_nodes(account, outputs["cluster_name"], watched.api)


@pytest.fixture
def team(watched: Watched) -> Iterator[str]:
    """A team's namespace, labelled as the program labels it, with a server that says it wants to be scraped."""
    labels = namespace_labels(TEAM)
    watched.api.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}, manager="person"
    )
    container = team_work.container(ports=[{"name": "metrics", "containerPort": 8000}])
    manifest = team_work.deployment(NAMESPACE, SERVER, team_work.pod_spec(container))
    metadata: dict[str, Any] = manifest["spec"]["template"]["metadata"]
    metadata["labels"]["app.kubernetes.io/name"] = SERVER
    metadata["annotations"] = {"prometheus.io/scrape": "true", "prometheus.io/port": "8000"}
    watched.api.apply(manifest, manager="person")
    yield NAMESPACE
    watched.api.delete("v1", "Namespace", NAMESPACE)
    eventually(lambda: watched.api.get("v1", "Namespace", NAMESPACE) is None, "the namespace is gone", SECONDS)


def agents_of(watched: Watched, node: str) -> set[str]:
    pods = watched.api.list("v1", "Pod", "kube-system", fieldSelector=f"spec.nodeName={node},status.phase=Running")
    return {pod["metadata"]["labels"].get("app.kubernetes.io/name", "") for pod in pods}


def targets_on(watched: Watched, job: str, node: str) -> list[dict[str, Any]]:
    return [one for one in watched.targets(job) if one["labels"]["node"] == node]


def test_a_node_that_comes_is_scraped_has_its_agents_and_is_told_of_when_it_does_not_answer(
    watched: Watched, node: str
) -> None:
    eventually(lambda: agents_of(watched, node) >= AGENTS, "logs and metrics of the node are read", SECONDS)
    for job in ("kubelet", "cadvisor", "node-exporter", "dcgm-exporter", "fluent-bit"):
        found = eventually(partial(targets_on, watched, job, node), f"{job} of the node is found", SECONDS)
        assert {one["labels"]["team"] for one in found} == {"platform"}, job
    assert watched.eventually(f'ALERTS{{alertname="TargetDown", alertstate="firing", job="kubelet", node="{node}"}}')


def test_a_team_that_comes_is_scraped_and_its_alerts_are_its_own(watched: Watched, team: str) -> None:
    (found,) = eventually(lambda: watched.targets(SERVER), "its server is found", SECONDS)
    assert (found["labels"]["namespace"], found["labels"]["team"]) == (team, TEAM)
    (told,) = eventually(lambda: watched.alarms.about("TargetDown", TEAM), "somebody is told", SECONDS)
    assert told["Subject"] == f"[FIRING 1] TargetDown ({TEAM}, warning)"
    assert "/target-down.md" in told["Message"]

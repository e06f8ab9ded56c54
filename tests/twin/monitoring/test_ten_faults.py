"""Faults that are really there, and what somebody is told: once, together, with the page that says what to do.

What AWS runs for us is watched by alarms of CloudWatch: tests/twin/monitoring/test_faults_that_cloudwatch_sees.py.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from tests.support.project import Project
from tests.support.waiting import eventually
from tests.twin import team_work
from tests.twin.monitoring import gpus
from tests.twin.monitoring.gpus import Gpus
from tests.twin.monitoring.person import somebody_signs_in
from tests.twin.monitoring.watched import SECONDS, Watched
from twin.aws.faults import Fault, plan
from twin.kubernetes.control_plane import running
from twin.kubernetes.nodes import is_ready
from twin.pods import records

TEAM, NAMESPACE = "vision", "team-vision"
OTHER_TEAM, OTHER_NAMESPACE = "language", "team-language"
FLOOD = """
import http.server, os

PAGE = "".join(f'flood{{number="{number}"}} 1\\n' for number in range(50_001)).encode()

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(PAGE)

http.server.HTTPServer((os.environ["POD_IP"], 8000), Page).serve_forever()
"""
"""One series more than Prometheus takes."""


@pytest.fixture(scope="module")
def standing(dev: Project, watched: Watched) -> set[tuple[str, str]]:
    """What is told of dev without a fault of these: whatever runs in name only is down."""
    watched.eventually('ALERTS{alertname="TargetDown", team="platform"}')
    return watched.alerts()


@pytest.fixture(autouse=True)
def from_now_on(watched: Watched, standing: set[tuple[str, str]]) -> None:
    """What is told of an earlier fault is none of a test's: an API server that hangs takes kube-state-metrics along,
    whose liveness probe asks it."""
    eventually(lambda: watched.alerts() <= standing, "nothing fires because of an earlier fault", SECONDS)
    watched.alarms.forget()


@pytest.fixture(scope="module")
def gpu(watched: Watched) -> Iterator[Gpus]:
    """The GPU of a team's pod: not of the team that wants two, which is all that a team may have."""
    with (
        gpus.busy_pod(watched.project, watched.world, OTHER_NAMESPACE, "reserves") as found,
        gpus.exporter(watched.project, watched.world, found),
    ):
        yield found


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """It answers nobody, as one that hangs."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def tells_of(watched: Watched, words: str) -> list[str]:
    """The messages that say of a target of the platform that it is down, in these words."""
    return [
        one["Message"]
        for one in watched.alarms.about("TargetDown", "platform")
        if f"FIRING warning: {words}" in one["Message"]
    ]


def failing_job(name: str, namespace: str) -> dict[str, Any]:
    """A Job that takes longer than it may."""
    manifest = team_work.job(namespace, name, team_work.pod_spec(), runs_for="10m")
    manifest["spec"]["activeDeadlineSeconds"] = 2
    return manifest


@contextmanager
def there(watched: Watched, *manifests: dict[str, Any]) -> Iterator[None]:
    """These objects, for a while."""
    try:
        for one in manifests:
            watched.api.create(one)
        yield
    finally:
        for one in manifests:
            watched.api.delete(one["apiVersion"], one["kind"], one["metadata"]["name"], one["metadata"]["namespace"])


def test_what_goes_wrong_with_a_teams_work_is_told_to_the_team_by_name_and_together(watched: Watched) -> None:
    """Three Jobs that fail, a pod that no node has the GPUs for, a claim that nobody uses, a pod that is refused."""
    wanting = team_work.pod(NAMESPACE, "wants-two-gpus", "training")
    wanting["spec"] |= {"containers": [team_work.container(gpus=2)], "tolerations": [team_work.TOLERATION]}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "nobody-uses-it", "namespace": NAMESPACE},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "gp3-encrypted",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    sizes = {"requests": team_work.LARGE, "limits": team_work.LARGE}
    refused = team_work.deployment(
        NAMESPACE, "too-large", team_work.pod_spec(team_work.container(resources=sizes), serviceAccountName="training")
    )
    jobs = [failing_job(f"fails-{number}", NAMESPACE) for number in range(3)]
    said = {
        "JobFailed": ("fails-0", "fails-1", "fails-2"),
        "DeploymentNotRolledOut": ("too-large lacks pods",),
        "PodWaitsForGpu": ("wants-two-gpus has waited for 2 GPUs",),
        "PersistentVolumeClaimPending": ("nobody-uses-it has no volume",),
    }
    with there(watched, *jobs, wanting, claim, refused):
        for alert in said:
            watched.told(alert, TEAM)
        for alert, words in said.items():
            message = watched.told_once(alert, TEAM, "warning", alerts=3 if alert == "JobFailed" else 1)
            assert all(word in message for word in words)
    for alert in said:
        watched.told_over(alert, TEAM, "warning")


def test_an_api_server_that_hangs_is_told_and_speaks_for_its_targets(watched: Watched) -> None:
    (server,) = [process for name, process in running(watched.world.folder) if name == "kube-apiserver"]
    watched.eventually('count(up{job="apiserver"} == 1) == 2')
    with stopped(server):
        message = watched.told_once("ApiServerDown", "platform", "critical")
        assert "No API server has answered Prometheus" in message
        eventually(lambda: len(watched.inhibited("TargetDown", job="apiserver")) == 2, "its targets are quiet", SECONDS)
        assert not tells_of(watched, "apiserver does not answer")
    watched.told_over("ApiServerDown", "platform", "critical")


def test_kube_state_metrics_that_hangs_is_told_and_speaks_for_its_target(watched: Watched) -> None:
    pods = watched.project.root / ".twin" / "pods"
    (held,) = [pod for pod in records.running(pods) if pod.name == watched.state_metrics.name]
    (process,) = held.containers.values()
    with stopped(psutil.Process(process.pid)):
        message = watched.told_once("KubeStateMetricsMissing", "platform", "critical")
        assert "alerts of nodes, pods, jobs and volumes cannot fire" in message
        eventually(lambda: watched.inhibited("TargetDown", job="kube-state-metrics"), "its target is quiet", SECONDS)
        assert not tells_of(watched, "kube-state-metrics does not answer")
    watched.told_over("KubeStateMetricsMissing", "platform", "critical")


def test_a_tracking_server_without_pods_is_told_and_speaks_for_its_deployment(watched: Watched) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "nothing-more", "namespace": "mlflow"},
        "spec": {"hard": {"pods": "0"}},
    }
    with there(watched, quota):
        eventually(lambda: in_force(watched, "nothing-more"), "the quota is in force", SECONDS)
        for pod in watched.api.list("v1", "Pod", "mlflow", "app.kubernetes.io/name=mlflow"):
            watched.api.delete("v1", "Pod", pod["metadata"]["name"], "mlflow")
        message = watched.told_once("TrackingServerDown", "platform", "critical")
        assert "jobs cannot log runs" in message
        quiet = eventually(
            lambda: watched.inhibited("DeploymentNotRolledOut", namespace="mlflow"), "its deployment is quiet", SECONDS
        )
        assert [one["deployment"] for one in quiet] == ["tracking-server"]
        told = watched.alarms.about("DeploymentNotRolledOut", "platform")
        assert not [one for one in told if "tracking-server" in one["Message"]]
    # Its ReplicaSet tries again by itself, but later each time.
    labels = {"metadata": {"annotations": {"groundwork.io/try-again": "now"}}}
    for one in watched.api.list("apps/v1", "ReplicaSet", "mlflow"):
        watched.api.patch("apps/v1", "ReplicaSet", one["metadata"]["name"], "mlflow", labels)
    watched.told_over("TrackingServerDown", "platform", "critical")


def in_force(watched: Watched, quota: str) -> bool:
    held = watched.api.get("v1", "ResourceQuota", quota, "mlflow") or {}
    return "pods" in held.get("status", {}).get("used", {})


def test_a_gpu_that_is_reserved_and_idle_is_told_to_its_team(watched: Watched, gpu: Gpus) -> None:
    with gpu.idle():
        message = watched.told_once("GpuReservedAndIdle", OTHER_TEAM, "warning")
        assert f"{OTHER_NAMESPACE}/reserves has a GPU and does not use it" in message
    watched.told_over("GpuReservedAndIdle", OTHER_TEAM, "warning")


def test_a_node_whose_kubelet_is_lost_is_told_and_speaks_for_what_was_on_it(watched: Watched, gpu: Gpus) -> None:
    watched.eventually(f'up{{node="{gpu.node}", job="kubelet"}}')
    lease = ("coordination.k8s.io/v1", "Lease", gpu.node, "kube-node-lease")
    # Somebody else holds it, for longer than this takes: kwok, which plays the kubelet, renews what is its own.
    watched.api.patch(*lease, {"spec": {"holderIdentity": "nobody", "leaseDurationSeconds": 3600}})
    try:
        message = watched.told_once("NodeNotReady", "platform", "critical")
        assert f"The node {gpu.node} has not been ready" in message
        eventually(lambda: watched.inhibited("TargetDown", node=gpu.node), "its targets are quiet", SECONDS)
    finally:
        watched.api.delete(*lease)
    eventually(lambda: is_ready(watched.api.get("v1", "Node", gpu.node) or {}), "the node is ready", SECONDS)
    watched.told_over("NodeNotReady", "platform", "critical")


def test_somebody_who_signs_in_with_a_certificate_of_one_day_is_told_of(watched: Watched) -> None:
    with somebody_signs_in(watched.world, datetime.timedelta(days=1)):
        message = watched.told_once("ClientCertificateNearEnd", "platform", "warning")
        assert "Somebody signs in to the API server with a certificate that ends in" in message
    watched.told_over("ClientCertificateNearEnd", "platform", "warning")


def test_a_configuration_that_prometheus_cannot_read_is_told(watched: Watched) -> None:
    held = (watched.api.get("v1", "ConfigMap", "prometheus", "monitoring") or {})["data"]
    broken = {file: f"{text}\nscrape_everything: at once\n" for file, text in held.items()}
    watched.api.patch("v1", "ConfigMap", "prometheus", "monitoring", {"data": broken})
    try:
        message = watched.told_once("PrometheusConfigReloadFailed", "platform", "warning")
        assert "goes on with an older configuration" in message
        # Prometheus looks at what differs from the file that it took last: that file itself would not be read again.
        mended = {file: f"{text}\n# mended\n" for file, text in held.items()}
        watched.api.patch("v1", "ConfigMap", "prometheus", "monitoring", {"data": mended})
        watched.told_over("PrometheusConfigReloadFailed", "platform", "warning")
    finally:
        watched.api.patch("v1", "ConfigMap", "prometheus", "monitoring", {"data": held})


def test_a_target_that_has_too_much_is_told_and_nothing_of_it_is_kept(watched: Watched) -> None:
    container = team_work.container(
        name="flood",
        command=["python", "-c", FLOOD],
        env=[{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        ports=[{"name": "metrics", "containerPort": 8000}],
    )
    manifest = team_work.deployment(OTHER_NAMESPACE, "flood", team_work.pod_spec(container))
    metadata: dict[str, Any] = manifest["spec"]["template"]["metadata"]
    metadata["labels"]["app.kubernetes.io/name"] = "flood"
    metadata["annotations"] = {"prometheus.io/scrape": "true", "prometheus.io/port": "8000"}
    with there(watched, manifest):
        with watched.runner().start(OTHER_NAMESPACE, "flood"):
            message = watched.told_once("PrometheusTargetsOverLimit", "platform", "warning")
            assert "throws away all of it" in message
            assert not watched.series("flood")
        watched.told_over("PrometheusTargetsOverLimit", "platform", "warning")


def test_a_topic_that_refuses_is_told_as_soon_as_it_takes_messages_again(watched: Watched) -> None:
    """What could not be told meanwhile is not lost either."""
    root = watched.project.root / ".twin"
    with there(watched, failing_job("fails-unheard", OTHER_NAMESPACE)):
        plan(root, [Fault("sns", "Publish", "denied", times=100_000)])
        try:
            watched.eventually('ALERTS{alertname="AlertmanagerNotificationsFailing", alertstate="firing"}')
            assert not watched.alarms.about("JobFailed", OTHER_TEAM)
        finally:
            plan(root, [])
        message = watched.told_once("AlertmanagerNotificationsFailing", "platform", "critical")
        assert "Alertmanager cannot notify by sns" in message
        watched.told_once("JobFailed", OTHER_TEAM, "warning")
        watched.told_over("AlertmanagerNotificationsFailing", "platform", "critical")

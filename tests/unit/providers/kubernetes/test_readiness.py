"""When an object counts as ready: one example of ready and of not for each kind that is waited for."""

from typing import Any

import pytest

from tests.support.kubernetes_api import FakeApi
from tests.unit.providers.kubernetes.conftest import MakeOperation, Said, config_map
from twin.providers.kubernetes.cluster import Cluster, Deadline
from twin.providers.kubernetes.errors import ProviderError
from twin.providers.kubernetes.readiness import NotReadyError, wait
from twin.providers.kubernetes.readiness.chosen import rule
from twin.providers.kubernetes.readiness.rules import RULES, Look, NeverReadyError

AVAILABLE = [
    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
    {"type": "Available", "status": "True"},
]
FULL = {"observedGeneration": 2, "replicas": 1, "readyReplicas": 1, "currentReplicas": 1}
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}
CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("apps/v1", "Deployment", {"status": {"observedGeneration": 2, "conditions": AVAILABLE}}, ""),
    ("apps/v1", "Deployment", {"status": {"observedGeneration": 1, "conditions": AVAILABLE}}, "has not seen it yet"),
    ("apps/v1", "Deployment", {"status": {"observedGeneration": 2, "conditions": AVAILABLE[:1]}}, "0 of 1 pods are av"),
    ("apps/v1", "StatefulSet", {"status": FULL}, ""),
    ("apps/v1", "StatefulSet", {"status": {"observedGeneration": 2, "replicas": 1}}, "0 of 1 pods are ready"),
    ("apps/v1", "DaemonSet", {"status": {"observedGeneration": 2, "desiredNumberScheduled": 0}}, ""),
    ("apps/v1", "DaemonSet", {"status": {"observedGeneration": 2, "desiredNumberScheduled": 1}}, "0 of 1 pods are sch"),
    ("batch/v1", "Job", {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}, ""),
    ("batch/v1", "Job", {}, "0 of 1 pods have succeeded"),
    ("v1", "Pod", {"status": {"phase": "Succeeded"}}, ""),
    ("v1", "Pod", {"status": {"phase": "Pending"}}, "the Pod is Pending"),
    ("v1", "Service", {"spec": {"clusterIP": "None", "selector": {"a": "b"}}}, ""),
    ("v1", "Service", {"spec": {"type": "ExternalName"}}, ""),
    ("v1", "Service", {"spec": {"type": "LoadBalancer"}}, "no load balancer"),
    ("v1", "Service", {"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{}]}}}, ""),
    ("networking.k8s.io/v1", "Ingress", {}, "no load balancer"),
    ("networking.k8s.io/v1", "Ingress", {"status": {"loadBalancer": {"ingress": [{}]}}}, ""),
    ("v1", "PersistentVolumeClaim", {"status": {"phase": "Bound"}}, ""),
    ("v1", "PersistentVolumeClaim", {"status": {"phase": "Pending"}}, "no volume is bound"),
    ("v1", "PersistentVolume", {"status": {"phase": "Available"}}, ""),
    ("v1", "PersistentVolume", {}, "not seen by any controller"),
    ("v1", "ResourceQuota", {"spec": {"hard": {"pods": "1"}}, "status": {"hard": {"pods": "1"}}}, ""),
    ("v1", "ResourceQuota", {"spec": {"hard": {"pods": "1"}}}, "has not seen it yet"),
    ("v1", "ReplicationController", {"status": {"availableReplicas": 1}}, ""),
    ("v1", "ReplicationController", {}, "0 of 1 pods are available"),
    ("v1", "Secret", {"type": "Opaque"}, ""),
    ("v1", "Secret", {"type": "kubernetes.io/service-account-token"}, "has not filled it yet"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", {"status": ESTABLISHED}, ""),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}, "does not serve it yet"),
]  # fmt: skip


def look(cluster: Cluster, live: dict[str, Any]) -> Look:
    metadata = {"name": "a", "namespace": "default", "generation": 2}
    return Look({"metadata": metadata, **live}, cluster.client, created=True)


@pytest.mark.parametrize(("api_version", "kind", "live", "missing"), CASES)
def test_what_is_missing(cluster: Cluster, api_version: str, kind: str, live: dict[str, Any], missing: str) -> None:
    said = RULES[(api_version, kind)](look(cluster, live))
    assert missing in said
    assert bool(said) is bool(missing)


def test_every_rule_has_both_examples() -> None:
    for ready in (True, False):
        assert {(a, k) for a, k, _, missing in CASES if (not missing) is ready} == set(RULES)


def test_a_job_that_failed_is_not_waited_for(cluster: Cluster) -> None:
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
    with pytest.raises(NeverReadyError, match="BackoffLimitExceeded: too often"):
        RULES[("batch/v1", "Job")](look(cluster, {"status": {"conditions": [failed]}}))


def test_a_pod_says_why_it_does_not_run(cluster: Cluster) -> None:
    waiting = {"name": "main", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    status = {"phase": "Pending", "containerStatuses": [waiting]}
    said = RULES[("v1", "Pod")](look(cluster, {"status": status}))
    assert said == "Pod a, container main: ImagePullBackOff: no such image"


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ("condition=Ready", ""),
        ("condition=Ready=False", "condition Ready is True, not False"),
        ("condition=Synced", "condition Synced is not there, not True"),
        ("jsonpath={.status.phase}=Running", ""),
        ("jsonpath={.status.phase}=Gone", ".status.phase is Running, not Gone"),
        ("jsonpath={.status.list[0].ip}", ""),
        ("jsonpath={.status.list[1].ip}", ".status.list[1].ip is not there"),
        ('["condition=Ready", "jsonpath={.status.phase}=Gone"]', ".status.phase is Running, not Gone"),
    ],
)
def test_what_the_program_asks_to_wait_for(cluster: Cluster, asked: str, missing: str) -> None:
    status = {"phase": "Running", "list": [{"ip": "10.0.0.1"}], "conditions": [{"type": "Ready", "status": "True"}]}
    assert rule(asked)(look(cluster, {"status": status})) == missing


@pytest.mark.parametrize("asked", ["Ready", "[]", "[1]", "jsonpath={.a[?(@.b)]}", "jsonpath=a"])
def test_what_cannot_be_waited_for_is_refused(asked: str) -> None:
    with pytest.raises(ProviderError, match=r"pulumi\.com/waitFor"):
        rule(asked)


def waiting_for(annotations: dict[str, str]) -> dict[str, Any]:
    return config_map(metadata={"annotations": {f"pulumi.com/{name}": value for name, value in annotations.items()}})


def test_waits_until_it_is_so_and_says_what_is_missing(
    api: FakeApi, operation: MakeOperation, said: Said, cluster: Cluster
) -> None:
    wanted = waiting_for({"waitFor": "jsonpath={.data.done}=yes"})
    path = "/api/v1/namespaces/default/configmaps/settings"
    api.objects[path] = {**wanted, "data": {"done": "yes"}}
    live = wait(cluster, "urn", operation(wanted).kind, wanted, Deadline(60), created=True)
    assert live["data"] == {"done": "yes"}
    assert said.statuses == [".data.done is not there, not yes", ""]


def test_gives_up_with_what_is_missing_and_the_warnings_about_it(
    api: FakeApi, operation: MakeOperation, cluster: Cluster
) -> None:
    wanted = waiting_for({"waitFor": "jsonpath={.data.done}=yes"})
    event = {"metadata": {"name": "e"}, "type": "Warning", "reason": "Stuck", "message": "no hands"}
    api.objects["/api/v1/namespaces/default/events/e"] = event
    with pytest.raises(NotReadyError, match=r"after 0 s \.data\.done is not there, not yes") as failure:
        wait(cluster, "urn", operation(wanted).kind, wanted, Deadline(0), created=True)
    assert failure.value.reasons == ["Stuck: no hands"]


def test_stops_waiting_when_it_is_asked_to(operation: MakeOperation, cluster: Cluster) -> None:
    wanted = waiting_for({"waitFor": "condition=Ready"})
    cluster.stop()
    with pytest.raises(NotReadyError, match="stopped while waiting, as you asked"):
        wait(cluster, "urn", operation(wanted).kind, wanted, Deadline(60), created=True)


def test_does_not_wait_when_the_program_says_so(operation: MakeOperation, cluster: Cluster) -> None:
    wanted = waiting_for({"waitFor": "condition=Ready", "skipAwait": "true"})
    assert wait(cluster, "urn", operation(wanted).kind, wanted, Deadline(0), created=True) is wanted

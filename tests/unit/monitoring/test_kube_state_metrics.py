"""Decides what of the cluster becomes series, and that it is what rules and dashboards ask for."""

import posixpath
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from components.monitoring.kube_state_metrics import LABELS, RESOURCES, KubeStateMetrics, KubeStateMetricsArgs
from tests.support.recorder import Recorder, run_program
from tests.unit.monitoring.queries import metrics_of, panel_queries, rule_queries

SINGULAR = {
    "cronjob": "cronjobs",
    "daemonset": "daemonsets",
    "deployment": "deployments",
    "horizontalpodautoscaler": "horizontalpodautoscalers",
    "job": "jobs",
    "namespace": "namespaces",
    "node": "nodes",
    "persistentvolumeclaim": "persistentvolumeclaims",
    "pod": "pods",
    "resourcequota": "resourcequotas",
    "statefulset": "statefulsets",
}


@pytest.fixture(autouse=True)
def built(recorder: Recorder) -> Recorder:
    run_program(lambda: KubeStateMetrics("kube-state-metrics", KubeStateMetricsArgs(api_server_range="172.20.0.1/32")))
    return recorder


def container(recorder: Recorder) -> dict[str, Any]:
    (found,) = recorder.one("kube-state-metrics-deployment").inputs["spec"]["template"]["spec"]["containers"]
    return dict(found)


def flag(recorder: Recorder, name: str) -> str:
    (found,) = [value for value in container(recorder)["args"] if value.startswith(f"--{name}=")]
    return str(found.partition("=")[2])


def test_it_looks_at_the_kinds_that_are_asked_for_and_at_no_other(recorder: Recorder) -> None:
    asked = {
        metric.split("_")[1]
        for _, query in [*rule_queries(), *panel_queries()]
        for metric in metrics_of(query)
        if metric.startswith("kube_")
    }
    assert {SINGULAR[kind] for kind in asked} == set(flag(recorder, "resources").split(","))


def test_its_rights_are_to_look_at_those_kinds(recorder: Recorder) -> None:
    rules = recorder.one("kube-state-metrics-role").inputs["rules"]
    allowed = {(rule["apiGroups"][0], resource) for rule in rules for resource in rule["resources"]}
    assert allowed == {(group, resource) for group, resources in RESOURCES.items() for resource in resources}
    assert {verb for rule in rules for verb in rule["verbs"]} == {"list", "watch"}
    assert not {"secrets", "configmaps"} & {resource for _, resource in allowed}


def test_labels_that_queries_name_are_made_of_labels_of_objects(recorder: Recorder) -> None:
    queries = " ".join(query for _, query in [*rule_queries(), *panel_queries()])
    for keys in LABELS.values():
        for key in keys:
            assert "label_" + key.replace(".", "_").replace("/", "_").replace("-", "_") in queries
    assert flag(recorder, "metric-labels-allowlist") == (
        "namespaces=[groundwork.io/team],nodes=[groundwork.io/node-pool,nvidia.com/gpu.present]"
    )


def test_its_series_keep_the_labels_of_what_they_are_about(recorder: Recorder) -> None:
    template = recorder.one("kube-state-metrics-deployment").inputs["spec"]["template"]
    assert template["metadata"]["annotations"]["prometheus.io/honor-labels"] == "true"
    assert template["metadata"]["annotations"]["prometheus.io/port"] == "8080"


def test_prometheus_reaches_it_and_it_the_api_server(recorder: Recorder) -> None:
    (rule,) = recorder.one("kube-state-metrics-policy-from-prometheus").inputs["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}]
    assert [port["port"] for port in rule["ports"]] == [8080]
    (way,) = recorder.one("kube-state-metrics-policy-to-api-server").inputs["spec"]["egress"]
    assert way["to"] == [{"ipBlock": {"cidr": "172.20.0.1/32"}}]


def test_it_signs_in_with_a_token_of_an_hour_that_is_where_its_kubeconfig_looks(recorder: Recorder) -> None:
    pod = recorder.one("kube-state-metrics-deployment").inputs["spec"]["template"]["spec"]
    assert "automountServiceAccountToken" not in pod or pod["automountServiceAccountToken"] is False
    places = {mount["name"]: PurePosixPath(mount["mountPath"]) for mount in container(recorder)["volumeMounts"]}
    held = {}
    for volume in pod["volumes"]:
        for source in volume.get("projected", {}).get("sources", [volume]):
            match source:
                case {"serviceAccountToken": token}:
                    held[places[volume["name"]] / token["path"]] = f"a token of {token['expirationSeconds']:.0f} s"
                case {"configMap": {"name": name, "items": items}}:
                    held |= {places[volume["name"]] / item["path"]: f"{name}/{item['key']}" for item in items}
                case {"configMap": {"name": name}}:
                    held |= {
                        places[volume["name"]] / key: f"{name}/{key}"
                        for key in recorder.one("kube-state-metrics-configuration").inputs["data"]
                    }
    own = PurePosixPath(flag(recorder, "kubeconfig"))
    assert held[own] == "kube-state-metrics/kubeconfig"
    written = yaml.safe_load(recorder.one("kube-state-metrics-configuration").inputs["data"]["kubeconfig"])
    (user,), (cluster,) = written["users"], written["clusters"]
    named = [user["user"]["tokenFile"], cluster["cluster"]["certificate-authority"]]
    found = [held[PurePosixPath(posixpath.normpath(own.parent / path))] for path in named]
    assert found == ["a token of 3600 s", "kube-root-ca.crt/ca.crt"]
    # The program starts again, and forgets all that it knows, when something beside its kubeconfig changes.
    assert [place for place in held if place.parent == own.parent] == [own]


def test_it_is_restricted(recorder: Recorder) -> None:
    pod = recorder.one("kube-state-metrics-deployment").inputs["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container(recorder)["securityContext"]["readOnlyRootFilesystem"] is True

"""Decides as whom a discovered target is known, by Prometheus' own rules of relabelling, redone here for what is used.

That the real Prometheus takes the configuration is asked of promtool (tests/contracts), and that it finds and asks real
targets is tried in tests/twin/monitoring.
"""

import re

import pytest

from components.cluster.autoscaler import METRICS_PORT
from components.labels import TEAM, labels
from components.monitoring.scrape_configuration import scrape_configs
from components.scraping import scraped

Labels = dict[str, str]


def relabelled(job: str, found: Labels) -> Labels | None:
    """Return a target's labels after the job's relabelling; None when it is not kept."""
    config = next(one for one in scrape_configs() if one["job_name"] == job)
    result = {"job": job, "__metrics_path__": config.get("metrics_path", "/metrics"), **found}
    for rule in config["relabel_configs"]:
        value = ";".join(result.get(name, "") for name in rule.get("source_labels", ()))
        match = re.fullmatch(rule.get("regex", "(.*)"), value)
        match rule.get("action", "replace"):
            case "keep" if not match:
                return None
            case "drop" if match:
                return None
            case "replace" if match:
                replacement = re.sub(r"\$(\d)", r"\\\1", rule.get("replacement", "$1"))
                result[rule["target_label"]] = match.expand(replacement)
    return {name: value for name, value in result.items() if value and not name.startswith("__meta_")}


def pod(namespace: str, name: str, annotations: Labels, phase: str = "Running", team: str = "") -> Labels:
    """Return what discovery says of a pod of that application."""
    found = {
        "__address__": "10.20.0.9:1",
        "__meta_kubernetes_namespace": namespace,
        "__meta_kubernetes_pod_name": f"{name}-0",
        "__meta_kubernetes_pod_node_name": "node-1",
        "__meta_kubernetes_pod_ip": "10.20.0.9",
        "__meta_kubernetes_pod_phase": phase,
    }
    for kind, held in (("label", labels(name, "x")), ("annotation", annotations)):
        for key, value in held.items():
            found[f"__meta_kubernetes_pod_{kind}_{re.sub('[^a-zA-Z0-9]', '_', key)}"] = value
    if team:
        found[f"__meta_kubernetes_namespace_label_{re.sub('[^a-zA-Z0-9]', '_', TEAM)}"] = team
    return found


def test_a_pod_of_a_team_that_nobody_here_has_heard_of_is_known_by_what_the_cluster_says_of_it() -> None:
    found = relabelled("pods", pod("team-audio", "model-server", scraped(8000, "/v1/metrics"), team="audio"))
    assert found == {
        "__address__": "10.20.0.9:8000",
        "__metrics_path__": "/v1/metrics",
        "job": "model-server",
        "namespace": "team-audio",
        "pod": "model-server-0",
        "node": "node-1",
        "team": "audio",
    }


def test_what_is_in_no_teams_namespace_is_the_platforms() -> None:
    found = relabelled("pods", pod("kube-system", "cluster-autoscaler", scraped(METRICS_PORT)))
    assert found
    assert (found["team"], found["job"], found["__address__"]) == ("platform", "cluster-autoscaler", "10.20.0.9:8085")


@pytest.mark.parametrize(
    ("annotations", "phase"),
    [({}, "Running"), ({**scraped(1), "prometheus.io/scrape": "false"}, "Running"), (scraped(1), "Succeeded")],
)
def test_a_pod_that_does_not_say_so_or_has_ended_is_left_alone(annotations: Labels, phase: str) -> None:
    for job in ("pods", "exporters"):
        assert relabelled(job, pod("team-vision", "trainer", annotations, phase)) is None


@pytest.mark.parametrize(
    ("namespace", "job"), [("monitoring", "exporters"), ("kube-system", "exporters"), ("team-vision", "pods")]
)
def test_only_the_platforms_exporters_speak_of_others_and_each_pod_is_asked_once(namespace: str, job: str) -> None:
    found = pod(namespace, "exporter", scraped(9100, honor_labels=True))
    asked = {one for one in ("pods", "exporters") if relabelled(one, found)}
    assert asked == {job}
    configs = {one["job_name"]: one.get("honor_labels", False) for one in scrape_configs()}
    assert (configs["exporters"], configs["pods"]) == (True, False)


def test_kubelets_are_asked_over_tls_by_the_clusters_authority() -> None:
    for job in ("kubelet", "cadvisor"):
        config = next(one for one in scrape_configs() if one["job_name"] == job)
        assert (config["scheme"], config["tls_config"]) == ("https", {"ca_file": "ca.crt"})
        node = {
            "__address__": "10.20.0.4:10250",
            "__meta_kubernetes_node_name": "ip-10-20-0-4",
            "__meta_kubernetes_node_label_groundwork_io_node_pool": "system",
        }
        found = relabelled(job, node)
        assert found
        assert (found["node"], found["node_pool"], found["__address__"]) == (
            "ip-10-20-0-4",
            "system",
            "10.20.0.4:10250",
        )


def test_each_target_has_a_limit() -> None:
    for config in scrape_configs():
        assert config["sample_limit"] > 0
        assert config["body_size_limit"]

"""Decides what Prometheus is made with; that it scrapes is tried in tests/twin/monitoring."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from components.monitoring.metrics_settings import PrometheusSettings
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder
from tests.unit.monitoring.metrics import RUNBOOKS, build
from tests.unit.security.evaluator import decision

WORKSPACE = f"arn:aws:aps:{REGION}:{ACCOUNT_ID}:workspace/ws-1"
REMOTE_WRITE = {
    "url": f"https://aps-workspaces.{REGION}.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
    "workspace_arn": WORKSPACE,
}


def made(recorder: Recorder, role: str) -> dict[str, Any]:
    found: dict[str, Any] = recorder.one(f"metrics-prometheus-{role}").inputs
    return found


def server(recorder: Recorder) -> dict[str, Any]:
    (found,) = made(recorder, "servers")["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_each_replica_has_an_encrypted_volume_which_blocks_do_not_fill(recorder: Recorder) -> None:
    build({"prometheus": {"replicas": 2, "volume_size_gib": 100, "retention_days": 30}})
    spec = made(recorder, "servers")["spec"]
    assert spec["replicas"] == 2
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "gp3-encrypted"
    assert claim["spec"]["resources"]["requests"]["storage"] == "100Gi"
    (mount,) = [one for one in server(recorder)["volumeMounts"] if one["name"] == claim["metadata"]["name"]]
    assert f"--storage.tsdb.path={mount['mountPath']}" in server(recorder)["args"]
    kept = yaml.safe_load(made(recorder, "config")["data"]["prometheus.yml"])["storage"]["tsdb"]["retention"]
    assert kept["time"] == "30d"
    assert int(kept["size"].removesuffix("MB")) <= 0.8 * 100 * 1024


def test_two_are_not_taken_away_at_once_and_stand_apart(recorder: Recorder) -> None:
    build()
    assert made(recorder, "budget")["spec"]["maxUnavailable"] == 1
    pod = made(recorder, "servers")["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert pod["spec"]["priorityClassName"] == "groundwork-platform"
    (spread,) = pod["spec"]["topologySpreadConstraints"]
    for selector in (
        made(recorder, "budget")["spec"]["selector"],
        made(recorder, "servers")["spec"]["selector"],
        spread["labelSelector"],
        {"matchLabels": made(recorder, "service")["spec"]["selector"]},
    ):
        assert selector["matchLabels"].items() <= labels.items()


def test_it_sees_what_discovery_needs_and_nothing_that_is_secret(recorder: Recorder) -> None:
    build()
    rules = made(recorder, "role")["rules"]
    verbs = {verb for rule in rules for verb in rule["verbs"]}
    assert verbs == {"get", "list", "watch"}
    seen = {resource for rule in rules for resource in rule.get("resources", ())}
    assert seen == {"namespaces", "nodes", "nodes/metrics", "pods", "services", "endpointslices"}
    (subject,) = made(recorder, "binding")["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "prometheus", "namespace": "monitoring"}


def test_its_token_is_renewed_and_beside_its_configuration_and_no_other_is_mounted(recorder: Recorder) -> None:
    build()
    pod = made(recorder, "servers")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    (config,) = [volume for volume in pod["volumes"] if volume["name"] == "config"]
    files = set()
    for source in config["projected"]["sources"]:
        (given,) = source.values()
        files |= {given["path"]} if "path" in given else {item["path"] for item in given.get("items", ())}
    text = yaml.safe_load(made(recorder, "config")["data"]["prometheus.yml"])
    for job in (*text["scrape_configs"], *text["alerting"]["alertmanagers"]):
        for discovery in job["kubernetes_sd_configs"]:
            assert discovery["authorization"]["credentials_file"] in files
            assert discovery["tls_config"]["ca_file"] in files


def test_every_rule_file_is_where_the_configuration_looks_and_names_its_runbook(recorder: Recorder) -> None:
    build()
    files = made(recorder, "rules")["data"]
    assert files
    (pattern,) = yaml.safe_load(made(recorder, "config")["data"]["prometheus.yml"])["rule_files"]
    assert pattern == "../rules/*.yaml"
    mounts = {mount["name"]: mount["mountPath"] for mount in server(recorder)["volumeMounts"]}
    assert mounts["rules"] == mounts["config"].replace("config", "rules"), "named from the configuration's own folder"
    assert all(name.endswith(".yaml") for name in files)
    assert any(f"{RUNBOOKS}/target-down.md" in text for text in files.values())


def test_it_writes_elsewhere_with_a_role_that_writes_there_alone(recorder: Recorder) -> None:
    build({"prometheus": {"remote_write": REMOTE_WRITE}})
    rights = recorder.one("metrics-prometheus-writer-rights").inputs["policy"]
    assert decision(rights, "aps:RemoteWrite", WORKSPACE, {}) == "Allow"
    assert decision(rights, "aps:RemoteWrite", f"{WORKSPACE}2", {}) == "none"
    assert decision(rights, "aps:QueryMetrics", WORKSPACE, {}) == "none"
    (written,) = yaml.safe_load(made(recorder, "config")["data"]["prometheus.yml"])["remote_write"]
    assert (written["url"], written["sigv4"]) == (REMOTE_WRITE["url"], {"region": REGION})
    assert made(recorder, "policy-prometheus-to-remote-write")


def test_without_another_store_it_has_no_role_in_aws_and_reaches_nothing_outside(recorder: Recorder) -> None:
    build()
    names = [one.name for one in recorder.made]
    assert not [name for name in names if "writer" in name or "remote-write" in name]
    peers = [
        peer
        for name in names
        if name.startswith("metrics-prometheus-policy-")
        for rule in recorder.one(name).inputs["spec"].get("egress", ())
        for peer in rule["to"]
    ]
    assert peers
    assert "0.0.0.0/0" not in str(peers)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"replicas": 3}, "replicas"),
        ({"volume_size_gib": 1}, "volume_size_gib"),
        ({"image": "quay.io/prometheus/prometheus:v3.15.0"}, "image"),
        ({"remote_write": {**REMOTE_WRITE, "url": "http://plain.example.org/write"}}, "url"),
        ({"retention": 3}, "retention"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        PrometheusSettings.model_validate(settings)

"""Decides how the server's pods are started, checked, spread, scaled and replaced, as production has them."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.registry.tracking_args import TrackingServerSettings
from components.registry.tracking_server import TrackingServer
from tests.support.recorder import Recorder, run_program
from tests.unit.registry.tracking import IMAGE, arguments

PRODUCTION = {
    "min_replicas": 2,
    "max_replicas": 6,
    "workers": 4,
    "cpu_request_millicores": 1000,
    "memory_gib": 4,
    "artifact_buffer_gib": 20,
}
BALANCER = {
    "hostname": "mlflow.ml.example.org",
    "certificate_arn": "arn:aws:acm:eu-west-1:111122223333:certificate/11111111-2222-3333-4444-555555555555",
    "source_ranges": ["10.0.0.0/8"],
}


def build(**settings: Any) -> None:
    run_program(lambda: TrackingServer("tracking-server", arguments(**(PRODUCTION | settings))))


def spec(recorder: Recorder, name: str) -> Any:
    return recorder.one(f"tracking-server-{name}").inputs["spec"]


def pod(recorder: Recorder) -> Any:
    return spec(recorder, "deployment")["template"]["spec"]


def test_a_pod_goes_only_when_another_serves(recorder: Recorder) -> None:
    build()
    deployment = spec(recorder, "deployment")
    assert deployment["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    assert deployment["replicas"] == 2
    assert spec(recorder, "budget")["maxUnavailable"] == 1
    assert recorder.requests["tracking-server-deployment"].ignoreChanges == ["spec.replicas"], "the autoscaler's"


def test_the_autoscaler_scales_this_deployment_between_the_bounds(recorder: Recorder) -> None:
    build()
    scaler = spec(recorder, "autoscaler")
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "tracking-server"}
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 6)


def test_all_that_counts_its_pods_counts_those_of_the_deployment_and_no_job(recorder: Recorder) -> None:
    build()
    selector = spec(recorder, "deployment")["selector"]["matchLabels"]
    assert selector["app.kubernetes.io/component"] == "tracking-server"
    labels = spec(recorder, "deployment")["template"]["metadata"]["labels"]
    assert selector.items() <= labels.items()
    (spread,) = pod(recorder)["topologySpreadConstraints"]
    (apart,) = pod(recorder)["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert spec(recorder, "budget")["selector"]["matchLabels"] == selector
    assert spread["labelSelector"]["matchLabels"] == selector
    assert apart["podAffinityTerm"]["labelSelector"]["matchLabels"] == selector
    assert spec(recorder, "service")["selector"] == selector


def test_its_pods_are_spread_over_zones_and_nodes(recorder: Recorder) -> None:
    build()
    (spread,) = pod(recorder)["topologySpreadConstraints"]
    (apart,) = pod(recorder)["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert (spread["topologyKey"], spread["maxSkew"]) == ("topology.kubernetes.io/zone", 1)
    assert apart["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"


def test_a_pod_is_asked_whether_it_lives_and_serves_on_the_port_that_it_serves(recorder: Recorder) -> None:
    build()
    (server,), (events,) = pod(recorder)["containers"], pod(recorder)["initContainers"]
    assert f"--port={server['ports'][0]['containerPort']:.0f}" in server["args"]
    for container, probes in (
        (server, ("startupProbe", "readinessProbe", "livenessProbe")),
        (events, ("startupProbe", "livenessProbe")),
    ):
        for probe in probes:
            asked = container[probe]["httpGet"]
            assert asked == {"path": "/health", "port": container["ports"][0]["containerPort"]}, probe
    start = server["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] == 300


def test_the_server_listens_on_its_pods_own_address_alone(recorder: Recorder) -> None:
    build()
    (server,) = pod(recorder)["containers"]
    assert "--host=$(POD_IP)" in server["args"]
    address = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    assert server["env"][0] == address, "before whatever refers to it"


def test_settings_reach_the_server(recorder: Recorder) -> None:
    build()
    (server,) = pod(recorder)["containers"]
    assert "--workers=4" in server["args"]
    assert "--artifacts-destination=s3://groundwork-dev-artifacts-111122223333-eu-west-1/mlflow" in server["args"]
    assert server["resources"] == {
        "requests": {"cpu": "1000m", "memory": "4Gi"},
        "limits": {"cpu": "4000m", "memory": "4Gi"},
    }
    (buffer,) = [volume for volume in pod(recorder)["volumes"] if volume["name"] == "tmp"]
    assert buffer["emptyDir"] == {"sizeLimit": "20Gi"}


@pytest.mark.parametrize("balancer", [None, BALANCER])
def test_only_names_of_the_server_are_answered_to(recorder: Recorder, balancer: dict[str, Any] | None) -> None:
    build(load_balancer=balancer)
    (server,) = pod(recorder)["containers"]
    given = dict(argument.split("=", 1) for argument in server["args"] if "=" in argument)
    names = [f"tracking-server.mlflow{suffix}:5000" for suffix in ("", ".svc", ".svc.cluster.local")]
    outside = ["mlflow.ml.example.org"] if balancer else []
    assert given["--allowed-hosts"].split(",") == ["$(POD_IP):5000", *names, *outside]
    assert "*" not in given["--cors-allowed-origins"]
    assert ("https://mlflow.ml.example.org" in given["--cors-allowed-origins"].split(",")) == bool(balancer)


def test_only_the_sidecar_is_told_the_queue_and_both_read_the_same_metrics(recorder: Recorder) -> None:
    build()
    (server,), (events,) = pod(recorder)["containers"], pod(recorder)["initContainers"]
    told = [{entry["name"]: entry.get("value") for entry in container["env"]} for container in (server, events)]
    assert "EVENTS_QUEUE_URL" not in told[0]
    assert told[1]["EVENTS_QUEUE_URL"].endswith("/groundwork-dev-registry-events")
    assert f"--expose-prometheus={told[1]['METRICS_DIRECTORY']}" in server["args"]
    for container in (server, events):
        assert told[1]["METRICS_DIRECTORY"] in [mount["mountPath"] for mount in container["volumeMounts"]]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"min_replicas": 7}, r"min_replicas is 7, more than max_replicas \(6\)"),
        ({"memory_gib": 10}, "they ask for 71.75 GiB, and the namespace has 63 for them"),
        ({"cpu_request_millicores": 5000}, "they ask for 35.35 cores, and the namespace has 31 for them"),
        ({"workers": 11}, r"workers is 11, which take 4\.4 GiB, more than memory_gib \(4\)"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TrackingServerSettings.model_validate({"image": IMAGE} | PRODUCTION | wrong)

"""Decides what the tracking server asks the cluster for, not whether MLflow runs."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.registry.tracking_args import TrackingServerSettings
from components.registry.tracking_server import TrackingServer
from tests.support.recorder import Recorder, run_program
from tests.unit.registry.tracking import IMAGE, VPC, arguments

BALANCER = {
    "hostname": "mlflow.example.org",
    "certificate_arn": "arn:aws:acm:eu-west-1:111122223333:certificate/11111111-2222-3333-4444-555555555555",
    "source_ranges": ("10.0.0.0/8",),
}


def build(configuration: str = "{}", **settings: Any) -> TrackingServer:
    return run_program(lambda: TrackingServer("tracking-server", arguments(configuration, **settings)))


def server(recorder: Recorder) -> dict[str, Any]:
    pod: dict[str, Any] = recorder.one("tracking-server-deployment").inputs["spec"]["template"]["spec"]
    return pod


def test_nothing_secret_is_in_what_the_cluster_is_asked_for(recorder: Recorder) -> None:
    build()
    for container in (*server(recorder)["containers"], *server(recorder)["initContainers"]):
        assert not [entry for entry in container["env"] if "secretKeyRef" in str(entry) or "PASSWORD" in entry["name"]]
    uri = recorder.one("tracking-server-config-database").inputs["data"]["MLFLOW_BACKEND_STORE_URI"]
    assert uri == "postgresql+psycopg2://mlflow@registry.rds.example:5432/mlflow?plugin=rds_iam"


def test_callers_are_asked_who_they_are_and_may_do_nothing_by_default(recorder: Recorder) -> None:
    build()
    (container,) = server(recorder)["containers"]
    assert {"--app-name=basic-auth", "--enable-workspaces"} <= set(container["args"])
    ini = recorder.one("tracking-server-config-tracking-server").inputs["data"]["basic_auth.ini"]
    assert "default_permission = NO_PERMISSIONS\n" in ini


def test_webhooks_are_never_remembered_across_workspaces(recorder: Recorder) -> None:
    build()
    (container,) = server(recorder)["containers"]
    assert {"name": "MLFLOW_WEBHOOK_CACHE_TTL", "value": "0"} in container["env"]


def test_the_sidecar_outlives_the_server(recorder: Recorder) -> None:
    build()
    (events,) = server(recorder)["initContainers"]
    assert (events["name"], events["restartPolicy"]) == ("events", "Always")


def test_a_job_runs_again_when_what_it_does_changes_and_only_then(recorder: Recorder) -> None:
    def names(**settings: Any) -> dict[str, str]:
        build(**settings)
        return {
            job: [made for made in recorder.made if made.name == f"tracking-server-job-{job}"][-1].inputs["metadata"][
                "name"
            ]
            for job in ("bootstrap", "migration", "access")
        }

    first = names()
    assert names() == first
    other_users = names(configuration=json.dumps({"users": {}}))
    assert {job for job in first if first[job] != other_users[job]} == {"access"}
    other_image = names(image=IMAGE.replace("1" * 64, "2" * 64))
    assert {job for job in first if first[job] != other_image[job]} == set(first)


def test_teams_reach_the_server_and_no_other_port_or_pod(recorder: Recorder) -> None:
    build()
    client = recorder.one("tracking-server-client-vision").inputs
    assert client["metadata"]["namespace"] == "team-vision"
    (rule,) = client["spec"]["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 5000}]
    (into,) = recorder.one("tracking-server-policy-server-from-clients").inputs["spec"]["ingress"]
    assert into["ports"] == [{"protocol": "TCP", "port": 5000}]
    assert into["from"][0]["namespaceSelector"]["matchExpressions"] == [
        {"key": "groundwork.io/team", "operator": "Exists"}
    ]


def test_a_teams_jobs_mount_how_they_sign_in_and_nothing_else(recorder: Recorder) -> None:
    build()
    made = recorder.one("tracking-server-credentials-vision").inputs
    assert made["kind"] == "SecretProviderClass"
    assert (made["metadata"]["namespace"], made["metadata"]["name"]) == ("team-vision", "mlflow-credentials")
    assert made["spec"]["parameters"]["usePodIdentity"] == "true"
    assert "secretObjects" not in made["spec"], "a Secret of the cluster would be made of it"
    assert json.loads(made["spec"]["parameters"]["objects"]) == [
        {
            "objectName": "groundwork-dev/mlflow/vision/training",
            "objectType": "secretsmanager",
            "jmesPath": [{"path": "credentials", "objectAlias": "credentials"}],
        }
    ]


def test_pods_of_the_namespace_do_not_reach_each_other_unless_it_is_said(recorder: Recorder) -> None:
    build()
    assert not [made for made in recorder.made if made.name.endswith("allow-same-namespace")]


def test_there_is_no_load_balancer_by_default(recorder: Recorder) -> None:
    build()
    assert not [made for made in recorder.made if made.inputs.get("spec", {}).get("type") == "LoadBalancer"]


def test_a_load_balancer_is_internal_and_speaks_tls_alone(recorder: Recorder) -> None:
    build(load_balancer=BALANCER)
    service = recorder.one("tracking-server-load-balancer").inputs
    assert [port["port"] for port in service["spec"]["ports"]] == [443]
    assert service["spec"]["loadBalancerSourceRanges"] == ["10.0.0.0/8"]
    annotations = service["metadata"]["annotations"]
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"


def ranges_let_in(recorder: Recorder) -> list[str]:
    (into,) = recorder.one("tracking-server-policy-server-from-clients").inputs["spec"]["ingress"]
    assert into["ports"] == [{"protocol": "TCP", "port": 5000}]
    return [peer["ipBlock"]["cidr"] for peer in into["from"] if "ipBlock" in peer]


def test_the_load_balancers_callers_and_its_health_checks_from_the_vpc_are_let_in(recorder: Recorder) -> None:
    build(load_balancer=BALANCER)
    assert ranges_let_in(recorder) == ["10.0.0.0/8", VPC], "else no target is ever healthy"


def test_without_a_load_balancer_no_range_is_let_in(recorder: Recorder) -> None:
    build()
    assert ranges_let_in(recorder) == []


def test_an_image_without_a_digest_is_refused() -> None:
    with pytest.raises(ValidationError, match="image"):
        TrackingServerSettings(image="111122223333.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-mlflow:latest")

"""Decides how people get into Grafana, what it shows and what it reaches; that it runs cannot be tried here."""

import configparser
import json
from typing import Any

import pulumi
import pytest
import yaml
from pydantic import ValidationError

from components.monitoring.dashboards import DATA_SOURCE, dashboards
from components.monitoring.grafana import Grafana, GrafanaArgs, role_arn
from components.monitoring.grafana_configuration import SECRETS, grafana_ini
from components.monitoring.grafana_settings import GrafanaSettings, OidcSettings
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

IMAGE = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/groundwork-dev-grafana@sha256:{'0' * 64}"
OIDC: dict[str, Any] = {
    "client_id": "groundwork",
    "auth_url": "https://login.example.org/authorize",
    "token_url": "https://login.example.org/token",
    "api_url": "https://login.example.org/userinfo",
    "root_url": "https://grafana.example.org/",
}
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:groundwork-dev/grafana/oidc-AbCdEf"


def build(**settings: Any) -> None:
    args = GrafanaArgs(
        settings=GrafanaSettings.model_validate({"image": IMAGE} | settings),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn="boundary",
        cluster_name=pulumi.Output.from_input("groundwork-dev"),
        prometheus_url="http://prometheus.monitoring:9090",
    )
    run_program(lambda: Grafana("grafana", args))


def ini(recorder: Recorder) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(recorder.one("grafana-configuration").inputs["data"]["grafana.ini"])
    return parser


def pod(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = recorder.one("grafana-deployment").inputs["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("oidc", [None, OIDC])
def test_nobody_signs_in_with_a_password_and_no_administrator_is_made(
    recorder: Recorder, oidc: dict[str, Any] | None
) -> None:
    build(oidc=oidc)
    told = ini(recorder)
    assert told["security"]["disable_initial_admin_creation"] == "true"
    assert told["auth"]["disable_login_form"] == "true"
    assert told["auth.basic"]["enabled"] == "false"
    assert "password" not in recorder.one("grafana-configuration").inputs["data"]["grafana.ini"]


def test_without_a_provider_of_identities_one_may_look_and_nothing_else(recorder: Recorder) -> None:
    build()
    assert dict(ini(recorder)["auth.anonymous"]) == {"enabled": "true", "org_role": "Viewer"}
    assert not [made for made in recorder.made if made.typ == "aws:iam/role:Role"]


def test_with_one_nobody_looks_without_signing_in(recorder: Recorder) -> None:
    build(oidc=OIDC)
    told = ini(recorder)
    assert told["auth.anonymous"]["enabled"] == "false"
    assert told["auth.generic_oauth"]["client_id"] == "groundwork"
    assert told["auth.generic_oauth"]["use_pkce"] == "true"
    assert told["auth.generic_oauth"]["role_attribute_strict"] == "true"
    assert told["security"]["cookie_secure"] == "true"
    assert told["server"]["root_url"] == "https://grafana.example.org/"


def test_the_secret_of_the_client_is_a_file_that_its_role_alone_reads(recorder: Recorder) -> None:
    build(oidc=OIDC)
    assert ini(recorder)["auth.generic_oauth"]["client_secret"] == f"$__file{{{SECRETS}/client_secret}}"
    (volume,) = [volume for volume in pod(recorder)["volumes"] if "csi" in volume]
    assert volume["csi"]["volumeAttributes"] == {"secretProviderClass": "grafana"}
    told = recorder.one("grafana-secret-class").inputs["spec"]["parameters"]
    (asked,) = json.loads(told["objects"])
    assert asked["objectName"] == "groundwork-dev/grafana/oidc"
    rights = recorder.one("grafana-identity-rights").inputs["policy"]
    assert decision(rights, "secretsmanager:GetSecretValue", SECRET, {}) == "Allow"
    other = SECRET.replace("grafana/oidc", "mlflow/server")
    assert decision(rights, "secretsmanager:GetSecretValue", other, {}) == "none"
    assert decision(rights, "secretsmanager:PutSecretValue", SECRET, {}) == "none"


def test_the_secret_names_a_role_before_it_is_there(recorder: Recorder) -> None:
    build(oidc=OIDC)
    assert role_arn(ACCOUNT_ID, "dev", "grafana").endswith(
        "role/" + recorder.one("grafana-identity-role").inputs["name"]
    )


def test_its_one_source_is_prometheus_and_its_dashboards_are_the_platforms(recorder: Recorder) -> None:
    build()
    provisioned = recorder.one("grafana-provisioning").inputs["data"]
    (source,) = yaml.safe_load(provisioned["datasources.yaml"])["datasources"]
    assert source["url"] == "http://prometheus.monitoring:9090"
    assert {key: source[key] for key in DATA_SOURCE} == DATA_SOURCE
    (provider,) = yaml.safe_load(provisioned["dashboards.yaml"])["providers"]
    (mount,) = [
        mount
        for mount in pod(recorder)["containers"][0]["volumeMounts"]
        if mount["mountPath"] == provider["options"]["path"]
    ]
    (volume,) = [volume for volume in pod(recorder)["volumes"] if volume["name"] == mount["name"]]
    assert volume["configMap"]["name"] == recorder.one("grafana-dashboards").inputs["metadata"]["name"]
    assert set(recorder.one("grafana-dashboards").inputs["data"]) == {f"{name}.json" for name in dashboards()}


def test_a_config_map_is_small_enough_for_the_api_server(recorder: Recorder) -> None:
    build()
    assert len(json.dumps(recorder.one("grafana-dashboards").inputs["data"])) < 500_000


def test_it_reaches_prometheus_and_nobody_but_prometheus_reaches_it(recorder: Recorder) -> None:
    build()
    (way,) = recorder.one("grafana-policy-to-prometheus").inputs["spec"]["egress"]
    assert way["to"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}]
    (rule,) = recorder.one("grafana-policy-from-prometheus").inputs["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}]


def test_it_is_restricted_and_writes_into_its_own_room_alone(recorder: Recorder) -> None:
    build(oidc=OIDC)
    found = pod(recorder)
    assert found["securityContext"]["runAsNonRoot"] is True
    (container,) = found["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount["readOnly"]}
    assert writable == {"/var/lib/grafana", "/tmp"}  # noqa: S108 - volumes of the pod
    assert found["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth_url": "http://login.example.org/authorize"},
        {"client_id": "a\nadmin_password = x"},
        {"role_attribute_path": "'Admin'\n[auth.anonymous]"},
        {"name": "$__env{HOME}"},
    ],
)
def test_what_would_be_a_line_of_its_own_in_the_configuration_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        OidcSettings.model_validate(OIDC | wrong)
    assert [error["loc"] for error in refused.value.errors()] == [(next(iter(wrong)),)]


def test_the_configuration_is_read_as_it_was_meant() -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(grafana_ini(OidcSettings.model_validate(OIDC)))
    assert (
        parser["auth.generic_oauth"]["role_attribute_path"]
        == "contains(groups[*], 'ml-platform') && 'Editor' || 'Viewer'"
    )

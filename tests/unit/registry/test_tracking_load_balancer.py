"""Decides what the load balancer is asked to be; the controller that makes it is not part of the platform."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.registry.tracking_load_balancer import LoadBalancerSettings, annotations_of, load_balancer_spec

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/11111111-2222-3333-4444-555555555555"
GOOD: dict[str, Any] = {
    "hostname": "mlflow.ml.example.org",
    "certificate_arn": CERTIFICATE,
    "source_ranges": ("10.0.0.0/8", "172.16.0.0/12"),
}


def settings(**changed: Any) -> LoadBalancerSettings:
    return LoadBalancerSettings.model_validate(GOOD | changed)


def test_it_is_internal_and_ends_tls_of_1_2_or_newer_with_the_certificate() -> None:
    said = {key.removeprefix(PREFIX): value for key, value in annotations_of(settings()).items()}
    assert (said["scheme"], said["internal"]) == ("internal", "true")
    assert (said["ssl-cert"], said["ssl-ports"]) == (CERTIFICATE, "443")
    assert said["ssl-negotiation-policy"].startswith("ELBSecurityPolicy-TLS13-1-2-")


def test_there_is_no_port_without_tls() -> None:
    spec = load_balancer_spec(settings(), {"app": "mlflow"})
    assert [port["port"] for port in spec["ports"]] == [443]
    assert spec["allocate_load_balancer_node_ports"] is False, "a node would listen too, without TLS"


def test_it_sends_to_pods_with_the_callers_own_address_by_which_policies_let_in() -> None:
    said = {key.removeprefix(PREFIX): value for key, value in annotations_of(settings()).items()}
    assert said["nlb-target-type"] == "ip"
    assert said["target-group-attributes"] == "preserve_client_ip.enabled=true"
    assert load_balancer_spec(settings(), {})["load_balancer_class"] == "service.k8s.aws/nlb"


def test_only_the_named_ranges_may_connect() -> None:
    assert load_balancer_spec(settings(), {})["load_balancer_source_ranges"] == ["10.0.0.0/8", "172.16.0.0/12"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"source_ranges": ("0.0.0.0/0",)}, "0.0.0.0/0 is of the internet"),
        ({"source_ranges": ("10.0.0.0/8", "52.0.0.0/8")}, "52.0.0.0/8 is of the internet"),
        ({"source_ranges": ()}, "nobody may connect"),
        ({"source_ranges": ("10.0.0.1/8",)}, "not a valid IPv4 network"),
        ({"certificate_arn": "arn:aws:iam::111122223333:server-certificate/mlflow"}, "certificate_arn"),
        ({"certificate_arn": None}, "certificate_arn"),
        ({"hostname": "https://mlflow.example.org"}, "hostname"),
        ({"hostname": "MLflow.example.org"}, "hostname"),
        ({"port": 80}, "port"),
    ],
)
def test_what_would_be_open_or_unencrypted_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(**changed)

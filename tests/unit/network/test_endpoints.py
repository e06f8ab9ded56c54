"""Decides which endpoints are asked for and what their policies say; AWS's evaluation of them is not tried here."""

import json

import pytest
from pydantic import ValidationError

from components.network.endpoints import interface_policy
from components.network.network import PLATFORM_SERVICES, NetworkSettings
from tests.support.recorder import ACCOUNT_ID, Recorder
from tests.unit.network.conftest import Build

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def test_each_service_that_the_platform_calls_has_a_private_endpoint_in_every_zone(
    build: Build, recorder: Recorder
) -> None:
    build(3)
    interfaces = [made.inputs for made in recorder.of_type(ENDPOINT) if made.inputs["vpcEndpointType"] == "Interface"]
    assert {i["serviceName"].removeprefix("com.amazonaws.eu-west-1.") for i in interfaces} == set(PLATFORM_SERVICES)
    for inputs in interfaces:
        assert inputs["privateDnsEnabled"] is True
        assert inputs["subnetIds"] == [f"network-private-{letter}-id" for letter in "abc"]
        assert inputs["securityGroupIds"] == ["network-endpoints-security-group-id"]


def test_endpoints_may_be_in_fewer_zones_and_are_then_reached_from_all(build: Build, recorder: Recorder) -> None:
    build(3, interface_endpoint_zones=["eu-west-1b"])
    interfaces = [made.inputs for made in recorder.of_type(ENDPOINT) if made.inputs["vpcEndpointType"] == "Interface"]
    assert {tuple(inputs["subnetIds"]) for inputs in interfaces} == {("network-private-b-id",)}
    assert all(inputs["privateDnsEnabled"] for inputs in interfaces), "its names are resolved in the whole VPC"


def test_a_zone_for_endpoints_that_the_network_does_not_have_is_refused(build: Build) -> None:
    with pytest.raises(ValidationError, match="interface_endpoint_zones: eu-west-1c is none of eu-west-1a, eu-west-1b"):
        build(2, interface_endpoint_zones=["eu-west-1c"])


def test_every_route_table_leads_to_s3_through_the_gateway_endpoint(build: Build, recorder: Recorder) -> None:
    build(2)
    tables = [f"{made.name}-id" for made in recorder.of_type("aws:ec2/routeTable:RouteTable")]
    assert sorted(recorder.one("network-endpoints-s3").inputs["routeTableIds"]) == sorted(tables)
    assert len(tables) == 4


def test_the_endpoints_take_https_from_the_vpc_and_nothing_else(build: Build, recorder: Recorder) -> None:
    build()
    (rule,) = recorder.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    wanted = {"cidrIpv4": "10.20.0.0/16", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    assert {key: rule.inputs[key] for key in wanted} == wanted
    assert rule.inputs["description"]
    group = recorder.one("network-endpoints-security-group").inputs
    assert group["description"]
    assert group["egress"] == []
    assert "ingress" not in group
    assert not recorder.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")


def test_every_endpoint_policy_names_the_account(build: Build, recorder: Recorder) -> None:
    build()
    for made in recorder.of_type(ENDPOINT):
        broad = [s for s in json.loads(made.inputs["policy"])["Statement"] if s["Resource"] == ["*"]]
        assert broad, made.name
        for statement in broad:
            assert statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == ACCOUNT_ID, made.name


def test_s3_is_open_to_the_buckets_of_the_account_and_to_the_layers_of_images(build: Build, recorder: Recorder) -> None:
    build()
    own, layers = json.loads(recorder.one("network-endpoints-s3").inputs["policy"])["Statement"]
    assert own["Condition"]["StringEquals"]["aws:ResourceAccount"] == ACCOUNT_ID
    assert layers["Action"] == ["s3:GetObject"]
    assert layers["Resource"] == ["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"]


@pytest.mark.parametrize("service", ["kms", "logs", "secretsmanager"])
def test_services_that_hold_data_serve_only_what_the_account_owns(service: str) -> None:
    (statement,) = json.loads(interface_policy(service, ACCOUNT_ID))["Statement"]
    assert statement["Condition"]["StringEquals"]["aws:ResourceAccount"] == ACCOUNT_ID


def test_nodes_may_pull_images_that_aws_owns() -> None:
    (statement,) = json.loads(interface_policy("ecr.dkr", ACCOUNT_ID))["Statement"]
    assert "aws:ResourceAccount" not in statement["Condition"]["StringEquals"]


def test_sts_also_takes_tokens_for_roles_of_the_account() -> None:
    _, federated = json.loads(interface_policy("sts", ACCOUNT_ID))["Statement"]
    assert federated["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert federated["Resource"] == [f"arn:aws:iam::{ACCOUNT_ID}:role/*"]


def test_a_service_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="interface_endpoints"):
        NetworkSettings.model_validate({"cidr": "10.20.0.0/16", "interface_endpoints": ["kms", "sagemaker.runtimes"]})

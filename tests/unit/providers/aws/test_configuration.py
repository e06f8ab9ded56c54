"""The provider's configuration, and its functions."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from tests.contracts.providers.aws.driver import Driver
from tests.unit.providers.aws.conftest import Aws
from twin.providers.aws import configuration
from twin.providers.aws.clients import Clients
from twin.providers.aws.errors import ProviderError
from twin.providers.wire import UNKNOWN, decode, encode

CALLER = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:root", "UserId": "111122223333"}


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(
            {"region": "eu-west-1", "skipCredentialsValidation": "false", "skipRegionValidation": "true"}, id="SDK"
        ),
        pytest.param({"allowedAccountIds": '["111122223333"]', "defaultTags": '{"tags": {"a": "b"}}'}, id="JSON texts"),
        pytest.param({"allowedAccountIds": ["111122223333"], "defaultTags": {"tags": {"a": "b"}}}, id="objects"),
        pytest.param({"region": UNKNOWN, "defaultTags": UNKNOWN}, id="not known yet"),
        pytest.param({"version": "7.51.1", "pluginDownloadURL": ""}, id="the engine's own"),
    ],
)
def test_taken(config: dict[str, Any]) -> None:
    assert configuration.problems(config) == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"accessKey": "AKIA"}, "Endpoint and credentials come from the environment"),
        ({"endpoints": "[]"}, "it takes region, allowedAccountIds, defaultTags"),
        ({"allowedAccountIds": "111122223333"}, "expected a list of account ids"),
        ({"defaultTags": {"a": "b"}}, 'expected {"tags": {"owner": "mlops"}}'),
        ({"skipCredentialsValidation": True}, "only takes false"),
    ],
)
def test_refused_by_name(config: dict[str, Any], said: str) -> None:
    ((name, reason),) = configuration.problems(config)
    assert name in config
    assert said in reason


def test_an_account_that_is_not_allowed_is_refused(aws: Aws) -> None:
    aws.answers("sts", "get_caller_identity", CALLER)
    with pytest.raises(ProviderError, match="AWS account ID not allowed: 111122223333") as raised:
        configuration.configure({"region": "eu-west-1", "allowedAccountIds": '["444455556666"]'}, _clients(aws))
    assert "allows 444455556666" in str(raised.value)


def test_wrong_credentials_are_said_in_the_words_of_aws(aws: Aws) -> None:
    aws.fails("sts", "get_caller_identity", "InvalidClientTokenId", 403)
    with pytest.raises(ProviderError, match="sts:GetCallerIdentity: InvalidClientTokenId: in its own words"):
        configuration.configure({"region": "eu-west-1"}, _clients(aws))


def test_no_region_is_said_before_aws_is_asked(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(ProviderError, match="no AWS region is configured"):
        configuration.configure({}, _clients(aws))


def test_without_an_endpoint_it_refuses_to_work(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real AWS is for the official plugin alone."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(grpc.RpcError, match="AWS_ENDPOINT_URL is not set"):
        driver.configure(region="eu-west-1")


def test_default_tags_arrive_as_a_json_text(aws: Aws) -> None:
    aws.answers("sts", "get_caller_identity", CALLER)
    config = {"region": "eu-west-1", "defaultTags": json.dumps({"tags": {"owner": "mlops"}})}
    account = configuration.configure(config, _clients(aws))
    assert account.default_tags == {"owner": "mlops"}
    assert (account.id, account.partition, account.region) == ("111122223333", "aws", "eu-west-1")


def _clients(aws: Aws) -> Clients:
    return Clients("", client=aws.client)


def _invoke(driver: Driver, token: str, **arguments: Any) -> dict[str, Any]:
    request = provider_pb2.InvokeRequest(tok=token, args=encode(arguments))
    return decode(getattr(driver.stub.Invoke(request), "return")).values


def test_caller_identity(aws: Aws, driver: Driver) -> None:
    aws.answers("sts", "get_caller_identity", CALLER)
    answer = _invoke(driver, "aws:index/getCallerIdentity:getCallerIdentity")
    assert answer["accountId"] == "111122223333"


def test_partition_and_region(driver: Driver) -> None:
    partition = _invoke(driver, "aws:index/getPartition:getPartition")
    assert (partition["partition"], partition["dnsSuffix"]) == ("aws", "amazonaws.com")
    region = _invoke(driver, "aws:index/getRegion:getRegion")
    assert (region["region"], region["description"]) == ("eu-west-1", "Europe (Ireland)")


def test_availability_zones(aws: Aws, driver: Driver) -> None:
    zones = [{"ZoneName": f"eu-west-1{letter}", "ZoneId": f"euw1-az{letter}"} for letter in "cab"]
    expected = {"Filters": [{"Name": "state", "Values": ["available"]}]}
    aws.answers("ec2", "describe_availability_zones", {"AvailabilityZones": zones}, **expected)
    answer = _invoke(
        driver, "aws:index/getAvailabilityZones:getAvailabilityZones", state="available", excludeNames=["eu-west-1c"]
    )
    assert answer["names"] == ["eu-west-1a", "eu-west-1b"]


def test_a_function_or_argument_that_is_not_modelled_is_refused(driver: Driver) -> None:
    with pytest.raises(grpc.RpcError, match="does not model the function aws:ec2/getAmi:getAmi"):
        _invoke(driver, "aws:ec2/getAmi:getAmi")
    with pytest.raises(grpc.RpcError, match="does not take colour"):
        _invoke(driver, "aws:index/getPartition:getPartition", colour="red")

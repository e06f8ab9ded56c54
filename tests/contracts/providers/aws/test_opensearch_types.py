"""What of a search domain changes in place and what takes another one, and what it is when it is not as it was told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.providers.aws.driver import Driver
from tests.contracts.providers.aws.examples import World
from tests.contracts.providers.aws.examples.opensearch import EXAMPLES
from twin.providers.aws.diff import diff
from twin.providers.aws.types import resource_type

DOMAIN = "aws:opensearch/domain:Domain"
WITHIN: dict[str, Any] = {
    "domainName": "logs",
    "encryptAtRest": {"enabled": True, "kmsKeyId": "arn:aws:kms:eu-west-1:000000000000:key/1"},
    "nodeToNodeEncryption": {"enabled": True},
    "advancedSecurityOptions": {"enabled": True, "masterUserOptions": {"masterUserArn": "arn:1"}},
    "vpcOptions": {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]},
}
OPEN: dict[str, Any] = {
    "domainName": "logs",
    "encryptAtRest": {"enabled": False},
    "nodeToNodeEncryption": {"enabled": False},
    "advancedSecurityOptions": {"enabled": False},
}


def replaced(old: dict[str, Any], change: dict[str, Any]) -> list[str]:
    """What forces another domain."""
    news = {name: value for name, value in {**old, **change}.items() if value is not None}
    found = diff(resource_type(DOMAIN), old, old, news)
    assert found.kinds, "that is no difference"
    return found.replaces


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"domainName": "others"}, ["domainName"]),
        ({"encryptAtRest": {"enabled": False}}, ["encryptAtRest"]),
        ({"encryptAtRest": {"enabled": True, "kmsKeyId": "arn:aws:kms:eu-west-1:0:key/2"}}, ["encryptAtRest"]),
        ({"nodeToNodeEncryption": {"enabled": False}}, ["nodeToNodeEncryption"]),
        ({"advancedSecurityOptions": {"enabled": False}}, ["advancedSecurityOptions"]),
        ({"vpcOptions": None}, ["vpcOptions"]),
        ({"vpcOptions": {"subnetIds": ["subnet-1", "subnet-3"], "securityGroupIds": ["sg-1"]}}, []),
        ({"advancedSecurityOptions": {"enabled": True, "masterUserOptions": {"masterUserArn": "arn:2"}}}, []),
        ({"engineVersion": "OpenSearch_2.19"}, []),
    ],
    ids=str,
)
def test_what_is_safe_is_not_taken_away_in_place(change: dict[str, Any], replaces: list[str]) -> None:
    assert replaced(WITHIN, change) == replaces


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"encryptAtRest": {"enabled": True}}, []),
        ({"nodeToNodeEncryption": {"enabled": True}}, []),
        ({"advancedSecurityOptions": WITHIN["advancedSecurityOptions"]}, []),
        ({"vpcOptions": WITHIN["vpcOptions"]}, ["vpcOptions"]),
    ],
    ids=str,
)
def test_what_makes_it_safer_is_turned_on_in_place_but_for_the_vpc(change: dict[str, Any], replaces: list[str]) -> None:
    assert replaced(OPEN, change) == replaces


def test_logs_that_somebody_turned_off_are_a_difference(driver: Driver, world: World) -> None:
    inputs = dict(EXAMPLES[0].inputs(world))
    resource = driver.create(DOMAIN, world.name("it"), inputs)
    name, first = inputs["domainName"], inputs["logPublishingOptions"][0]
    client = world.client("opensearch")
    off = {"CloudWatchLogsLogGroupArn": first["cloudwatchLogGroupArn"], "Enabled": False}
    client.update_domain_config(DomainName=name, LogPublishingOptions={first["logType"]: off})
    read = driver.read(resource)
    assert read is not None
    assert driver.diff(read, inputs).paths
    driver.delete(resource)


def test_a_domain_has_no_endpoint_before_it_is_active(driver: Driver, world: World) -> None:
    inputs = dict(EXAMPLES[1].inputs(world))
    client, name = world.client("opensearch"), inputs["domainName"]
    assert "Endpoint" not in client.create_domain(DomainName=name)["DomainStatus"]
    client.delete_domain(DomainName=name)
    resource = driver.create(DOMAIN, world.name("it"), inputs)
    endpoint = resource.outputs["endpoint"]
    assert client.describe_domain(DomainName=name)["DomainStatus"]["Endpoint"] == endpoint
    assert resource.outputs["dashboardEndpoint"] == f"{endpoint}/_dashboards"
    driver.delete(resource)

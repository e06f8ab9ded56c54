"""EC2 types: ids as the official provider's, rules that nobody asked for, and what a round trip does not try."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.contracts.providers.aws.driver import Driver, Resource
from tests.contracts.providers.aws.examples import World, all_examples
from tests.contracts.providers.aws.examples.ec2 import group, route_table, vpc
from twin.providers.aws.find import find

ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
WORLD = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def _example(token: str) -> Any:
    return next(example for example in all_examples() if example.token == token)


@pytest.mark.parametrize(
    ("token", "written"),
    [(ROUTE, "{routeTableId}_{destinationCidrBlock}"), (ASSOCIATION, "{subnetId}/{routeTableId}")],
)
def test_an_import_takes_the_official_form_and_keeps_the_official_id(
    token: str, written: str, driver: Driver, world: World
) -> None:
    inputs = dict(_example(token).inputs(world))
    made = driver.create(token, world.name("it"), inputs)
    imported = driver.read(Resource(token, made.name, written.format_map(inputs)))
    assert imported is not None
    assert imported.id == made.id
    assert not driver.diff(imported, inputs).paths
    missing = driver.read(Resource(token, made.name, written.format_map({**inputs, "routeTableId": "rtb-0"})))
    assert missing is None


def test_the_id_of_a_route_is_the_official_provider_s(driver: Driver, world: World) -> None:
    made = driver.create(ROUTE, world.name("it"), _example(ROUTE).inputs(world))
    assert made.id == f"r-{made.inputs['routeTableId']}1080289494", "the CRC-32 of 0.0.0.0/0, as Terraform has it"


def test_a_subnet_moves_to_another_table_in_place(driver: Driver, world: World) -> None:
    inputs = dict(_example(ASSOCIATION).inputs(world))
    made = driver.create(ASSOCIATION, world.name("it"), inputs)
    moved = {**inputs, "routeTableId": route_table(world)}
    assert not driver.diff(made, moved).replaces
    driver.update(made, moved)
    _example(ASSOCIATION).holds(world, made.id, made.inputs)
    assert driver.read(made) is not None, "AWS gave the association another id"
    driver.delete(made)
    assert driver.read(made) is None


def test_rules_within_a_group_are_refused_by_name(driver: Driver) -> None:
    rule = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}
    for token in (GROUP, DEFAULT_GROUP):
        failures = driver.failures(token, {"ingress": [rule], "egress": []})
        assert failures.keys() == {"ingress"}
        assert "aws.vpc.SecurityGroupIngressRule" in failures["ingress"]


def test_a_group_opened_by_hand_is_closed_again(driver: Driver, world: World) -> None:
    ec2, inputs = world.client("ec2"), {"vpcId": vpc(world)}
    made = driver.create(DEFAULT_GROUP, world.name("it"), inputs)
    ec2.authorize_security_group_egress(GroupId=made.id, IpPermissions=WORLD)
    opened = driver.read(made)
    assert opened is not None
    assert [rule["cidrBlocks"] for rule in opened.inputs["egress"]] == [["0.0.0.0/0"]]
    assert any(path.startswith("egress") for path in driver.diff(opened, inputs).paths)
    driver.update(opened, inputs)
    assert ec2.describe_security_groups(GroupIds=[made.id])["SecurityGroups"][0]["IpPermissionsEgress"] == []


def test_egress_from_aws_goes_and_egress_that_is_a_resource_stays(driver: Driver, world: World) -> None:
    """A create interrupted before it took the world away is found, imported and finished."""
    ec2, group_id = world.client("ec2"), group(world)
    assert ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]["IpPermissionsEgress"]
    found = driver.read(Resource(GROUP, "it", group_id))
    assert found is not None
    inputs = {name: found.outputs[name] for name in ("name", "description", "vpcId")}
    assert any(path.startswith("egress") for path in driver.diff(found, inputs).paths)
    driver.update(found, inputs)
    assert ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]["IpPermissionsEgress"] == []

    rule = {"securityGroupId": group_id, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
    driver.create(EGRESS_RULE, world.name("it"), rule)
    again = driver.read(found)
    assert again is not None
    assert not driver.diff(again, inputs).paths, "the rule of a resource is no difference of its group"


def test_a_flow_log_that_aws_refuses_in_a_good_answer_is_an_error(
    driver: Driver, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {
        "Unsuccessful": [{"ResourceId": "vpc-1", "Error": {"Code": "FlowLogAlreadyExists", "Message": "There is one"}}]
    }
    monkeypatch.setattr(driver.provider.clients, "call_creating", lambda *_: refused)
    token = "aws:ec2/flowLog:FlowLog"
    with pytest.raises(grpc.RpcError, match="FlowLogAlreadyExists: There is one"):
        driver.create(token, world.name("it"), _example(token).inputs(world))


@pytest.mark.parametrize(
    ("token", "change"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.99.0.0/16"}),
        ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.99.0.0/20"}),
        ("aws:ec2/subnet:Subnet", {"availabilityZone": "eu-west-1c"}),
        ("aws:ec2/natGateway:NatGateway", {"subnetId": "subnet-0"}),
        ("aws:ec2/natGateway:NatGateway", {"allocationId": "eipalloc-0"}),
        ("aws:ec2/natGateway:NatGateway", {"connectivityType": "private"}),
        ("aws:ec2/routeTable:RouteTable", {"vpcId": "vpc-0"}),
        (ROUTE, {"destinationCidrBlock": "10.0.0.0/8"}),
        (ASSOCIATION, {"subnetId": "subnet-0"}),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.eu-west-1.dynamodb"}),
        ("aws:ec2/flowLog:FlowLog", {"trafficType": "REJECT"}),
        ("aws:ec2/flowLog:FlowLog", {"maxAggregationInterval": 60}),
        (GROUP, {"description": "another"}),
        (GROUP, {"name": "another"}),
        (EGRESS_RULE, {"securityGroupId": "sg-0"}),
    ],
    ids=lambda value: value.split(":")[-1] if isinstance(value, str) else next(iter(value)),
)
def test_what_forces_a_new_resource(token: str, change: dict[str, Any], driver: Driver, world: World) -> None:
    inputs = dict(_example(token).inputs(world))
    made = driver.create(token, world.name("it"), inputs)
    assert driver.diff(made, {**inputs, **change}).replaces == list(change)


@pytest.mark.parametrize(
    "token", ["aws:ec2/eip:Eip", "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/routeTable:RouteTable"]
)
def test_a_resource_without_a_name_is_found_among_others_by_its_tags(token: str, driver: Driver, world: World) -> None:
    made = [driver.create(token, world.name("it"), _example(token).inputs(world)) for _ in range(2)]
    assert [find(token, one.inputs, world.region) for one in made] == [one.id for one in made]
    nameless = {**made[0].inputs, "tagsAll": {"environment": "test"}}
    assert find(token, nameless, world.region) is None, "rather than a guess"

"""EC2: networks."""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World

_BLOCKS = itertools.count(1)
_ENDPOINT_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def vpc(world: World) -> str:
    """A VPC with a range of its own."""
    made: str = world.client("ec2").create_vpc(CidrBlock=f"10.{next(_BLOCKS)}.0.0/16")["Vpc"]["VpcId"]
    return made


def subnet(world: World, vpc_id: str = "", number: int = 0, zone: str = f"{REGION}a") -> str:
    ec2 = world.client("ec2")
    vpc_id = vpc_id or vpc(world)
    cidr = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["CidrBlock"]
    block = cidr.replace(".0.0/16", f".{number}.0/24")
    made: str = ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
    return made


def group(world: World, vpc_id: str = "") -> str:
    made: str = world.client("ec2").create_security_group(
        GroupName=world.name("group"), Description="a test's", VpcId=vpc_id or vpc(world)
    )["GroupId"]
    return made


def route_table(world: World, vpc_id: str = "") -> str:
    made: str = world.client("ec2").create_route_table(VpcId=vpc_id or vpc(world))["RouteTable"]["RouteTableId"]
    return made


def tags_hold(world: World, resource_id: str, inputs: Mapping[str, Any]) -> None:
    """The resource bears the wanted tags, and no others."""
    chosen = [{"Name": "resource-id", "Values": [resource_id]}]
    found = world.client("ec2").describe_tags(Filters=chosen)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in found} == inputs["tagsAll"]


def _tagged(world: World, **inputs: Any) -> dict[str, Any]:
    return {**inputs, "tags": {"Name": world.name("it")}}


_OTHER_TAGS: tuple[Mapping[str, Any] | Callable[[World], Mapping[str, Any]], ...] = (
    lambda world: {"tags": {"Name": world.name("renamed"), "more": "1"}},
)


def _vpc_holds(world: World, vpc_id: str, inputs: Mapping[str, Any]) -> None:
    ec2 = world.client("ec2")
    assert ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["CidrBlock"] == inputs["cidrBlock"]
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        there = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
        assert there[name[0].upper() + name[1:]]["Value"] == inputs.get(name, False), name
    tags_hold(world, vpc_id, inputs)


def _subnet_holds(world: World, subnet_id: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ec2").describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
    assert there["CidrBlock"] == inputs["cidrBlock"]
    assert there["AvailabilityZone"] == inputs["availabilityZone"]
    assert there["MapPublicIpOnLaunch"] == inputs["mapPublicIpOnLaunch"]
    tags_hold(world, subnet_id, inputs)


def _subnet_inputs(world: World) -> dict[str, Any]:
    vpc_id = vpc(world)
    cidr = world.client("ec2").describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["CidrBlock"].replace(".0.0/16", ".16.0/20")
    return _tagged(world, vpcId=vpc_id, cidrBlock=cidr, availabilityZone=f"{REGION}b")


def _internet_gateway_holds(world: World, gateway_id: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ec2").describe_internet_gateways(InternetGatewayIds=[gateway_id])["InternetGateways"][0]
    assert [attachment["VpcId"] for attachment in there["Attachments"]] == [inputs["vpcId"]]
    tags_hold(world, gateway_id, inputs)


def _eip_holds(world: World, allocation_id: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ec2").describe_addresses(AllocationIds=[allocation_id])["Addresses"][0]
    assert there["Domain"] == inputs["domain"]
    tags_hold(world, allocation_id, inputs)


def _nat_inputs(world: World) -> dict[str, Any]:
    allocation_id = world.client("ec2").allocate_address(Domain="vpc")["AllocationId"]
    return _tagged(world, subnetId=subnet(world), allocationId=allocation_id)


def _nat_holds(world: World, nat_id: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ec2").describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"][0]
    assert there["State"] == "available"
    assert there["SubnetId"] == inputs["subnetId"]
    assert there["NatGatewayAddresses"][0]["AllocationId"] == inputs["allocationId"]
    tags_hold(world, nat_id, inputs)


def _route_inputs(world: World) -> dict[str, Any]:
    vpc_id = vpc(world)
    return {
        "routeTableId": route_table(world, vpc_id),
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": _attached_gateway(world, vpc_id),
    }


def _attached_gateway(world: World, vpc_id: str) -> str:
    ec2 = world.client("ec2")
    made: str = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc_id)
    return made


def _to_nat(world: World) -> dict[str, Any]:
    ec2 = world.client("ec2")
    made = ec2.create_nat_gateway(SubnetId=subnet(world), ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    return {"gatewayId": None, "natGatewayId": made}


def _route_holds(world: World, route_id: str, inputs: Mapping[str, Any]) -> None:
    assert route_id.startswith(f"r-{inputs['routeTableId']}")
    tables = world.client("ec2").describe_route_tables(RouteTableIds=[inputs["routeTableId"]])["RouteTables"]
    [route] = [r for r in tables[0]["Routes"] if r.get("DestinationCidrBlock") == inputs["destinationCidrBlock"]]
    assert route.get("GatewayId") == inputs.get("gatewayId")
    assert route.get("NatGatewayId") == inputs.get("natGatewayId")


def _association_inputs(world: World) -> dict[str, Any]:
    vpc_id = vpc(world)
    return {"subnetId": subnet(world, vpc_id), "routeTableId": route_table(world, vpc_id)}


def _association_holds(world: World, _: str, inputs: Mapping[str, Any]) -> None:
    chosen = [{"Name": "association.subnet-id", "Values": [inputs["subnetId"]]}]
    tables = world.client("ec2").describe_route_tables(Filters=chosen)["RouteTables"]
    assert [table["RouteTableId"] for table in tables] == [inputs["routeTableId"]]


def _gateway_endpoint_inputs(world: World) -> dict[str, Any]:
    vpc_id = vpc(world)
    return _tagged(
        world,
        vpcId=vpc_id,
        serviceName=f"com.amazonaws.{REGION}.s3",
        vpcEndpointType="Gateway",
        policy=json.dumps(_ENDPOINT_POLICY, indent=2),
        routeTableIds=[route_table(world, vpc_id), route_table(world, vpc_id)],
    )


def _interface_endpoint_inputs(world: World) -> dict[str, Any]:
    vpc_id = vpc(world)
    return _tagged(
        world,
        vpcId=vpc_id,
        serviceName=f"com.amazonaws.{REGION}.kms",
        vpcEndpointType="Interface",
        privateDnsEnabled=True,
        securityGroupIds=[group(world, vpc_id)],
        subnetIds=[subnet(world, vpc_id, 1), subnet(world, vpc_id, 2, f"{REGION}b")],
    )


def _endpoint_holds(world: World, endpoint_id: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]
    assert there["VpcEndpointType"] == inputs["vpcEndpointType"]
    assert sorted(there.get("RouteTableIds", [])) == sorted(inputs.get("routeTableIds", []))
    assert sorted(there.get("SubnetIds", [])) == sorted(inputs.get("subnetIds", []))
    assert sorted(g["GroupId"] for g in there.get("Groups", [])) == sorted(inputs.get("securityGroupIds", []))
    assert there["PrivateDnsEnabled"] == inputs.get("privateDnsEnabled", False)
    if "policy" in inputs:
        assert json.loads(there["PolicyDocument"]) == json.loads(inputs["policy"])
    tags_hold(world, endpoint_id, inputs)


def _flow_log_inputs(world: World) -> dict[str, Any]:
    name = world.name("flow-logs")
    world.client("logs").create_log_group(logGroupName=name)
    return _tagged(
        world,
        vpcId=vpc(world),
        trafficType="ALL",
        logDestinationType="cloud-watch-logs",
        logDestination=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}",
        iamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/flow-logs",
    )


def _flow_log_holds(world: World, flow_log_id: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ec2").describe_flow_logs(FlowLogIds=[flow_log_id])["FlowLogs"][0]
    assert there["ResourceId"] == inputs["vpcId"]
    assert there["TrafficType"] == inputs["trafficType"]
    assert there["LogDestination"] == inputs["logDestination"]
    assert there["DeliverLogsPermissionArn"] == inputs["iamRoleArn"]
    tags_hold(world, flow_log_id, inputs)


def _group_holds(world: World, group_id: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    assert there["Description"] == inputs.get("description", "default VPC security group")
    assert there["GroupName"] == inputs.get("name", there["GroupName"] if "namePrefix" in inputs else "default")
    assert there["GroupName"].startswith(inputs.get("namePrefix", ""))
    assert there["IpPermissions"] == []
    assert there["IpPermissionsEgress"] == []
    tags_hold(world, group_id, inputs)


def _default_group_remains(world: World, group_id: str) -> None:
    there = world.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    assert there["IpPermissions"] == there["IpPermissionsEgress"] == [], "forgotten, but not opened again"


def _template_inputs(world: World) -> dict[str, Any]:
    return {
        "name": world.name("template"),
        "description": "first",
        "instanceType": "g5.xlarge",
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 50, "volumeType": "gp3", "encrypted": "true"}}
        ],
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "tagSpecifications": [{"resourceType": "instance", "tags": {"node-pool": "training"}}],
        "updateDefaultVersion": True,
        "tags": {"Name": "training"},
    }


def _template_holds(world: World, template_id: str, inputs: Mapping[str, Any]) -> None:
    ec2 = world.client("ec2")
    template = ec2.describe_launch_templates(LaunchTemplateIds=[template_id])["LaunchTemplates"][0]
    assert template["LaunchTemplateName"] == inputs["name"]
    assert template["DefaultVersionNumber"] == template["LatestVersionNumber"]
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=["$Default"])
    version = found["LaunchTemplateVersions"][0]
    data = version["LaunchTemplateData"]
    assert version.get("VersionDescription") == inputs.get("description")
    assert data.get("InstanceType") == inputs.get("instanceType")
    [disk] = data["BlockDeviceMappings"]
    wanted = inputs["blockDeviceMappings"][0]["ebs"]
    assert disk["Ebs"]["VolumeSize"] == wanted["volumeSize"]
    assert disk["Ebs"]["Encrypted"] is True
    assert disk["Ebs"].get("KmsKeyId") == wanted.get("kmsKeyId")
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    for spec, there in zip(inputs["tagSpecifications"], data["TagSpecifications"], strict=True):
        assert {tag["Key"]: tag["Value"] for tag in there["Tags"]} == spec["tags"]
    assert data.get("UserData") == inputs.get("userData")
    tags_hold(world, template_id, inputs)


def _tag_holds(world: World, _: str, inputs: Mapping[str, Any]) -> None:
    found = world.client("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [inputs["resourceId"]]}])
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {inputs["key"]: inputs["value"]}


EXAMPLES = (
    Example(
        "aws:ec2/launchTemplate:LaunchTemplate",
        inputs=_template_inputs,
        holds=_template_holds,
        updates=(
            {"description": "second", "instanceType": None},
            {"userData": "IyEvYmluL2Jhc2gK"},
            {"tags": {"Name": "training", "more": "1"}},
        ),
        not_imported=frozenset({"updateDefaultVersion"}),
    ),
    Example(
        "aws:ec2/tag:Tag",
        inputs=lambda world: {"resourceId": subnet(world), "key": "kubernetes.io/role/elb", "value": "1"},
        holds=_tag_holds,
        updates=({"value": "2"},),
    ),
    Example(
        "aws:ec2/vpc:Vpc",
        inputs=lambda world: _tagged(world, cidrBlock="10.200.0.0/16", enableDnsHostnames=True),
        holds=_vpc_holds,
        updates=(
            {"enableDnsHostnames": False},
            {"enableDnsSupport": False},
            *_OTHER_TAGS,
        ),
    ),
    Example(
        "aws:ec2/subnet:Subnet",
        inputs=_subnet_inputs,
        holds=_subnet_holds,
        updates=({"mapPublicIpOnLaunch": True}, {"mapPublicIpOnLaunch": None}, *_OTHER_TAGS),
    ),
    Example(
        "aws:ec2/internetGateway:InternetGateway",
        inputs=lambda world: _tagged(world, vpcId=vpc(world)),
        holds=_internet_gateway_holds,
        updates=(lambda world: {"vpcId": vpc(world)}, *_OTHER_TAGS),
    ),
    Example(
        "aws:ec2/eip:Eip", inputs=lambda world: _tagged(world, domain="vpc"), holds=_eip_holds, updates=_OTHER_TAGS
    ),
    Example("aws:ec2/natGateway:NatGateway", inputs=_nat_inputs, holds=_nat_holds, updates=_OTHER_TAGS),
    Example(
        "aws:ec2/routeTable:RouteTable",
        inputs=lambda world: _tagged(world, vpcId=vpc(world)),
        holds=tags_hold,
        updates=_OTHER_TAGS,
    ),
    Example("aws:ec2/route:Route", inputs=_route_inputs, holds=_route_holds, updates=(_to_nat,)),
    Example(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        inputs=_association_inputs,
        holds=_association_holds,
    ),
    Example(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        inputs=_gateway_endpoint_inputs,
        holds=_endpoint_holds,
        updates=(
            {"policy": json.dumps({**_ENDPOINT_POLICY, "Version": "2008-10-17"})},
            lambda world: {"routeTableIds": [route_table(world)]},
            *_OTHER_TAGS,
        ),
        case="gateway",
    ),
    Example(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        inputs=_interface_endpoint_inputs,
        holds=_endpoint_holds,
        updates=(
            {"privateDnsEnabled": False},
            lambda world: {"securityGroupIds": [group(world), group(world)]},
            lambda world: {"subnetIds": [subnet(world)]},
            {"policy": json.dumps(_ENDPOINT_POLICY)},
        ),
        case="interface",
    ),
    Example("aws:ec2/flowLog:FlowLog", inputs=_flow_log_inputs, holds=_flow_log_holds, updates=_OTHER_TAGS),
    Example(
        "aws:ec2/securityGroup:SecurityGroup",
        inputs=lambda world: _tagged(world, description="a test's", vpcId=vpc(world)),
        holds=_group_holds,
        updates=_OTHER_TAGS,
    ),
    Example(
        "aws:ec2/securityGroup:SecurityGroup",
        inputs=lambda world: {"namePrefix": "front-", "vpcId": vpc(world), "egress": [], "revokeRulesOnDelete": True},
        holds=_group_holds,
        not_imported=frozenset({"namePrefix", "revokeRulesOnDelete"}),
        case="named by a prefix",
    ),
    Example(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        inputs=lambda world: _tagged(world, vpcId=vpc(world), ingress=[], egress=[]),
        holds=_group_holds,
        updates=_OTHER_TAGS,
        remains=_default_group_remains,
    ),
)

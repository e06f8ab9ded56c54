"""EC2: VPCs and subnets.

Source: Amazon EC2 API reference; the official provider's documentation for what forces a new resource.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN
from twin.providers.aws.schema import REGION, Call, Facet, Property, ResourceType, States
from twin.providers.aws.types._ec2_common import (
    IPV4_ALONE,
    NO_INSTANCES,
    NO_IPAM,
    NO_OUTPOSTS,
    TAG_FACET,
    TAGGED,
    arn,
    found_by,
    once_unused,
    tag_specification,
)

# --- VPC

_VPC = {"VpcId": "{id}"}


def _vpc_attribute(name: str) -> Facet:
    """A property of a VPC that has calls of its own: one attribute a call."""
    attribute = name[0].upper() + name[1:]
    return Facet(
        properties=(name,),
        get=Call("describe_vpc_attribute", {**_VPC, "Attribute": name}),
        put=Call("modify_vpc_attribute", {**_VPC, attribute: {"Value": f"{{{name}}}"}}),
    )


def _default_of_vpc(operation: str, chosen: dict[str, str], result: str) -> Any:
    """An output: the id of what a VPC brings along."""

    def find(ctx: Context) -> Any:
        filters = [{"Name": name, "Values": [value]} for name, value in {"vpc-id": ctx.id, **chosen}.items()]
        return ctx.run(Call(operation, {"Filters": filters}, result=result))

    return find


_MAIN_ROUTE_TABLE = _default_of_vpc(
    "describe_route_tables", {"association.main": "true"}, "RouteTables[0].RouteTableId"
)

_VPC_REFUSED = {
    "assignGeneratedIpv6CidrBlock": IPV4_ALONE,
    "enableNetworkAddressUsageMetrics": "the twin measures no use of addresses",
    "ipv4IpamPoolId": NO_IPAM,
    "ipv4NetmaskLength": NO_IPAM,
    "ipv6CidrBlock": IPV4_ALONE,
    "ipv6CidrBlockNetworkBorderGroup": IPV4_ALONE,
    "ipv6IpamPoolId": IPV4_ALONE,
    "ipv6NetmaskLength": IPV4_ALONE,
}

VPC = ResourceType(
    "aws:ec2/vpc:Vpc",
    "ec2",
    id="=Vpc.VpcId",
    properties={
        "arn": arn("vpc"),
        "cidrBlock": Property(replaces=True),
        "enableDnsHostnames": Property(kind=BOOLEAN, computed=True, initial=False, read="EnableDnsHostnames.Value"),
        "enableDnsSupport": Property(kind=BOOLEAN, default=True, initial=True, read="EnableDnsSupport.Value"),
        "instanceTenancy": Property(output=True),
        "defaultNetworkAclId": Property(
            output=True,
            derived=_default_of_vpc("describe_network_acls", {"default": "true"}, "NetworkAcls[0].NetworkAclId"),
        ),
        "defaultRouteTableId": Property(output=True, derived=_MAIN_ROUTE_TABLE),
        "defaultSecurityGroupId": Property(
            output=True,
            derived=_default_of_vpc("describe_security_groups", {"group-name": "default"}, "SecurityGroups[0].GroupId"),
        ),
        "dhcpOptionsId": Property(output=True),
        "mainRouteTableId": Property(output=True, derived=_MAIN_ROUTE_TABLE),
        "ownerId": Property(output=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_vpc", {"TagSpecifications": tag_specification("vpc")}),
    read=Call("describe_vpcs", {"VpcIds": ["{id}"]}, result="Vpcs[0]", missing=("InvalidVpcID.NotFound",)),
    states=States("State", ready=("available",)),
    facets=(
        TAG_FACET,
        _vpc_attribute("enableDnsSupport"),
        _vpc_attribute("enableDnsHostnames"),
    ),
    delete=once_unused(Call("delete_vpc", _VPC, missing=("InvalidVpcID.NotFound",))),
    find=found_by("describe_vpcs", "Vpcs[].VpcId", {"cidr": "{cidrBlock}"}),
    refused={**_VPC_REFUSED, "instanceTenancy": f"{NO_INSTANCES}, so there is nothing to keep on hardware of its own"},
    absent={**_VPC_REFUSED, "ipv6AssociationId": IPV4_ALONE},
    delete_minutes=5,
)

# --- Subnet

_SUBNET = {"SubnetId": "{id}"}

_SUBNET_REFUSED = {
    "assignIpv6AddressOnCreation": IPV4_ALONE,
    "customerOwnedIpv4Pool": NO_OUTPOSTS,
    "enableDns64": IPV4_ALONE,
    "enableLniAtDeviceIndex": NO_OUTPOSTS,
    "enableResourceNameDnsARecordOnLaunch": NO_INSTANCES,
    "enableResourceNameDnsAaaaRecordOnLaunch": NO_INSTANCES,
    "ipv4IpamPoolId": NO_IPAM,
    "ipv4NetmaskLength": NO_IPAM,
    "ipv6CidrBlock": IPV4_ALONE,
    "ipv6IpamPoolId": IPV4_ALONE,
    "ipv6Native": IPV4_ALONE,
    "ipv6NetmaskLength": IPV4_ALONE,
    "mapCustomerOwnedIpOnLaunch": NO_OUTPOSTS,
    "outpostArn": NO_OUTPOSTS,
    "privateDnsHostnameTypeOnLaunch": NO_INSTANCES,
}

SUBNET = ResourceType(
    "aws:ec2/subnet:Subnet",
    "ec2",
    id="=Subnet.SubnetId",
    properties={
        "arn": arn("subnet"),
        "availabilityZone": Property(computed=True, replaces=True),
        "availabilityZoneId": Property(computed=True, replaces=True),
        "cidrBlock": Property(replaces=True),
        "mapPublicIpOnLaunch": Property(kind=BOOLEAN, default=False, initial=False),
        "ownerId": Property(output=True),
        "vpcId": Property(required=True, replaces=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_subnet", {"TagSpecifications": tag_specification("subnet")}),
    read=Call("describe_subnets", {"SubnetIds": ["{id}"]}, result="Subnets[0]", missing=("InvalidSubnetID.NotFound",)),
    states=States("State", ready=("available",), failed=("failed",)),
    facets=(
        TAG_FACET,
        Facet(
            properties=("mapPublicIpOnLaunch",),
            put=Call("modify_subnet_attribute", {**_SUBNET, "MapPublicIpOnLaunch": {"Value": "{mapPublicIpOnLaunch}"}}),
        ),
    ),
    delete=once_unused(Call("delete_subnet", _SUBNET, missing=("InvalidSubnetID.NotFound",))),
    # No two subnets of a VPC share a range, whatever their tags.
    find=found_by(
        "describe_subnets", "Subnets[].SubnetId", {"vpc-id": "{vpcId}", "cidr-block": "{cidrBlock}"}, by_tags=False
    ),
    refused=_SUBNET_REFUSED,
    absent={**_SUBNET_REFUSED, "ipv6CidrBlockAssociationId": IPV4_ALONE},
    delete_minutes=10,
)

TYPES = (VPC, SUBNET)

"""EC2: VPCs, subnets, gateways and addresses.

Source: Amazon EC2 API reference; the official provider's documentation for what forces a new resource.
"""

from typing import Any

from twin.provider.context import Context
from twin.provider.kinds import BOOLEAN
from twin.provider.schema import REGION, Call, Facet, Property, ResourceType, States
from twin.provider.types._ec2_common import (
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

# --- Internet gateway

_INTERNET_GATEWAY = {"InternetGatewayId": "{id}"}
_GATEWAY_GONE = ("InvalidInternetGatewayID.NotFound",)


def _attach(ctx: Context) -> None:
    """Attach to the VPC that is wanted; a gateway has one at most."""
    if attached := ctx.old.get("vpcId"):
        _detach_from(ctx, attached)
    ctx.call("attach_internet_gateway", InternetGatewayId=ctx.id, VpcId=ctx.inputs["vpcId"])


def _detach_from(ctx: Context, vpc_id: str) -> None:
    """AWS refuses it as long as public addresses of the VPC are in use."""
    once_unused(
        Call(
            "detach_internet_gateway",
            {**_INTERNET_GATEWAY, "VpcId": vpc_id},
            missing=(*_GATEWAY_GONE, "Gateway.NotAttached"),
        )
    )(ctx)


def _delete_internet_gateway(ctx: Context) -> None:
    gateway = ctx.run(INTERNET_GATEWAY.read)
    for attachment in (gateway or {}).get("Attachments") or ():
        _detach_from(ctx, attachment["VpcId"])
    once_unused(Call("delete_internet_gateway", _INTERNET_GATEWAY, missing=_GATEWAY_GONE))(ctx)


INTERNET_GATEWAY = ResourceType(
    "aws:ec2/internetGateway:InternetGateway",
    "ec2",
    id="=InternetGateway.InternetGatewayId",
    properties={
        "arn": arn("internet-gateway"),
        "ownerId": Property(output=True),
        "vpcId": Property(computed=True, read="Attachments[0].VpcId"),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_internet_gateway", {"TagSpecifications": tag_specification("internet-gateway")}),
    read=Call(
        "describe_internet_gateways",
        {"InternetGatewayIds": ["{id}"]},
        result="InternetGateways[0]",
        missing=_GATEWAY_GONE,
    ),
    facets=(TAG_FACET, Facet(properties=("vpcId",), put=_attach)),
    delete=_delete_internet_gateway,
    # Not by its VPC: the create may have been interrupted before the gateway was attached.
    find=found_by("describe_internet_gateways", "InternetGateways[].InternetGatewayId"),
)

# --- Elastic IP address

_EIP_REFUSED = {
    "address": "the twin has no addresses of its own to recover",
    "associateWithPrivateIp": NO_INSTANCES,
    "customerOwnedIpv4Pool": NO_OUTPOSTS,
    "instance": NO_INSTANCES,
    "ipamPoolId": NO_IPAM,
    "networkBorderGroup": "the twin has no Local Zones",
    "publicIpv4Pool": "the twin has Amazon's pool alone",
}

EIP = ResourceType(
    "aws:ec2/eip:Eip",
    "ec2",
    id="=AllocationId",
    properties={
        "allocationId": Property(output=True),
        "arn": arn("elastic-ip"),
        "associationId": Property(output=True),
        "domain": Property(computed=True, replaces=True),
        "networkInterface": Property(output=True, api="NetworkInterfaceId"),
        "privateIp": Property(output=True, api="PrivateIpAddress"),
        "publicIp": Property(output=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call("allocate_address", {"TagSpecifications": tag_specification("elastic-ip")}),
    read=Call(
        "describe_addresses",
        {"AllocationIds": ["{id}"]},
        result="Addresses[0]",
        missing=("InvalidAllocationID.NotFound",),
    ),
    facets=(TAG_FACET,),
    delete=once_unused(
        Call("release_address", {"AllocationId": "{id}"}, missing=("InvalidAllocationID.NotFound",)),
        busy=(
            "InvalidIPAddress.InUse",
            "AuthFailure",
        ),  # AuthFailure: still held by a NAT gateway that is being deleted
    ),
    find=found_by("describe_addresses", "Addresses[].AllocationId"),
    refused={
        **_EIP_REFUSED,
        "networkInterface": "the twin's addresses are held by NAT gateways, which take them by allocationId",
    },
    absent={
        **_EIP_REFUSED,
        "carrierIp": "the twin has no Wavelength Zones",
        "customerOwnedIp": NO_OUTPOSTS,
        "privateDns": "the twin has no DNS of its own",
        "ptrRecord": "the twin has no DNS of its own",
        "publicDns": "the twin has no DNS of its own",
    },
    delete_minutes=3,
)

# --- NAT gateway

_ADDRESS = "NatGatewayAddresses[0]"
_REGIONAL = "the twin has zonal NAT gateways alone: give subnetId, one a zone"
_SECONDARY = "the twin's NAT gateways have one address"
_NAT_REFUSED = {
    "availabilityMode": _REGIONAL,
    "availabilityZoneAddresses": _REGIONAL,
    "secondaryAllocationIds": _SECONDARY,
    "secondaryPrivateIpAddressCount": _SECONDARY,
    "secondaryPrivateIpAddresses": _SECONDARY,
}

NAT_GATEWAY = ResourceType(
    "aws:ec2/natGateway:NatGateway",
    "ec2",
    id="=NatGateway.NatGatewayId",
    properties={
        "allocationId": Property(replaces=True, read=f"{_ADDRESS}.AllocationId"),
        "associationId": Property(output=True, read=f"{_ADDRESS}.AssociationId"),
        "connectivityType": Property(default="public", replaces=True),
        "networkInterfaceId": Property(output=True, read=f"{_ADDRESS}.NetworkInterfaceId"),
        "privateIp": Property(computed=True, replaces=True, api="PrivateIpAddress", read=f"{_ADDRESS}.PrivateIp"),
        "publicIp": Property(output=True, read=f"{_ADDRESS}.PublicIp"),
        "subnetId": Property(replaces=True),
        "vpcId": Property(output=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_nat_gateway", {"TagSpecifications": tag_specification("natgateway")}),
    read=Call(
        "describe_nat_gateways",
        {"NatGatewayIds": ["{id}"]},
        result="NatGateways[0]",
        missing=("NatGatewayNotFound", "InvalidNatGatewayID.NotFound"),
    ),
    states=States("State", ready=("available",), failed=("failed",), gone=("deleted",)),
    facets=(TAG_FACET,),
    delete=Call("delete_nat_gateway", {"NatGatewayId": "{id}"}, missing=("NatGatewayNotFound",)),
    find=found_by(
        "describe_nat_gateways",
        "NatGateways[?State == 'available' || State == 'pending'].NatGatewayId",
        {"subnet-id": "{subnetId}"},
        parameter="Filter",
    ),
    refused={**_NAT_REFUSED, "vpcId": _REGIONAL},
    absent={
        **_NAT_REFUSED,
        "autoProvisionZones": _REGIONAL,
        "autoScalingIps": _REGIONAL,
        "regionalNatGatewayAddresses": _REGIONAL,
        "regionalNatGatewayAutoMode": _REGIONAL,
        "routeTableId": _REGIONAL,
    },
    create_minutes=10,
    delete_minutes=30,
)

TYPES = (VPC, SUBNET, INTERNET_GATEWAY, EIP, NAT_GATEWAY)

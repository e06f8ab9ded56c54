"""EC2: ways out of a VPC: internet gateways, addresses, NAT gateways.

Source: Amazon EC2 API reference; the official provider's documentation for what forces a new resource.
"""

from twin.providers.aws.context import Context
from twin.providers.aws.errors import CallError
from twin.providers.aws.schema import REGION, Call, Facet, Property, ResourceType, States
from twin.providers.aws.types._ec2_common import (
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

# --- Internet gateway

_INTERNET_GATEWAY = {"InternetGatewayId": "{id}"}
_GATEWAY_GONE = ("InvalidInternetGatewayID.NotFound",)


def _attach(ctx: Context) -> None:
    """Attach to the VPC that is wanted; a gateway has one at most."""
    if attached := ctx.old.get("vpcId"):
        _detach_from(ctx, attached)
    wanted = ctx.inputs["vpcId"]
    try:
        ctx.call("attach_internet_gateway", InternetGatewayId=ctx.id, VpcId=wanted)
    except CallError as error:
        # A repeated call is refused when the first one was done and only its answer was lost.
        if error.code != "Resource.AlreadyAssociated" or wanted not in _attached_to(ctx):
            raise


def _attached_to(ctx: Context) -> list[str]:
    gateway = ctx.run(INTERNET_GATEWAY.read) or {}
    return [attachment["VpcId"] for attachment in gateway.get("Attachments") or ()]


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
    for vpc_id in _attached_to(ctx):
        _detach_from(ctx, vpc_id)
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

TYPES = (INTERNET_GATEWAY, EIP, NAT_GATEWAY)

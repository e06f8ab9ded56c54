"""EC2: private endpoints of AWS services, and flow logs.

Source: Amazon EC2 API reference, CreateVpcEndpoint, ModifyVpcEndpoint, CreateFlowLogs.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON, STRING, Block, ListOf
from twin.providers.aws.schema import REGION, Call, Facet, Property, ResourceType, States
from twin.providers.aws.types._ec2_common import (
    NO_INSTANCES,
    TAG_FACET,
    TAGGED,
    arn,
    found_by,
    raise_unsuccessful,
    tag_specification,
)

# --- VPC endpoint

_ENDPOINT_GONE = ("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpointId.Malformed")
_MEMBERS = {"routeTableIds": "RouteTableIds", "securityGroupIds": "SecurityGroupIds", "subnetIds": "SubnetIds"}
_ENDPOINT_PROPERTIES = ("policy", "privateDnsEnabled", "ipAddressType", "dnsOptions", *_MEMBERS)


def _private_dns(ctx: Context) -> bool:
    """Said always, as the official provider does: by itself AWS would switch it on."""
    return bool(ctx.inputs.get("privateDnsEnabled"))


def _modify_endpoint(ctx: Context) -> None:
    """Members are added and removed, the rest is set."""
    names = []
    params: dict[str, Any] = {"VpcEndpointId": ctx.id}
    for name in _ENDPOINT_PROPERTIES:
        wanted, there = ctx.inputs.get(name), ctx.old.get(name)
        if wanted is None or ctx.type.properties[name].kind.same(wanted, there):
            continue
        if name not in _MEMBERS:
            names.append(name)
            continue
        if added := [item for item in wanted if item not in (there or ())]:
            params[f"Add{_MEMBERS[name]}"] = added
        if removed := [item for item in there or () if item not in wanted]:
            params[f"Remove{_MEMBERS[name]}"] = removed
    ctx.run(Call("modify_vpc_endpoint", params), names)


def _delete_endpoint(ctx: Context) -> None:
    answer = ctx.call("delete_vpc_endpoints", VpcEndpointIds=[ctx.id])
    raise_unsuccessful(ctx, answer, gone=("InvalidVpcEndpoint.NotFound", *_ENDPOINT_GONE))


def _prefix_list(result: str) -> Any:
    """What the prefix list of a gateway endpoint's service says; interface endpoints have none."""

    def read(ctx: Context) -> Any:
        if ctx.value("vpcEndpointType") != "Gateway":
            return None
        named = [{"Name": "prefix-list-name", "Values": ["{serviceName}"]}]
        return ctx.run(Call("describe_prefix_lists", {"Filters": named}, result=f"PrefixLists[0].{result}"))

    return read


_NO_LATTICE = "the twin has no VPC Lattice"
_OWN_DOMAINS = "the twin's endpoints lead to AWS services, whose private names are fixed"
_ENDPOINT_REFUSED = {
    "autoAccept": "the twin's endpoints lead to AWS services, which accept by themselves",
    "resourceConfigurationArn": _NO_LATTICE,
    "serviceNetworkArn": _NO_LATTICE,
    "subnetConfigurations": "the twin's endpoints take an address that is free; give subnetIds",
}

VPC_ENDPOINT = ResourceType(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "ec2",
    id="=VpcEndpoint.VpcEndpointId",
    properties={
        "arn": arn("vpc-endpoint"),
        "vpcId": Property(required=True, replaces=True),
        "serviceName": Property(replaces=True),
        "serviceRegion": Property(computed=True, replaces=True),
        "vpcEndpointType": Property(default="Gateway", replaces=True),
        "policy": Property(kind=JSON, computed=True, api="PolicyDocument"),
        "privateDnsEnabled": Property(kind=BOOLEAN, computed=True),
        "ipAddressType": Property(computed=True),
        "dnsOptions": Property(
            kind=Block(
                {
                    "dnsRecordIpType": Property(computed=True),
                    "privateDnsOnlyForInboundResolverEndpoint": Property(kind=BOOLEAN),
                }
            ),
            computed=True,
        ),
        "routeTableIds": Property(kind=ListOf(STRING, ordered=False), computed=True),
        "securityGroupIds": Property(kind=ListOf(STRING, ordered=False), computed=True, read="Groups[].GroupId"),
        "subnetIds": Property(kind=ListOf(STRING, ordered=False), computed=True),
        "cidrBlocks": Property(kind=ListOf(STRING), output=True, derived=_prefix_list("Cidrs")),
        "dnsEntries": Property(kind=ListOf(Block({"dnsName": Property(), "hostedZoneId": Property()})), output=True),
        "networkInterfaceIds": Property(kind=ListOf(STRING, ordered=False), output=True),
        "ownerId": Property(output=True),
        "prefixListId": Property(output=True, derived=_prefix_list("PrefixListId")),
        "requesterManaged": Property(kind=BOOLEAN, output=True),
        "state": Property(output=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call(
        "create_vpc_endpoint",
        {"PrivateDnsEnabled": _private_dns, "TagSpecifications": tag_specification("vpc-endpoint")},
    ),
    read=Call("describe_vpc_endpoints", {"VpcEndpointIds": ["{id}"]}, result="VpcEndpoints[0]", missing=_ENDPOINT_GONE),
    states=States(
        "State", ready=("available", "pendingAcceptance"), failed=("failed", "rejected", "expired"), gone=("deleted",)
    ),
    facets=(TAG_FACET, Facet(properties=_ENDPOINT_PROPERTIES, put=_modify_endpoint, created=True)),
    delete=_delete_endpoint,
    find=found_by(
        "describe_vpc_endpoints",
        "VpcEndpoints[?State == 'available' || State == 'pending'].VpcEndpointId",
        {"vpc-id": "{vpcId}", "service-name": "{serviceName}"},
    ),
    refused={
        **_ENDPOINT_REFUSED,
        "dnsOptions.privateDnsPreference": _OWN_DOMAINS,
        "dnsOptions.privateDnsSpecifiedDomains": _OWN_DOMAINS,
    },
    absent=_ENDPOINT_REFUSED,
    create_minutes=10,
    delete_minutes=10,
)

# --- Flow log

_WATCHED = {"vpcId": ("VPC", "vpc-"), "subnetId": ("Subnet", "subnet-"), "eniId": ("NetworkInterface", "eni-")}


def _create_flow_log(ctx: Context) -> str:
    """CreateFlowLogs takes many resources and answers well even when it refused them all."""
    sent = [name for name, prop in ctx.type.input_properties().items() if prop.sent and name not in _WATCHED]
    watched = {kind: ctx.inputs[name] for name, (kind, _) in _WATCHED.items() if ctx.inputs.get(name)}
    params = ctx.request(Call("create_flow_logs", {"TagSpecifications": tag_specification("vpc-flow-log")}), sent)
    params |= {"ResourceType": next(iter(watched), "VPC"), "ResourceIds": list(watched.values())}
    answer = ctx.clients.call_creating("ec2", "create_flow_logs", params, ctx.region, lambda: _find_flow_log(ctx))
    if answer is None:
        return _find_flow_log(ctx) or ""
    raise_unsuccessful(ctx, answer)
    made: str = answer["FlowLogIds"][0]
    return made


def _delete_flow_log(ctx: Context) -> None:
    raise_unsuccessful(ctx, ctx.call("delete_flow_logs", FlowLogIds=[ctx.id]), gone=("InvalidFlowLogId.NotFound",))


def _resource_if(prefix: str) -> str:
    return f"[ResourceId][?starts_with(@, '{prefix}')] | [0]"


_find_flow_log = found_by("describe_flow_logs", "FlowLogs[].FlowLogId", parameter="Filter")

_NO_TRANSIT = "the twin has no transit gateways"
_FLOW_LOG_REFUSED = {
    "deliverCrossAccountRole": "the twin's flow logs stay in their account",
    "destinationOptions": "the twin's flow logs go to CloudWatch Logs, which has no file formats",
    "regionalNatGatewayId": "the twin has zonal NAT gateways alone",
    "tagFieldSpecifications": NO_INSTANCES,
    "transitGatewayAttachmentId": _NO_TRANSIT,
    "transitGatewayId": _NO_TRANSIT,
}

FLOW_LOG = ResourceType(
    "aws:ec2/flowLog:FlowLog",
    "ec2",
    id="=FlowLogIds[0]",
    properties={
        "arn": arn("vpc-flow-log"),
        "iamRoleArn": Property(replaces=True, api="DeliverLogsPermissionArn"),
        "logDestination": Property(computed=True, replaces=True),
        "logDestinationType": Property(default="cloud-watch-logs", replaces=True),
        "logFormat": Property(computed=True, replaces=True),
        "maxAggregationInterval": Property(kind=INTEGER, default=600, replaces=True),
        "trafficType": Property(replaces=True),
        **{name: Property(replaces=True, read=_resource_if(prefix)) for name, (_, prefix) in _WATCHED.items()},
        "region": REGION,
        **TAGGED,
    },
    create=_create_flow_log,
    read=Call(
        "describe_flow_logs", {"FlowLogIds": ["{id}"]}, result="FlowLogs[0]", missing=("InvalidFlowLogId.NotFound",)
    ),
    facets=(TAG_FACET,),
    delete=_delete_flow_log,
    find=_find_flow_log,
    refused=_FLOW_LOG_REFUSED,
    absent=_FLOW_LOG_REFUSED,
)

TYPES = (VPC_ENDPOINT, FLOW_LOG)

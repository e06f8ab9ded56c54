"""EC2: what ministack 1.5.33 forgets of VPC endpoints, flow logs and NAT gateways.

Source: Amazon EC2 API reference, the actions named at each correction.
"""

import hashlib
from typing import Any

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields, Remembered, found_at, given
from twin.aws.corrections.wire import Parameters


def _stable(prefix: str, *parts: str) -> str:
    """An id as EC2 makes them (`eni-` and 17 hex digits), the same for the same parts."""
    return f"{prefix}-{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:17]}"


def _union(known: Any, added: Any, removed: Any) -> list[Any]:
    kept = [item for item in known or [] if item not in (removed or [])]
    return kept + [item for item in added or [] if item not in kept]


# --- VPC endpoints: CreateVpcEndpoint, ModifyVpcEndpoint, DescribeVpcEndpoints ---

_FULL_ACCESS = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}'


def _groups(group_ids: list[str]) -> list[Fields]:
    return [{"GroupId": group_id, "GroupName": group_id} for group_id in group_ids]


def _endpoint(parameters: Parameters) -> Fields:
    fields: Fields = {"PolicyDocument": parameters.get("PolicyDocument") or _FULL_ACCESS, "RequesterManaged": False}
    if parameters.get("VpcEndpointType") != "Interface":
        return fields | {"PrivateDnsEnabled": False}
    service = parameters["ServiceName"]
    region, _, short = service.removeprefix("com.amazonaws.").partition(".")
    name = f"{short.replace('.', '-')}.{region}.vpce.amazonaws.com"
    private_dns = parameters.get("PrivateDnsEnabled", True)
    names = [name, *([f"{short}.{region}.amazonaws.com"] if private_dns else [])]
    return fields | {
        "PrivateDnsEnabled": private_dns,
        "Groups": _groups(parameters.get("SecurityGroupIds", [])),
        "SubnetIds": list(parameters.get("SubnetIds", [])),
        "IpAddressType": parameters.get("IpAddressType", "ipv4"),
        "DnsOptions": {"DnsRecordIpType": "ipv4"},
        "NetworkInterfaceIds": [_stable("eni", service, subnet) for subnet in parameters.get("SubnetIds", [])],
        "DnsEntries": [{"DnsName": entry, "HostedZoneId": "Z7K066E0PUKCA"} for entry in names],
    }


def _modified_endpoint(known: Fields, parameters: Parameters) -> Fields:
    fields = known | given(parameters, "PolicyDocument", "PrivateDnsEnabled", "IpAddressType")
    if parameters.get("ResetPolicy"):
        fields["PolicyDocument"] = _FULL_ACCESS
    groups = [group["GroupId"] for group in known.get("Groups", [])]
    fields["Groups"] = _groups(
        _union(groups, parameters.get("AddSecurityGroupIds"), parameters.get("RemoveSecurityGroupIds"))
    )
    if "SubnetIds" in known:
        subnets = _union(known["SubnetIds"], parameters.get("AddSubnetIds"), parameters.get("RemoveSubnetIds"))
        fields["SubnetIds"] = subnets
        fields["NetworkInterfaceIds"] = [_stable("eni", str(known["DnsEntries"][0]["DnsName"]), s) for s in subnets]
    return fields


ENDPOINTS = Remembered(
    service="ec2",
    kind="vpc-endpoint",
    id_field="VpcEndpointId",
    create="CreateVpcEndpoint",
    created_ids="VpcEndpoint.VpcEndpointId",
    fields=_endpoint,
    modify={"ModifyVpcEndpoint": ("VpcEndpointId", _modified_endpoint)},
    shown={"CreateVpcEndpoint": "VpcEndpoint", "DescribeVpcEndpoints": "VpcEndpoints[]"},
    delete={"DeleteVpcEndpoints": "VpcEndpointIds"},
)

# --- Flow logs: CreateFlowLogs, DescribeFlowLogs ---

_DEFAULT_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)


def _flow_log(parameters: Parameters) -> Fields:
    return {
        "MaxAggregationInterval": 600,
        "LogFormat": _DEFAULT_LOG_FORMAT,
        "DeliverLogsStatus": "SUCCESS",
        "LogDestinationType": "cloud-watch-logs",
    } | given(
        parameters,
        "MaxAggregationInterval",
        "LogFormat",
        "LogGroupName",
        "LogDestination",
        "LogDestinationType",
        "DeliverLogsPermissionArn",
        "DestinationOptions",
    )


FLOW_LOGS = Remembered(
    service="ec2",
    kind="flow-log",
    id_field="FlowLogId",
    create="CreateFlowLogs",
    created_ids="FlowLogIds",
    fields=_flow_log,
    shown={"DescribeFlowLogs": "FlowLogs[]"},
    delete={"DeleteFlowLogs": "FlowLogIds"},
)


async def _tag_flow_logs(exchange: Exchange) -> None:
    tags = found_at("TagSpecifications[?ResourceType=='vpc-flow-log'].Tags[]", exchange.parameters)
    made = exchange.answer.get("FlowLogIds")
    if tags and made:
        await exchange.emulator.call("ec2", "CreateTags", Resources=made, Tags=tags)


async def _find_flow_logs_by_tag(exchange: Exchange) -> None:
    """DescribeFlowLogs: the emulator filters by tag before it looks the tags up, so it finds none."""
    filters = exchange.parameters.get("Filter", [])
    wanted = {f["Name"].removeprefix("tag:"): f["Values"] for f in filters if f["Name"].startswith("tag:")}
    others = [f for f in filters if not f["Name"].startswith("tag:")]
    flow_logs = exchange.answer["FlowLogs"]
    if wanted:
        ids = exchange.parameters.get("FlowLogIds", [])
        found = await exchange.emulator.call("ec2", "DescribeFlowLogs", FlowLogIds=ids, Filter=others)
        flow_logs = found["FlowLogs"]
    for flow_log in flow_logs:
        chosen = [{"Name": "resource-id", "Values": [flow_log["FlowLogId"]]}]
        tags = (await exchange.emulator.call("ec2", "DescribeTags", Filters=chosen))["Tags"]
        flow_log["Tags"] = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags]
    exchange.answer["FlowLogs"] = [
        flow_log
        for flow_log in flow_logs
        if all({t["Key"]: t["Value"] for t in flow_log["Tags"]}.get(k) in values for k, values in wanted.items())
    ]


# --- NAT gateways: CreateNatGateway, DescribeNatGateways, DescribeAddresses ---


async def _keep_nat_address(exchange: Exchange) -> None:
    """A public NAT gateway holds its Elastic IP address: both sides show it."""
    nat_id = exchange.answer["NatGateway"]["NatGatewayId"]
    allocation_id = exchange.parameters.get("AllocationId")
    if not allocation_id:
        return
    found = await exchange.emulator.call("ec2", "DescribeAddresses", AllocationIds=[allocation_id])
    address = {
        "AllocationId": allocation_id,
        "PublicIp": found["Addresses"][0]["PublicIp"],
        "AssociationId": _stable("eipassoc", nat_id),
        "NetworkInterfaceId": _stable("eni", nat_id),
        "PrivateIp": exchange.parameters.get("PrivateIpAddress") or await _address_in(exchange),
        "IsPrimary": True,
        "Status": "succeeded",
    }
    exchange.shelf("nat-gateway").put(exchange.scope, nat_id, {"NatGatewayAddresses": [address]})
    exchange.answer["NatGateway"]["NatGatewayAddresses"] = [address]


async def _address_in(exchange: Exchange) -> str:
    found = await exchange.emulator.call("ec2", "DescribeSubnets", SubnetIds=[exchange.parameters["SubnetId"]])
    network, _, _ = found["Subnets"][0]["CidrBlock"].partition("/")
    return f"{network.rpartition('.')[0]}.{int(network.rpartition('.')[2]) + 10}"


async def _show_nat_addresses(exchange: Exchange) -> None:
    for gateway in exchange.answer["NatGateways"]:
        gateway.update(exchange.shelf("nat-gateway").get(exchange.scope, gateway["NatGatewayId"]) or {})


async def _show_association(exchange: Exchange) -> None:
    held = {
        address["AllocationId"]: address
        for gateway in exchange.shelf("nat-gateway").of_scope(exchange.scope).values()
        for address in gateway["NatGatewayAddresses"]
    }
    for address in exchange.answer["Addresses"]:
        if holder := held.get(address.get("AllocationId")):
            address |= {name: holder[name] for name in ("AssociationId", "NetworkInterfaceId")}
            address["PrivateIpAddress"] = holder["PrivateIp"]


async def _forget_nat(exchange: Exchange) -> None:
    exchange.shelf("nat-gateway").forget(exchange.scope, exchange.parameters["NatGatewayId"])


CORRECTIONS = (
    *ENDPOINTS.corrections(),
    Correction("ec2", ("CreateFlowLogs",), after=_tag_flow_logs),
    Correction("ec2", ("DescribeFlowLogs",), after=_find_flow_logs_by_tag),
    *FLOW_LOGS.corrections(),
    Correction("ec2", ("CreateNatGateway",), after=_keep_nat_address),
    Correction("ec2", ("DescribeNatGateways",), after=_show_nat_addresses),
    Correction("ec2", ("DescribeAddresses",), after=_show_association),
    Correction("ec2", ("DeleteNatGateway",), after=_forget_nat),
)

"""EC2 answers against the Amazon EC2 API reference."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin

POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(scope="module")
def ec2(twin: Twin) -> Any:
    return twin.client("ec2")


@pytest.fixture(scope="module")
def vpc_id(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture(scope="module")
def subnet_ids(ec2: Any, vpc_id: str) -> list[str]:
    ranges = {"a": "10.0.0.0/24", "b": "10.0.1.0/24"}
    return [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
        for zone, cidr in ranges.items()
    ]


def tags(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


@pytest.fixture(scope="module")
def group_id(ec2: Any, vpc_id: str) -> str:
    return str(ec2.create_security_group(GroupName="clients", Description="clients", VpcId=vpc_id)["GroupId"])


def test_an_interface_endpoint_keeps_policy_groups_subnets_and_private_dns(
    ec2: Any, vpc_id: str, subnet_ids: list[str], group_id: str
) -> None:
    """CreateVpcEndpoint, DescribeVpcEndpoints, ModifyVpcEndpoint, DeleteVpcEndpoints."""
    made = ec2.create_vpc_endpoint(
        VpcId=vpc_id,
        ServiceName=f"com.amazonaws.{REGION}.ecr.api",
        VpcEndpointType="Interface",
        SubnetIds=subnet_ids,
        SecurityGroupIds=[group_id],
        PrivateDnsEnabled=True,
        PolicyDocument=POLICY,
        TagSpecifications=tags("vpc-endpoint", "ecr"),
    )["VpcEndpoint"]
    (shown,) = ec2.describe_vpc_endpoints(Filters=[{"Name": "tag:Name", "Values": ["ecr"]}])["VpcEndpoints"]
    for endpoint in (made, shown):
        assert endpoint["PolicyDocument"] == POLICY
        assert [group["GroupId"] for group in endpoint["Groups"]] == [group_id]
        assert endpoint["SubnetIds"] == subnet_ids
        assert len(endpoint["NetworkInterfaceIds"]) == 2
        assert endpoint["PrivateDnsEnabled"] is True
        assert f"ecr.api.{REGION}.amazonaws.com" in [entry["DnsName"] for entry in endpoint["DnsEntries"]]
        assert endpoint["Tags"] == [{"Key": "Name", "Value": "ecr"}]
        assert endpoint["State"] == "available"
    ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"],
        ResetPolicy=True,
        RemoveSubnetIds=subnet_ids[1:],
        RemoveSecurityGroupIds=[group_id],
        PrivateDnsEnabled=False,
    )
    (changed,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"]
    assert changed["SubnetIds"] == subnet_ids[:1]
    assert changed["Groups"] == []
    assert changed["PrivateDnsEnabled"] is False
    assert json.loads(changed["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert not ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["VpcEndpoints"]


def test_a_flow_log_keeps_interval_format_role_and_tags(ec2: Any, vpc_id: str) -> None:
    """CreateFlowLogs, DescribeFlowLogs (filters tag and resource-id), DeleteFlowLogs."""
    role = f"arn:aws:iam::{ACCOUNT}:role/flow-logs"
    (flow_log_id,) = ec2.create_flow_logs(
        ResourceIds=[vpc_id],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="/flow-logs",
        DeliverLogsPermissionArn=role,
        MaxAggregationInterval=60,
        LogFormat="${version} ${vpc-id}",
        TagSpecifications=tags("vpc-flow-log", "flow"),
    )["FlowLogIds"]
    for chosen in ({"Filters": [{"Name": "tag:Name", "Values": ["flow"]}]}, {"FlowLogIds": [flow_log_id]}):
        (shown,) = ec2.describe_flow_logs(**chosen)["FlowLogs"]
        assert shown["MaxAggregationInterval"] == 60
        assert shown["LogFormat"] == "${version} ${vpc-id}"
        assert shown["LogGroupName"] == "/flow-logs"
        assert shown["DeliverLogsPermissionArn"] == role
        assert shown["LogDestinationType"] == "cloud-watch-logs"
        assert shown["Tags"] == [{"Key": "Name", "Value": "flow"}]
        assert shown["ResourceId"] == vpc_id
    assert not ec2.describe_flow_logs(Filters=[{"Name": "tag:Name", "Values": ["other"]}])["FlowLogs"]
    ec2.delete_flow_logs(FlowLogIds=[flow_log_id])
    assert not ec2.describe_flow_logs()["FlowLogs"]


def test_flow_logs_to_a_bucket_keep_how_they_are_written(ec2: Any, vpc_id: str) -> None:
    """CreateFlowLogs with DestinationOptions; 600 s is the default interval."""
    options = {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": False}
    (flow_log_id,) = ec2.create_flow_logs(
        ResourceIds=[vpc_id],
        ResourceType="VPC",
        TrafficType="REJECT",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::logs/flow",
        DestinationOptions=options,
    )["FlowLogIds"]
    (shown,) = ec2.describe_flow_logs(FlowLogIds=[flow_log_id])["FlowLogs"]
    assert (shown["DestinationOptions"], shown["MaxAggregationInterval"]) == (options, 600)
    assert (shown["LogDestination"], shown["LogDestinationType"]) == ("arn:aws:s3:::logs/flow", "s3")
    ec2.delete_flow_logs(FlowLogIds=[flow_log_id])


def test_a_nat_gateway_holds_its_elastic_ip_address(ec2: Any, subnet_ids: list[str]) -> None:
    """CreateNatGateway, DescribeNatGateways, DescribeAddresses, DeleteNatGateway."""
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.create_nat_gateway(SubnetId=subnet_ids[0], AllocationId=address["AllocationId"])["NatGateway"]
    (shown,) = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"]
    for gateway in (made, shown):
        (held,) = gateway["NatGatewayAddresses"]
        assert held["AllocationId"] == address["AllocationId"]
        assert held["PublicIp"] == address["PublicIp"]
        assert held["PrivateIp"].startswith("10.0.0.")
    (elastic,) = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"]
    assert elastic["NetworkInterfaceId"] == held["NetworkInterfaceId"]
    assert elastic["AssociationId"] == held["AssociationId"]
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    (elastic,) = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"]
    assert "AssociationId" not in elastic


def test_the_default_security_group_admits_itself_and_all_egress(ec2: Any, vpc_id: str) -> None:
    """CreateVpc: AWS makes a default group with these two rules; both can be revoked by their ids."""
    chosen = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = ec2.describe_security_groups(Filters=chosen)["SecurityGroups"]
    (ingress,) = group["IpPermissions"]
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [group["GroupId"]]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])
    for rule in rules["SecurityGroupRules"]:
        revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
        revoke(GroupId=group["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    (group,) = ec2.describe_security_groups(Filters=chosen)["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_a_rule_may_name_a_prefix_list(ec2: Any, group_id: str) -> None:
    """AuthorizeSecurityGroupEgress, DescribeSecurityGroupRules, DescribeSecurityGroups, RevokeSecurityGroupEgress."""
    (s3,) = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{REGION}.s3"]}])[
        "PrefixLists"
    ]
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "PrefixListIds": [{"PrefixListId": s3["PrefixListId"], "Description": "S3 through the gateway"}],
    }
    made = ec2.authorize_security_group_egress(GroupId=group_id, IpPermissions=[permission])["SecurityGroupRules"][0]
    shown = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])["SecurityGroupRules"][
        0
    ]
    for rule in (made, shown):
        assert rule["PrefixListId"] == s3["PrefixListId"]
        assert rule["Description"] == "S3 through the gateway"
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    assert permission["PrefixListIds"] in [found["PrefixListIds"] for found in group["IpPermissionsEgress"]]
    ec2.revoke_security_group_egress(GroupId=group_id, SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    assert not any(found["PrefixListIds"] for found in group["IpPermissionsEgress"])


def test_a_network_acl_entry_keeps_its_ports(ec2: Any, vpc_id: str) -> None:
    """CreateNetworkAclEntry, ReplaceNetworkAclEntry, DescribeNetworkAcls."""
    acl_id = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    entry = {
        "NetworkAclId": acl_id,
        "RuleNumber": 100,
        "Protocol": "6",
        "RuleAction": "allow",
        "CidrBlock": "10.0.0.0/8",
    }
    ec2.create_network_acl_entry(**entry, Egress=False, PortRange={"From": 443, "To": 444})
    ec2.replace_network_acl_entry(**entry, Egress=False, PortRange={"From": 80, "To": 81})
    entries = ec2.describe_network_acls(NetworkAclIds=[acl_id])["NetworkAcls"][0]["Entries"]
    assert [e["PortRange"] for e in entries if e["RuleNumber"] == 100] == [{"From": 80, "To": 81}]
    ec2.delete_network_acl(NetworkAclId=acl_id)


def test_filters_choose_among_addresses_and_endpoints(ec2: Any, vpc_id: str) -> None:
    """DescribeAddresses, DescribeVpcEndpoints: by tag, by field, by both; a filter that there is not is refused."""
    ids = {
        name: ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", name))["AllocationId"]
        for name in ("one", "two")
    }
    by_name = {"Name": "tag:Name", "Values": ["two"]}
    assert [a["AllocationId"] for a in ec2.describe_addresses(Filters=[by_name])["Addresses"]] == [ids["two"]]
    by_id = {"Name": "allocation-id", "Values": [ids["one"]]}
    assert [a["AllocationId"] for a in ec2.describe_addresses(Filters=[by_id])["Addresses"]] == [ids["one"]]
    assert ec2.describe_addresses(Filters=[by_name, by_id])["Addresses"] == []
    with pytest.raises(ClientError, match="The filter 'nonsense' is invalid"):
        ec2.describe_addresses(Filters=[{"Name": "nonsense", "Values": ["x"]}])
    made = ec2.create_vpc_endpoint(
        VpcId=vpc_id,
        ServiceName=f"com.amazonaws.{REGION}.dynamodb",
        TagSpecifications=tags("vpc-endpoint", "two"),
    )["VpcEndpoint"]["VpcEndpointId"]
    in_vpc = {"Name": "vpc-id", "Values": [vpc_id]}
    found = ec2.describe_vpc_endpoints(Filters=[by_name, in_vpc])["VpcEndpoints"]
    assert [endpoint["VpcEndpointId"] for endpoint in found] == [made]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    for allocation_id in ids.values():
        ec2.release_address(AllocationId=allocation_id)

"""EC2: what ministack 1.5.33 forgets of who may reach what: security groups' rules and network ACLs' entries.

Source: Amazon EC2 API reference, the actions named at each correction.
"""

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import found_at, given
from twin.aws.corrections.wire import Parameters

# --- Security groups: CreateVpc, AuthorizeSecurityGroup*, DescribeSecurityGroupRules, DescribeSecurityGroups ---


async def _default_group_admits_itself(exchange: Exchange) -> None:
    """CreateVpc: the default security group of a new VPC lets its members reach each other."""
    chosen = [
        {"Name": "vpc-id", "Values": [exchange.answer["Vpc"]["VpcId"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    groups = await exchange.emulator.call("ec2", "DescribeSecurityGroups", Filters=chosen)
    group_id = groups["SecurityGroups"][0]["GroupId"]
    if not groups["SecurityGroups"][0].get("IpPermissions"):
        itself = [
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group_id, "UserId": exchange.emulator.account}]}
        ]
        await exchange.emulator.call("ec2", "AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=itself)


async def _keep_prefix_list(exchange: Exchange) -> None:
    """AuthorizeSecurityGroupIngress/Egress: a rule may name a prefix list; the emulator keeps a rule without a peer."""
    named = found_at("IpPermissions[].PrefixListIds[]", exchange.parameters)
    peers = ("CidrIpv4", "CidrIpv6", "ReferencedGroupInfo")
    without_peer = [r for r in exchange.answer["SecurityGroupRules"] if not any(r.get(peer) for peer in peers)]
    for rule, prefix_list in zip(without_peer, named, strict=False):
        fields = given(prefix_list, "PrefixListId", "Description") | {"GroupId": rule["GroupId"]}
        rule |= fields
        exchange.shelf("security-group-rule").put(exchange.scope, rule["SecurityGroupRuleId"], fields)


async def _show_prefix_list(exchange: Exchange) -> None:
    for rule in exchange.answer["SecurityGroupRules"]:
        rule.update(exchange.shelf("security-group-rule").get(exchange.scope, rule["SecurityGroupRuleId"]) or {})


async def _show_prefix_lists_of_groups(exchange: Exchange) -> None:
    remembered = exchange.shelf("security-group-rule").of_scope(exchange.scope)
    for group in exchange.answer["SecurityGroups"]:
        known = {rule_id: r for rule_id, r in remembered.items() if r["GroupId"] == group["GroupId"]}
        if not known:
            continue
        chosen = [{"Name": "group-id", "Values": [group["GroupId"]]}]
        rules = await exchange.emulator.call("ec2", "DescribeSecurityGroupRules", Filters=chosen)
        for rule in rules["SecurityGroupRules"]:
            if rule["SecurityGroupRuleId"] not in known:
                continue
            side = "IpPermissionsEgress" if rule["IsEgress"] else "IpPermissions"
            shown = given(known[rule["SecurityGroupRuleId"]], "PrefixListId", "Description")
            for permission in group[side]:
                if all(permission.get(n) == rule.get(n) for n in ("IpProtocol", "FromPort", "ToPort")):
                    permission["PrefixListIds"] = [*permission.get("PrefixListIds", []), shown]


async def _forget_rules(exchange: Exchange) -> None:
    revoked = found_at("RevokedSecurityGroupRules[].SecurityGroupRuleId", exchange.answer)
    for rule_id in {*revoked, *exchange.parameters.get("SecurityGroupRuleIds", [])}:
        exchange.shelf("security-group-rule").forget(exchange.scope, rule_id)


async def _forget_rules_of_group(exchange: Exchange) -> None:
    shelf = exchange.shelf("security-group-rule")
    for rule_id, rule in shelf.of_scope(exchange.scope).items():
        if rule["GroupId"] == exchange.parameters.get("GroupId"):
            shelf.forget(exchange.scope, rule_id)


# --- Network ACLs: CreateNetworkAclEntry, ReplaceNetworkAclEntry, DescribeNetworkAcls ---


def _entry_id(acl_id: str, entry: Parameters) -> str:
    return f"{acl_id}/{'egress' if entry.get('Egress') else 'ingress'}/{entry['RuleNumber']}"


async def _keep_ports(exchange: Exchange) -> None:
    fields = given(exchange.parameters, "PortRange", IcmpTypeCode="IcmpTypeCode")
    entry_id = _entry_id(exchange.parameters["NetworkAclId"], exchange.parameters)
    exchange.shelf("network-acl-entry").put(exchange.scope, entry_id, fields)


async def _show_ports(exchange: Exchange) -> None:
    for acl in exchange.answer["NetworkAcls"]:
        for entry in acl.get("Entries", []):
            known = exchange.shelf("network-acl-entry").get(exchange.scope, _entry_id(acl["NetworkAclId"], entry))
            entry.update(known or {})


async def _forget_ports(exchange: Exchange) -> None:
    shelf = exchange.shelf("network-acl-entry")
    acl_id = exchange.parameters["NetworkAclId"]
    if exchange.operation.name == "DeleteNetworkAclEntry":
        shelf.forget(exchange.scope, _entry_id(acl_id, exchange.parameters))
        return
    for entry_id in shelf.of_scope(exchange.scope):
        if entry_id.startswith(f"{acl_id}/"):
            shelf.forget(exchange.scope, entry_id)


CORRECTIONS = (
    Correction("ec2", ("CreateVpc",), after=_default_group_admits_itself),
    Correction("ec2", ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"), after=_keep_prefix_list),
    Correction("ec2", ("DescribeSecurityGroupRules",), after=_show_prefix_list),
    Correction("ec2", ("DescribeSecurityGroups",), after=_show_prefix_lists_of_groups),
    Correction("ec2", ("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"), after=_forget_rules),
    Correction("ec2", ("DeleteSecurityGroup",), after=_forget_rules_of_group),
    Correction("ec2", ("CreateNetworkAclEntry", "ReplaceNetworkAclEntry"), after=_keep_ports),
    Correction("ec2", ("DescribeNetworkAcls",), after=_show_ports),
    Correction("ec2", ("DeleteNetworkAclEntry", "DeleteNetworkAcl"), after=_forget_ports),
)

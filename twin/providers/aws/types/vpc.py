"""VPC: the rules of security groups, each a resource of its own.

Only another group forces a new rule, as in the official provider.
Source: Amazon EC2 API reference, AuthorizeSecurityGroupIngress, ModifySecurityGroupRules.
"""

from collections.abc import Callable
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import INTEGER, Alike, read_answer
from twin.providers.aws.schema import REGION, Call, Facet, Property, ResourceType
from twin.providers.aws.types._ec2_common import TAG_FACET, TAGGED, arn, tag_specification

_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "-1"}
_PROPERTIES = (
    "cidrIpv4",
    "cidrIpv6",
    "description",
    "fromPort",
    "ipProtocol",
    "prefixListId",
    "referencedSecurityGroupId",
    "toPort",
)
_EVERY = "IpProtocol != '-1' && {} || null"
"""Of a rule for every protocol AWS answers port -1, which nobody has asked for."""


def _protocol(name: str) -> str:
    """A protocol's name, for its IANA number too."""
    return _NUMBERS.get(name.lower(), name.lower())


def _permission(ctx: Context) -> dict[str, Any]:
    """The rule as authorizing and revoking want it."""
    wanted = ctx.inputs
    described = {"Description": wanted["description"]} if wanted.get("description") else {}
    permission: dict[str, Any] = {"IpProtocol": wanted["ipProtocol"]}
    permission |= {
        api: wanted[name] for name, api in (("fromPort", "FromPort"), ("toPort", "ToPort")) if name in wanted
    }
    if cidr := wanted.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": cidr, **described}]
    if cidr := wanted.get("cidrIpv6"):
        permission["Ipv6Ranges"] = [{"CidrIpv6": cidr, **described}]
    if prefix_list := wanted.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **described}]
    if group := wanted.get("referencedSecurityGroupId"):
        owner, _, group_id = group.rpartition("/")
        permission["UserIdGroupPairs"] = [{"GroupId": group_id, **({"UserId": owner} if owner else {}), **described}]
    return permission


def _modify(ctx: Context) -> None:
    wanted = ctx.inputs
    rule = {
        "IpProtocol": wanted["ipProtocol"],
        "FromPort": wanted.get("fromPort", -1),
        "ToPort": wanted.get("toPort", -1),
        "CidrIpv4": wanted.get("cidrIpv4"),
        "CidrIpv6": wanted.get("cidrIpv6"),
        "PrefixListId": wanted.get("prefixListId"),
        "ReferencedGroupId": (wanted.get("referencedSecurityGroupId") or "").rpartition("/")[2] or None,
        "Description": wanted.get("description", ""),
    }
    said = {name: value for name, value in rule.items() if value is not None}
    update = {"SecurityGroupRuleId": ctx.id, "SecurityGroupRule": said}
    ctx.call("modify_security_group_rules", GroupId=wanted["securityGroupId"], SecurityGroupRules=[update])


def _find(egress: bool) -> Callable[[Context], str | None]:
    """A group has no two rules with the same direction, protocol, ports and peer."""
    peers = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")

    def find(ctx: Context) -> str | None:
        chosen = [{"Name": "group-id", "Values": [ctx.inputs["securityGroupId"]]}]
        rules = ctx.call("describe_security_group_rules", Filters=chosen)["SecurityGroupRules"]
        for rule in rules:
            there = read_answer(ctx.own_properties(), rule)
            alike = all(
                ctx.type.properties[name].kind.same(there.get(name), ctx.inputs.get(name))
                for name in ("ipProtocol", "fromPort", "toPort", *peers)
            )
            if rule["IsEgress"] is egress and alike:
                found: str = rule["SecurityGroupRuleId"]
                return found
        return None

    return find


def _rule(direction: str) -> ResourceType:
    lower = direction.lower()
    group = {"GroupId": "{securityGroupId}"}
    return ResourceType(
        f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        "ec2",
        id="=SecurityGroupRules[0].SecurityGroupRuleId",
        properties={
            "arn": arn("security-group-rule"),
            "cidrIpv4": Property(sent=False),
            "cidrIpv6": Property(sent=False),
            "description": Property(sent=False),
            "fromPort": Property(kind=INTEGER, sent=False, read=_EVERY.format("FromPort")),
            "ipProtocol": Property(kind=Alike(_protocol), required=True, sent=False),
            "prefixListId": Property(sent=False),
            "referencedSecurityGroupId": Property(sent=False, read="ReferencedGroupInfo.GroupId"),
            "securityGroupId": Property(required=True, replaces=True, api="GroupId"),
            "securityGroupRuleId": Property(output=True),
            "toPort": Property(kind=INTEGER, sent=False, read=_EVERY.format("ToPort")),
            "region": REGION,
            **TAGGED,
        },
        create=Call(
            f"authorize_security_group_{lower}",
            {
                **group,
                "IpPermissions": lambda ctx: [_permission(ctx)],
                "TagSpecifications": tag_specification("security-group-rule"),
            },
        ),
        read=Call(
            "describe_security_group_rules",
            {"SecurityGroupRuleIds": ["{id}"]},
            result="SecurityGroupRules[0]",
            missing=("InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound"),
        ),
        facets=(TAG_FACET, Facet(properties=_PROPERTIES, put=_modify, created=True)),
        delete=Call(
            f"revoke_security_group_{lower}",
            {**group, "SecurityGroupRuleIds": ["{id}"]},
            missing=("InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound", "InvalidPermission.NotFound"),
        ),
        find=_find(direction == "Egress"),
    )


TYPES = (_rule("Ingress"), _rule("Egress"))

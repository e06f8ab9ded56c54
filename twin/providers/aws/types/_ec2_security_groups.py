"""EC2: security groups, which hold no rules of their own here: each rule is a resource of its own.

AWS lets a new group reach the whole world, and the official provider takes that rule away.
Source: Amazon EC2 API reference; pulumi_aws documentation, `aws.ec2.SecurityGroup`, "NOTE on Egress rules".
"""

from collections.abc import Iterator
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, INTEGER, STRING, Block, ListOf, Problem, empty
from twin.providers.aws.schema import REGION, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.types._ec2_common import (
    ADOPTED_TAG_FACET,
    TAG_FACET,
    TAGGED,
    arn,
    found_by,
    once_unused,
    tag_specification,
)

_GONE = ("InvalidGroup.NotFound", "InvalidGroupId.Malformed")
_READ = Call("describe_security_groups", {"GroupIds": ["{id}"]}, result="SecurityGroups[0]", missing=_GONE)
_ANY_PORT = {"protocol": "-1", "fromPort": 0, "toPort": 0}
_TO_THE_WORLD = {**_ANY_PORT, "cidrBlocks": ["0.0.0.0/0"]}
"""The egress rule that AWS gives every new group."""
_FROM_ITSELF = {**_ANY_PORT, "self": True}
"""The ingress rule that AWS gives a VPC's default group."""


class NoRules(ListOf):
    """Rules in a group itself, of which a program gives none; those that are there are shown as a difference."""

    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        """Any rule is one."""
        if not empty(value):
            yield (
                path,
                "the twin's AWS provider takes no rules in a security group, only []; "
                "use aws.vpc.SecurityGroupIngressRule and SecurityGroupEgressRule, which exclude rules given here",
            )


_NAMES = ListOf(STRING, ordered=False)
_RULES = NoRules(
    Block(
        {
            "protocol": Property(),
            "fromPort": Property(kind=INTEGER),
            "toPort": Property(kind=INTEGER),
            "cidrBlocks": Property(kind=_NAMES),
            "ipv6CidrBlocks": Property(kind=_NAMES),
            "prefixListIds": Property(kind=_NAMES),
            "securityGroups": Property(kind=_NAMES),
            "self": Property(kind=BOOLEAN),
            "description": Property(),
        }
    ),
    ordered=False,
)

# --- Security group


def _rules(ctx: Context, egress: bool) -> list[dict[str, Any]]:
    chosen = [{"Name": "group-id", "Values": [ctx.id]}]
    found = ctx.call("describe_security_group_rules", Filters=chosen)["SecurityGroupRules"]
    return [rule for rule in found if rule["IsEgress"] is egress]


def _egress_from_aws(ctx: Context) -> list[str]:
    """Ids of the rules to the whole world that AWS made: it puts no tags on them, while this provider's rules bear the
    default tags. Without default tags nobody can tell them apart.
    """
    if not ctx.account.default_tags:
        return []
    return [
        rule["SecurityGroupRuleId"]
        for rule in _rules(ctx, egress=True)
        if rule["IpProtocol"] == "-1" and rule.get("CidrIpv4") == "0.0.0.0/0" and not rule.get("Tags")
    ]


def _read_egress(ctx: Context) -> dict[str, Any]:
    return {"egress": [_TO_THE_WORLD] if _egress_from_aws(ctx) else []}


def _revoke_egress(ctx: Context) -> None:
    """Take away what a new group may reach; not the rules that are resources, which an update would find there."""
    made = _egress_from_aws(ctx)
    if made:
        ctx.call("revoke_security_group_egress", GroupId=ctx.id, SecurityGroupRuleIds=made)
    elif not ctx.account.default_tags:
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        gone = ("InvalidPermission.NotFound",)
        ctx.run(Call("revoke_security_group_egress", {"GroupId": "{id}", "IpPermissions": everything}, missing=gone))


def _delete_group(ctx: Context) -> None:
    if ctx.value("revokeRulesOnDelete"):
        _revoke_everything(ctx)
    call = Call("delete_security_group", {"GroupId": "{id}"}, missing=_GONE)
    once_unused(call, busy=("DependencyViolation", "InvalidGroup.InUse"))(ctx)


def _revoke_everything(ctx: Context) -> None:
    group = ctx.run(_READ) or {}
    for operation, permissions in (
        ("revoke_security_group_ingress", group.get("IpPermissions")),
        ("revoke_security_group_egress", group.get("IpPermissionsEgress")),
    ):
        if permissions:
            ctx.call(operation, GroupId=ctx.id, IpPermissions=permissions)


SECURITY_GROUP = ResourceType(
    "aws:ec2/securityGroup:SecurityGroup",
    "ec2",
    id="=GroupId",
    properties={
        "arn": arn("security-group"),
        "description": Property(default="Managed by Pulumi", replaces=True),
        "egress": Property(kind=_RULES, default=[], initial=[_TO_THE_WORLD]),
        "ingress": Property(kind=_RULES, computed=True, sent=False, returned=False),
        "name": Property(replaces=True, autoname=Autoname(limit=255), api="GroupName"),
        "namePrefix": Property(computed=True, replaces=True, sent=False, returned=False),
        "ownerId": Property(output=True),
        "revokeRulesOnDelete": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "vpcId": Property(computed=True, replaces=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_security_group", {"TagSpecifications": tag_specification("security-group")}),
    read=_READ,
    facets=(
        Facet(properties=("egress",), get=_read_egress, put=_revoke_egress),
        TAG_FACET,
    ),
    delete=_delete_group,
    find=found_by(
        "describe_security_groups",
        "SecurityGroups[].GroupId",
        {"vpc-id": "{vpcId}", "group-name": "{name}"},
        by_tags=False,
    ),
    create_minutes=10,
    delete_minutes=15,
)

# --- A VPC's default security group


def _adopt(ctx: Context) -> str:
    """The default group of the VPC: AWS makes it, nobody else can."""
    filters = [{"Name": "group-name", "Values": ["default"]}]
    if vpc_id := ctx.inputs.get("vpcId"):
        filters.append({"Name": "vpc-id", "Values": [vpc_id]})
    found = ctx.call("describe_security_groups", Filters=filters)["SecurityGroups"]
    if len(found) != 1:
        raise ProviderError(
            f"{ctx.type.token}: expected one default security group in VPC {vpc_id}, found {len(found)}"
        )
    group_id: str = found[0]["GroupId"]
    return group_id


def _read_rules(ctx: Context) -> dict[str, Any]:
    """The group's rules in the words of the official provider, so that a preview shows what somebody has opened."""
    group = ctx.run(_READ) or {}
    return {
        "ingress": [_in_words(rule, ctx.id) for rule in group.get("IpPermissions", ())],
        "egress": [_in_words(rule, ctx.id) for rule in group.get("IpPermissionsEgress", ())],
    }


def _in_words(permission: dict[str, Any], group_id: str) -> dict[str, Any]:
    groups = [pair["GroupId"] for pair in permission.get("UserIdGroupPairs", ())]
    told = {
        "protocol": permission["IpProtocol"],
        "fromPort": permission.get("FromPort", 0),
        "toPort": permission.get("ToPort", 0),
        "cidrBlocks": [block["CidrIp"] for block in permission.get("IpRanges", ())],
        "ipv6CidrBlocks": [block["CidrIpv6"] for block in permission.get("Ipv6Ranges", ())],
        "prefixListIds": [entry["PrefixListId"] for entry in permission.get("PrefixListIds", ())],
        "securityGroups": [other for other in groups if other != group_id],
        "self": group_id in groups,
    }
    always = ("protocol", "fromPort", "toPort")
    return {name: value for name, value in told.items() if name in always or value}


DEFAULT_SECURITY_GROUP = ResourceType(
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "ec2",
    id="=GroupId",
    properties={
        "arn": arn("security-group"),
        "description": Property(output=True),
        "egress": Property(kind=_RULES, default=[], initial=[_TO_THE_WORLD]),
        "ingress": Property(kind=_RULES, default=[], initial=[_FROM_ITSELF]),
        "name": Property(output=True, api="GroupName"),
        "ownerId": Property(output=True),
        "revokeRulesOnDelete": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "vpcId": Property(computed=True, replaces=True),
        "region": REGION,
        **TAGGED,
    },
    create=_adopt,
    read=_READ,
    facets=(
        Facet(properties=("ingress", "egress"), get=_read_rules, put=_revoke_everything),
        ADOPTED_TAG_FACET,
    ),
    delete=None,
    find=_adopt,
    absent={"namePrefix": "the name is `default`"},
)

TYPES = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP)

"""VPC: rules of security groups."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.contracts.providers.aws.examples import Example, World
from tests.contracts.providers.aws.examples.ec2 import group, tags_hold


def _rule_holds(egress: bool) -> Callable[[World, str, Mapping[str, Any]], None]:
    def holds(world: World, rule_id: str, inputs: Mapping[str, Any]) -> None:
        assert rule_id.startswith("sgr-")
        rules = world.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[rule_id])
        [there] = rules["SecurityGroupRules"]
        assert there["IsEgress"] is egress
        assert there["GroupId"] == inputs["securityGroupId"]
        assert there["IpProtocol"] == inputs["ipProtocol"]
        assert there.get("FromPort") == inputs.get("fromPort", -1)
        assert there.get("ToPort") == inputs.get("toPort", -1)
        assert there.get("CidrIpv4") == inputs.get("cidrIpv4")
        assert there.get("PrefixListId") == inputs.get("prefixListId")
        assert there.get("ReferencedGroupInfo", {}).get("GroupId") == inputs.get("referencedSecurityGroupId")
        assert there.get("Description", "") == inputs.get("description", "")
        tags_hold(world, rule_id, inputs)

    return holds


def _https(world: World) -> dict[str, Any]:
    return {"securityGroupId": group(world), "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}


def _from_group(world: World) -> dict[str, Any]:
    peer = {"referencedSecurityGroupId": group(world)}
    return {**_https(world), **peer, "tags": {"Name": world.name("it")}}


_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"

EXAMPLES = (
    Example(
        _INGRESS,
        inputs=lambda world: {**_https(world), "cidrIpv4": "10.0.0.0/8", "description": "HTTPS from the network"},
        holds=_rule_holds(egress=False),
        updates=(
            {"cidrIpv4": "10.1.0.0/16"},
            {"fromPort": 80, "toPort": 8080},
            {"description": "web"},
            {"tags": {"more": "1"}},
        ),
    ),
    Example(_INGRESS, inputs=_from_group, holds=_rule_holds(egress=False), case="from a group"),
    Example(
        _EGRESS,
        inputs=lambda world: {"securityGroupId": group(world), "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"},
        holds=_rule_holds(egress=True),
        updates=({"cidrIpv4": "10.1.0.0/16"}, {"description": "to the network"}),
    ),
    Example(
        _EGRESS,
        inputs=lambda world: {**_https(world), "prefixListId": "pl-6da54004", "description": "HTTPS to S3"},
        holds=_rule_holds(egress=True),
        case="to a prefix list",
    ),
)

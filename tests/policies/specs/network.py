"""As `encryption`, for NET."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import Case, Spec, depending, of_type

GROUP_TOKEN = "aws:ec2/securityGroup:SecurityGroup"
WORLD = "0.0.0.0/0"


def rule(cidr: Any = "10.0.0.0/16", port: Any = 443, protocol: Any = "tcp", **more: Any) -> dict[str, Any]:
    return {"protocol": protocol, "fromPort": port, "toPort": port, "cidrBlocks": [cidr], "description": "x", **more}


def group(*ingress: Any, egress: Any = ABSENT, name: str = "group", **more: Any) -> R:
    props = {"ingress": list(ingress), **({} if egress is ABSENT else {"egress": egress}), **more}
    return R(GROUP_TOKEN, props, name, outputs={"id": f"sg-{name}"})


def ingress_rule(**props: Any) -> R:
    base = {"securityGroupId": "sg-group", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "description": "x"}
    return R("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {**base, **props}, "rule")


def older_rule(**props: Any) -> R:
    base = {"type": "ingress", "securityGroupId": "sg-group", "description": "x", "fromPort": 443, "toPort": 443}
    return R("aws:ec2/securityGroupRule:SecurityGroupRule", {**base, "protocol": "tcp", **props}, "older-rule")


def egress_rule(**props: Any) -> R:
    base = {"securityGroupId": "sg-group", "description": "x"}
    return R("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", {**base, **props}, "egress")


PORTS = (WORLD, 443)
WEB = group(rule(WORLD))
BALANCER = R("aws:lb/loadBalancer:LoadBalancer", {"securityGroups": ["sg-group"]}, "balancer")
JOINED = depending(securityGroups=WEB)(BALANCER.with_props({"securityGroups": [UNKNOWN]}))
VPC = R("aws:ec2/vpc:Vpc", {}, "vpc", outputs={"id": "vpc-1", "defaultSecurityGroupId": "sg-default"})
CLOSED = R("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": "vpc-1"}, "closed")
SUBNET = of_type("ec2/subnet:Subnet", mapPublicIpOnLaunch=False)


def template(value: Any) -> R:
    return of_type("ec2/launchTemplate:LaunchTemplate", networkInterfaces=[{"associatePublicIpAddress": value}])


NOT_READ = "the group is closed to the world, whatever its ports and protocols"
SPECS: dict[str, Spec] = {
    "NET-01": Spec(
        good=(group(rule()),),
        leaf="ingress[0].cidrBlocks[0]",
        bad=WORLD,
        absent="pass",
        flips={"ingress[0].cidrBlocks[0]": WORLD},
        equivalent={
            f"{mutation} ingress[0].{name}": NOT_READ
            for mutation in ("delete", "flip", "unknown")
            for name in ("protocol", "fromPort", "toPort", "description")
        }
        | {"delete ingress[0].cidrBlocks[0]": "no range is open to nobody"},
        twins={"aws:lb/loadBalancer:LoadBalancer": "aws:alb/loadBalancer:LoadBalancer"},
        extra=(
            Case("IPv6", (group(rule("10.0.0.0/8", ipv6CidrBlocks=["::/0"])),), "deny"),
            Case("the world, spelt otherwise", (group(rule("1.2.3.4/0")),), "deny"),
            Case("no range", (group(rule("everyone")),), "deny"),
            Case("the world in two halves", (group(rule("0.0.0.0/1"), rule("128.0.0.0/1")),), "deny"),
            Case("two halves on two ports", (group(rule("0.0.0.0/1", 443), rule("128.0.0.0/1", 444)),), "pass"),
            Case("half of the world", (group(rule("0.0.0.0/1")),), "pass"),
            Case(
                "one half inline, one in a rule resource",
                (group(rule("0.0.0.0/1")), ingress_rule(cidrIpv4="128.0.0.0/1")),
                "deny",
            ),
            Case(
                "one half in another group",
                (group(rule("0.0.0.0/1")), ingress_rule(cidrIpv4="128.0.0.0/1", securityGroupId="sg-other")),
                "pass",
            ),
            Case(
                "two halves of IPv6, of a group in another stack",
                (
                    replace(ingress_rule(cidrIpv6="::/1", securityGroupId="sg-other"), name="low"),
                    ingress_rule(cidrIpv6="8000::/1", securityGroupId="sg-other"),
                ),
                "deny",
            ),
            Case("two halves at a load balancer", (group(rule("0.0.0.0/1"), rule("128.0.0.0/1")), BALANCER), "pass"),
            Case(
                "two halves, groups of the load balancer unknown",
                (
                    group(rule("0.0.0.0/1"), rule("128.0.0.0/1")),
                    BALANCER.with_props({"securityGroups": UNKNOWN}),
                ),
                "unknown",
            ),
            Case("load balancer", (WEB, BALANCER), "pass"),
            Case(
                "load balancer of the older twin",
                (WEB, replace(BALANCER, type="aws:alb/loadBalancer:LoadBalancer")),
                "pass",
            ),
            Case("load balancer, by dependency", (WEB, JOINED), "pass"),
            Case(
                "load balancer of another group", (WEB, BALANCER.with_props({"securityGroups": ["sg-other"]})), "deny"
            ),
            Case("load balancer, groups unknown", (WEB, BALANCER.with_props({"securityGroups": UNKNOWN})), "unknown"),
            Case("load balancer, other port", (group(rule(WORLD, 22)), BALANCER), "deny"),
            Case("load balancer, port unknown", (group(rule(WORLD, UNKNOWN)), BALANCER), "unknown"),
            Case("load balancer, a range of ports", (group(rule(WORLD, 443, toPort=444)), BALANCER), "deny"),
            Case("load balancer, every protocol", (group(rule(WORLD, 0, "-1")), BALANCER), "deny"),
            Case("load balancer, ICMP", (group(rule(WORLD, 443, "icmp")), BALANCER), "deny"),
            Case("rule resource", (group(), ingress_rule(cidrIpv4=WORLD)), "deny"),
            Case("rule resource, IPv6", (group(), ingress_rule(cidrIpv6="::/0")), "deny"),
            Case("rule resource, range unknown", (group(), ingress_rule(cidrIpv4=UNKNOWN)), "unknown"),
            Case("rule resource of a load balancer", (group(), BALANCER, ingress_rule(cidrIpv4=WORLD)), "pass"),
            Case(
                "rule resource of a load balancer, by dependency",
                (
                    group(),
                    BALANCER,
                    depending(securityGroupId=group())(ingress_rule(cidrIpv4=WORLD, securityGroupId=UNKNOWN)),
                ),
                "pass",
            ),
            Case(
                "rule resource, group in another stack",
                (ingress_rule(cidrIpv4=WORLD, securityGroupId="sg-elsewhere"),),
                "deny",
            ),
            Case("rule resource, group unknown", (ingress_rule(cidrIpv4=WORLD, securityGroupId=UNKNOWN),), "unknown"),
            Case("older rule resource", (group(), older_rule(cidrBlocks=[WORLD])), "deny"),
            Case("older rule resource, egress", (group(), older_rule(cidrBlocks=[WORLD], type="egress")), "pass"),
            Case(
                "older rule resource, direction unknown",
                (group(), older_rule(cidrBlocks=[WORLD], type=UNKNOWN)),
                "unknown",
            ),
            Case("from a group", (group(), ingress_rule(referencedSecurityGroupId="sg-1")), "pass"),
        ),
    ),
    "NET-02": Spec(
        good=(group(rule(), egress=[rule(WORLD, 443, "tcp")]),),
        leaf="ingress[0].description",
        bad="",
        flips={"ingress[0].description": " ", "egress[0].description": "", "egress[0].protocol": "-1"},
        equivalent={
            f"{mutation} {direction}[0].{name}": "only egress on every protocol is refused, to the world"
            for mutation in ("delete", "flip", "unknown")
            for direction in ("ingress", "egress")
            for name in ("protocol", "fromPort", "toPort", "cidrBlocks[0]")
            if (direction, name) != ("egress", "protocol")
        },
        survives={"delete egress[0].protocol": "the provider refuses a rule without a protocol"},
        extra=(
            Case("every protocol out", (group(egress=[rule(WORLD, 0, "-1")]),), "deny"),
            Case(
                "every protocol out, below confidential",
                (group(egress=[rule(WORLD, 0, "-1")], tags={"data-classification": "internal"}),),
                "pass",
            ),
            Case("every protocol out, tier unknown", (group(egress=[rule(WORLD, 0, "-1")], tags=UNKNOWN),), "unknown"),
            Case("every protocol, not to the world", (group(egress=[rule("10.0.0.0/8", 0, "-1")]),), "pass"),
            Case("egress rule", (egress_rule(ipProtocol="-1", cidrIpv4=WORLD),), "deny"),
            Case("egress rule, IPv6", (egress_rule(ipProtocol="-1", cidrIpv6="::/0"),), "deny"),
            Case("egress rule, range unknown", (egress_rule(ipProtocol="-1", cidrIpv4=UNKNOWN),), "unknown"),
            Case(
                "egress rule without description",
                (egress_rule(ipProtocol="tcp", cidrIpv4="10.0.0.0/8", description=None),),
                "deny",
            ),
            Case("ingress rule of every protocol", (ingress_rule(ipProtocol="-1", cidrIpv4=WORLD),), "pass"),
            Case("older rule", (older_rule(type="egress", protocol="all", cidrBlocks=[WORLD]),), "deny"),
            Case(
                "older rule, direction unknown",
                (older_rule(type=UNKNOWN, protocol="-1", cidrBlocks=[WORLD]),),
                "unknown",
            ),
            Case("no rules", (group(),), "pass"),
            Case("wrong type of a rule", (group("all"),), "deny"),
        ),
    ),
    "NET-03": Spec(
        good=(CLOSED, VPC),
        leaf="ingress",
        bad=[rule()],
        absent="pass",
        extra=(
            Case("not adopted", (VPC,), "deny"),
            Case("of another VPC", (CLOSED.with_props({"vpcId": "vpc-2"}), VPC), "deny"),
            Case("egress", (CLOSED.with_props({"vpcId": "vpc-1", "egress": [rule(WORLD)]}), VPC), "deny"),
            Case("VPC unknown", (CLOSED.with_props({"vpcId": UNKNOWN}), VPC), "unknown"),
            Case("joined by dependency", (depending(vpcId=VPC)(CLOSED.with_props({"vpcId": UNKNOWN})), VPC), "pass"),
            Case("rule added by id", (CLOSED, VPC, ingress_rule(securityGroupId="sg-default")), "deny"),
            Case(
                "rule added by dependency",
                (CLOSED, VPC, depending(securityGroupId=VPC)(ingress_rule(securityGroupId=UNKNOWN))),
                "deny",
            ),
            Case(
                "rule added to the adopted group",
                (CLOSED, VPC, depending(securityGroupId=CLOSED)(egress_rule(securityGroupId=UNKNOWN))),
                "deny",
            ),
            Case("rule of an unknown group", (CLOSED, VPC, ingress_rule(securityGroupId=UNKNOWN)), "unknown"),
            Case("rule of another group", (CLOSED, VPC, group(), ingress_rule()), "pass"),
            Case(
                "rule of another group, by dependency",
                (CLOSED, VPC, depending(securityGroupId=group())(ingress_rule(securityGroupId=UNKNOWN))),
                "pass",
            ),
        ),
    ),
    "NET-04": Spec(
        good=(SUBNET,),
        leaf="mapPublicIpOnLaunch",
        bad=True,
        absent="pass",
        equivalent={"delete mapPublicIpOnLaunch": "false by default"},
        extra=(
            Case("instance", (of_type("ec2/instance:Instance", associatePublicIpAddress=True),), "deny"),
            Case("instance by default", (of_type("ec2/instance:Instance"),), "pass"),
            Case("template", (template("true"),), "deny"),
            Case("template, false", (template("false"),), "pass"),
            Case("template, unknown", (template(UNKNOWN),), "unknown"),
            Case(
                "launch configuration",
                (of_type("ec2/launchConfiguration:LaunchConfiguration", associatePublicIpAddress=True),),
                "deny",
            ),
        ),
    ),
}

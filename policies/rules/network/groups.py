"""NET-01 to NET-03: what security groups let in and out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.ranges import are_world, is_world
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_confidential,
    lacking,
    require,
    weigh,
)
from policies.tokens import aws
from policies.values import Node

GROUP = aws("ec2/securityGroup:SecurityGroup")
GROUP_RULE = aws("ec2/securityGroupRule:SecurityGroupRule")
INGRESS_RULE = aws("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
EGRESS_RULE = aws("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
DEFAULT_GROUP = aws("ec2/defaultSecurityGroup:DefaultSecurityGroup")
VPC = aws("ec2/vpc:Vpc")
LOAD_BALANCER = aws("lb/loadBalancer:LoadBalancer")

_CIDRS = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
_ALL_PROTOCOLS = ("-1", -1, "all")


def _ranges(rule: Node) -> tuple[Node, ...]:
    return tuple(cidr for name in _CIDRS for cidr in rule[name].each() if cidr.value != "")


def _protocol(rule: Node) -> Node:
    """Return the protocol of an inline rule, or of either kind of rule resource."""
    older = rule["protocol"]
    return older if older.value is not None else rule["ipProtocol"]


def _whole(resource: Resource) -> Node:
    """Return a rule resource as a node, as an inline rule is one."""
    return Node(dict(resource.inputs), "")


def _is_ingress(resource: Resource) -> bool | None:
    """Whether a rule resource is about incoming traffic; None while that is not known."""
    if resource.type in GROUP_RULE:
        kind = resource["type"]
        return None if kind.unknown else kind.value != "egress"
    return resource.type in INGRESS_RULE


# NET-01: the world comes in through load balancers only


def _ports_are_listed(rule: Node, settings: Settings) -> bool | None:
    """Whether every port of a TCP or UDP rule is one that load balancers may open."""
    protocol, start, end = _protocol(rule), rule["fromPort"], rule["toPort"]
    if protocol.value in _ALL_PROTOCOLS:
        return False
    if any(node.unknown for node in (protocol, start, end)):
        return None
    if protocol.value not in ("tcp", "udp", "6", "17", 6, 17):
        return False
    whole = all(isinstance(node.value, int) and not isinstance(node.value, bool) for node in (start, end))
    # A range is as long as its listed ports at most: this bounds the loop for 0 to 65535.
    if not whole or not 0 <= end.value - start.value < len(settings.load_balancer_ports):
        return False
    return all(port in settings.load_balancer_ports for port in range(start.value, end.value + 1))


def _ingress_findings(rule: Node, at_load_balancer: bool | None, settings: Settings) -> Findings:
    """Judge one ingress rule. `at_load_balancer`: its group is a load balancer's; None: perhaps."""
    listed = _ports_are_listed(rule, settings)
    every = _protocol(rule).value in _ALL_PROTOCOLS
    for cidr in _ranges(rule):
        if listed and at_load_balancer:
            return
        expected = "the ranges or security groups that call, or a listed port of a load balancer's group"
        what = "every protocol is open to the world" if every else "a port is open to the world"
        excusable = listed is not False and at_load_balancer is not False
        if cidr.unknown:
            yield Undecided(cidr.path)
        elif is_world(cidr.value):
            yield Undecided(cidr.path) if excusable else Violation(cidr.path, what, expected)


def _groups_of_load_balancers(stack: Stack) -> tuple[set[str], set[str]]:
    """Return the URNs of groups that load balancers have, and of those that they may have."""
    certain: set[str] = set()
    possible: set[str] = set()
    for balancer in stack.of(LOAD_BALANCER):
        for node in balancer["securityGroups"].each():
            reference = stack.reference(balancer, node, GROUP)
            targets = {group.urn for group in reference.targets}
            if node.unknown and not targets:
                possible.update(group.urn for group in stack.of(GROUP))
            (certain if reference.certain else possible).update(targets)
    return certain, possible


@dataclass(frozen=True)
class _Opening:
    """One rule for incoming traffic."""

    resource: Resource
    rule: Node
    groups: tuple[str, ...]
    """Where it is: URNs of groups of the stack, else the id of one that is not in it."""
    at_load_balancer: bool | None


def _openings(stack: Stack) -> Iterator[_Opening]:
    certain, possible = _groups_of_load_balancers(stack)

    def at_load_balancer(urns: set[str], *, sure: bool) -> bool | None:
        if sure and urns and urns <= certain:
            return True
        return None if urns & (certain | possible) or not sure else False

    for group in stack.of(GROUP):
        for rule in group["ingress"].each():
            yield _Opening(group, rule, (group.urn,), at_load_balancer({group.urn}, sure=True))
    for resource in stack.of(GROUP_RULE | INGRESS_RULE):
        if _is_ingress(resource) is False:
            continue
        node = resource["securityGroupId"]
        reference = stack.reference(resource, node, GROUP)
        urns = {target.urn for target in reference.targets}
        places = tuple(urns) if reference.certain and urns else (str(node.value),) if not node.unknown else ()
        yield _Opening(resource, _whole(resource), places, at_load_balancer(urns, sure=reference.certain))


def _world_stays_out(stack: Stack, settings: Settings) -> LocatedFindings:
    openings = tuple(_openings(stack))
    for opening in openings:
        findings = _ingress_findings(opening.rule, opening.at_load_balancer, settings)
        unknown_direction = opening.resource.type in GROUP_RULE and _is_ingress(opening.resource) is None
        for finding in _or_malformed(opening.rule, findings):
            undecided = unknown_direction and isinstance(finding, Violation)
            yield opening.resource, Undecided("type") if undecided else finding
    yield from _world_in_parts(openings, settings)


def _world_in_parts(openings: Iterable[_Opening], settings: Settings) -> LocatedFindings:
    """Yield findings for ranges of one group, protocol and ports that are the world together, though none is alone."""
    parts: dict[tuple[object, ...], list[tuple[_Opening, Node]]] = defaultdict(list)
    for opening in openings:
        rule = opening.rule
        ports = tuple(str(node.value) for node in (_protocol(rule), rule["fromPort"], rule["toPort"]))
        for cidr in _ranges(rule):
            if isinstance(cidr.value, str) and not is_world(cidr.value):
                for group in opening.groups:
                    parts[group, *ports].append((opening, cidr))
    for found in parts.values():
        opening, cidr = found[-1]
        listed = _ports_are_listed(opening.rule, settings)
        if not are_world(node.value for _, node in found) or (listed and opening.at_load_balancer):
            continue
        excusable = listed is not False and opening.at_load_balancer is not False
        what = "the ranges of the group are the world, taken together"
        expected = "the ranges or security groups that call"
        yield opening.resource, Undecided(cidr.path) if excusable else Violation(cidr.path, what, expected)


def _or_malformed(rule: Node, findings: Findings) -> Findings:
    """Yield what is found in an inline rule, or that it is none."""
    if not rule.unknown and not isinstance(rule.value, dict):
        yield Violation(rule.path, "the rule cannot be read", "a map with protocol, ports and ranges")
    else:
        yield from weigh(findings)


# NET-02: what may reach the world, and why


def _describes(rule: Node) -> Findings:
    described = rule["description"]
    yield from require(
        described, lambda v: isinstance(v, str) and bool(v.strip()), "the rule has no description", "why it is needed"
    )


def _egress_findings(rule: Node, confidential: bool | None) -> Findings:
    protocol = _protocol(rule)
    if confidential is False or not (protocol.unknown or protocol.value in _ALL_PROTOCOLS):
        return
    for cidr in _ranges(rule):
        if cidr.unknown:
            yield Undecided(cidr.path)
        elif is_world(cidr.value) and (protocol.unknown or confidential is None):
            yield Undecided(protocol.path if protocol.unknown else "tags")
        elif is_world(cidr.value):
            yield Violation(
                protocol.path, "every protocol may leave to the world", "the protocols, ports and ranges in use"
            )


def _egress_is_narrow_and_rules_say_why(resource: Resource, settings: Settings) -> Findings:
    if resource.type in GROUP:
        confidential = is_confidential(resource, settings)
        for rule in (*resource["ingress"].each(), *resource["egress"].each()):
            yield from _or_malformed(rule, _describes(rule))
        for rule in resource["egress"].each():
            yield from _egress_findings(rule, confidential)
        return
    yield from _describes(_whole(resource))
    if _is_ingress(resource) is not True:
        # Most rule resources take no tags: their tier is the default one.
        confidential = settings.at_least(settings.default_tier, "confidential")
        findings = weigh(_egress_findings(_whole(resource), confidential))
        unknown = resource.type in GROUP_RULE and resource["type"].unknown
        yield from (Undecided("type") if unknown else finding for finding in findings)


# NET-03: the default group


def _default_group_is_closed(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for vpc in stack.of(VPC):
        groups = stack.companions(vpc, DEFAULT_GROUP, "vpcId", ("id",))
        for group in groups.certain:
            for direction in ("ingress", "egress"):
                closed = require(group[direction], lambda v: v in (None, []), "the default group has rules", "none")
                yield from ((group, finding) for finding in closed)
        if not groups.certain:
            expected = "an ec2.DefaultSecurityGroup for it, without rules"
            missing = Violation("", "the VPC's default security group is not closed", expected, companion=True)
            yield from lacking(vpc, groups.possible, missing)
    identities = {id_ for vpc in stack.of(VPC) if (id_ := vpc.known("defaultSecurityGroupId"))}
    for resource in stack.of(GROUP_RULE | INGRESS_RULE | EGRESS_RULE):
        node = resource["securityGroupId"]
        # A group id that comes from a VPC can only be that of its default group.
        of_vpc = stack.depended_on(resource, node.root, DEFAULT_GROUP | VPC)
        of_group = stack.depended_on(resource, node.root, GROUP)
        refers = stack.reference(resource, node, DEFAULT_GROUP).targets
        known = isinstance(node.value, str) and node.value in identities
        if refers or known or (node.unknown and of_vpc and not of_group):
            yield resource, Violation(node.path, "a rule is added to the VPC's default group", "a group of its own")
        elif node.unknown and not of_group:
            yield resource, Undecided(node.path)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="NET-01",
        requirement="The world reaches load balancers only, on listed ports.",
        why="What the world reaches is scanned within minutes; administration ports are tried first.",
        fix="ingress from source_security_group_id or cidr_blocks=[vpc_cidr] instead of 0.0.0.0/0 and ::/0",
        types=GROUP | GROUP_RULE | INGRESS_RULE,
        joins=LOAD_BALANCER,
        severity=Severity.CRITICAL,
        controls=("F:EC2.13", "C7:6.3", "C7:6.4", "800-53 SC-7"),
        check=_world_stays_out,
    ),
    ResourceRule(
        id="NET-02",
        requirement="Egress names its protocols, and every rule of a group says why it is there.",
        why="Whoever is inside can send data anywhere, and a rule that nobody can explain is never removed.",
        fix='egress with protocol="tcp", from_port=443, to_port=443 and description="..."',
        types=GROUP | GROUP_RULE | INGRESS_RULE | EGRESS_RULE,
        severity=Severity.MEDIUM,
        controls=(),
        check=_egress_is_narrow_and_rules_say_why,
    ),
    StackRule(
        id="NET-03",
        requirement="The default security group of every VPC is adopted and has no rules.",
        why="What names no group gets this one, and everything in it reaches everything else.",
        fix="ec2.DefaultSecurityGroup(vpc_id=vpc.id)",
        types=VPC | GROUP_RULE | INGRESS_RULE | EGRESS_RULE,
        joins=DEFAULT_GROUP | GROUP,
        severity=Severity.MEDIUM,
        controls=("F:EC2.2", "C7:6.5", "800-53 SC-7/AC-4"),
        check=_default_group_is_closed,
    ),
)

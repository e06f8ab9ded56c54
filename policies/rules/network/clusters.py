"""NET-05 and NET-06: who reaches the cluster's API server, and its nodes."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.ranges import are_world, is_world
from policies.repair import is_known, put, switch_on
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_true,
    weigh,
)
from policies.rules.network.subnets import ROUTING, SUBNET, are_private
from policies.tokens import aws

CLUSTER, NODE_GROUP = aws("eks/cluster:Cluster"), aws("eks/nodeGroup:NodeGroup")
GROUP = aws("ec2/securityGroup:SecurityGroup")


def _api_server_is_private(resource: Resource, settings: Settings) -> Findings:
    del settings
    network = resource["vpcConfig"]
    yield from is_true(network["endpointPrivateAccess"], "nodes reach the API server over the internet")
    public, ranges = network["endpointPublicAccess"], network["publicAccessCidrs"]
    if public.value is False:
        return
    allowed = ranges.each()
    unknown = next((cidr for cidr in allowed if cidr.unknown), None)
    known = [cidr.value for cidr in allowed if not cidr.unknown]
    if not allowed or are_world(known):
        expected = "endpointPublicAccess false, or the ranges that call"
        # Without ranges the world may call; with one that is not known yet, whoever it turns out to be.
        path = next((cidr.path for cidr in allowed if not cidr.unknown and is_world(cidr.value)), ranges.path)
        violation = Violation(path, "the world reaches the API server", expected)
        yield Undecided(public.path) if public.unknown else violation
    elif unknown:
        yield Undecided(unknown.path)


def _close_the_api_server(props: Any) -> bool:
    network = props.get("vpcConfig")
    if not isinstance(network, Mapping):
        return False
    opened = switch_on(network, "endpointPrivateAccess")
    ranges = network.get("publicAccessCidrs")
    listed = [] if ranges is None else [ranges] if isinstance(ranges, str) else list(ranges)
    if not all(is_known(cidr) for cidr in listed):
        return opened  # whether the world is among the ranges shows later
    closed = bool(not listed or are_world(listed)) and put(
        network, "endpointPublicAccess", False, unless=lambda value: value is False
    )
    return opened or closed


def _nodes_are_private(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for group in stack.of(NODE_GROUP):
        findings = (*are_private(stack, group, group["subnetIds"]), *_shell_access_is_narrow(group))
        yield from ((group, finding) for finding in weigh(findings))


def _shell_access_is_narrow(group: Resource) -> Findings:
    remote = group["remoteAccess"]
    if remote.value in (None, {}):
        return
    sources = remote["sourceSecurityGroupIds"]
    entries = sources.each()
    if any(isinstance(entry.value, str) and entry.value for entry in entries):
        return
    unknown = next((entry for entry in entries if entry.unknown), None)
    if unknown:
        yield Undecided(unknown.path, frozenset() if unknown.inherited else GROUP)
    else:
        what = "the world reaches port 22 of the nodes"
        yield Violation(sources.path, what, "the security groups that call, or no remoteAccess")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="NET-05",
        requirement="The API server is reached from the VPC, and from the internet by listed ranges only.",
        why="A leaked token works from anywhere when the API server answers everywhere.",
        fix='vpc_config={"endpoint_private_access": True, "endpoint_public_access": False, ...}',
        types=CLUSTER,
        severity=Severity.CRITICAL,
        controls=("F:EKS.1", "AISF-RUNTIME-01", "EKS-5.4.1", "EKS-5.4.2"),
        check=_api_server_is_private,
        remediate=_close_the_api_server,
    ),
    StackRule(
        id="NET-06",
        requirement="Nodes are in private subnets, and who may log in to them is named.",
        why="Nodes hold every workload's credentials, and need to be called by nobody from outside.",
        fix="eks.NodeGroup(..., subnet_ids=private_subnet_ids) without remote_access",
        types=NODE_GROUP,
        joins=SUBNET | ROUTING,
        severity=Severity.HIGH,
        controls=("AISF-RUNTIME-01", "EKS-5.4.3"),
        check=_nodes_are_private,
    ),
)

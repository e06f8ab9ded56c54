"""NET-07: endpoints of AWS services in a VPC that runs machine learning."""

from collections.abc import Iterable, Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import LocatedFindings, Rule, StackRule, Undecided, Violation
from policies.rules.network.subnets import SUBNET, VPC
from policies.tokens import aws
from policies.values import Node

ENDPOINT = aws("ec2/vpcEndpoint:VpcEndpoint")
SERVICES = ("s3", "ecr.api", "ecr.dkr", "sts", "logs", "kms", "secretsmanager")
SAGEMAKER_SERVICES = ("sagemaker.api", "sagemaker.runtime")
_SUBNETS = {
    "aws:eks/cluster:Cluster": ("vpcConfig", "subnetIds"),
    "aws:eks/nodeGroup:NodeGroup": ("subnetIds",),
    "aws:sagemaker/domain:Domain": ("subnetIds",),
    "aws:sagemaker/model:Model": ("vpcConfig", "subnets"),
    "aws:sagemaker/notebookInstance:NotebookInstance": ("subnetId",),
    "aws:sagemaker/trainingJob:TrainingJob": ("vpcConfig", "subnets"),
}
"""What runs machine learning, and where it names its subnets."""
HOSTED = frozenset(_SUBNETS)
SAGEMAKER = frozenset(token for token in HOSTED if token.startswith("aws:sagemaker/")) | aws(
    "sagemaker/endpoint:Endpoint",
    "sagemaker/endpointConfiguration:EndpointConfiguration",
    "sagemaker/featureGroup:FeatureGroup",
    "sagemaker/pipeline:Pipeline",
)


def _subnets_of(resource: Resource) -> tuple[Node, ...]:
    node = Node(dict(resource.inputs), "")
    for step in _SUBNETS[resource.type]:
        node = node[step]
    return node.each()


def _hosts(stack: Stack) -> tuple[set[str], set[str]]:
    """Return the URNs of VPCs in which machine learning runs, and of those in which it may."""
    certain: set[str] = set()
    possible: set[str] = set()
    for resource in stack.of(HOSTED):
        for node in _subnets_of(resource):
            subnets = stack.reference(resource, node, SUBNET)
            if node.unknown and not subnets.targets:
                possible.update(vpc.urn for vpc in stack.of(VPC))
            for subnet in subnets.targets:
                vpcs = stack.reference(subnet, subnet["vpcId"], VPC, ("id",))
                if subnet["vpcId"].unknown and not vpcs.targets:
                    possible.update(vpc.urn for vpc in stack.of(VPC))
                sure = subnets.certain and vpcs.certain
                (certain if sure else possible).update(vpc.urn for vpc in vpcs.targets)
    return certain, possible - certain


def _has_endpoint(names: Iterable[str], service: str) -> bool:
    """Whether one of some names of endpoints, such as com.amazonaws.eu-west-1.kms-fips, is of a service."""
    return any(name.removesuffix("-fips").endswith(f".{service}") for name in names)


def _missing(stack: Stack, vpc: Resource, wanted: tuple[str, ...]) -> Iterator[tuple[list[str], bool]]:
    """Yield the services without endpoint, and whether that is certain."""
    endpoints = stack.companions(vpc, ENDPOINT, "vpcId", ("id",))
    names = [endpoint["serviceName"] for endpoint in endpoints.certain]
    known = [name.value for name in names if isinstance(name.value, str)]
    if missing := [service for service in wanted if not _has_endpoint(known, service)]:
        perhaps = any(name.unknown for name in names) or bool(endpoints.possible)
        yield missing, not perhaps


def _services_are_reached_inside(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    certain, possible = _hosts(stack)
    wanted = SERVICES + (SAGEMAKER_SERVICES if stack.of(SAGEMAKER) else ())
    for vpc in stack.of(VPC):
        if vpc.urn not in certain | possible:
            continue
        for missing, sure in _missing(stack, vpc, wanted):
            what = f"machine learning runs in it, and the way to {', '.join(missing)} is the internet"
            violation = Violation("", what, "an ec2.VpcEndpoint for each", companion=True)
            yield vpc, violation if sure and vpc.urn in certain else Undecided("")


RULES: tuple[Rule, ...] = (
    StackRule(
        id="NET-07",
        requirement="A VPC that runs machine learning has endpoints for the services that this needs.",
        why="Otherwise data and images travel over public addresses, and no endpoint policy can hold them back.",
        fix='ec2.VpcEndpoint(vpc_id=vpc.id, service_name=f"com.amazonaws.{region}.kms", '
        'vpc_endpoint_type="Interface", ...), and so on',
        types=VPC,
        joins=ENDPOINT | SUBNET | HOSTED | SAGEMAKER,
        severity=Severity.MEDIUM,
        controls=("F:EC2.10", "AISF-INFRA-08", "C7:6.8"),
        check=_services_are_reached_inside,
    ),
)

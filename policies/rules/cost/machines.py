"""CST-02 and CST-04: machines of the kinds and in the numbers that the environment is meant to have."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.labels import carries, tag
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_set,
    require,
)
from policies.tokens import aws
from policies.values import Node

INSTANCE, DATABASE = aws("ec2/instance:Instance"), aws("rds/instance:Instance")
NODE_GROUP = aws("eks/nodeGroup:NodeGroup")
NOTEBOOK = aws("sagemaker/notebookInstance:NotebookInstance")
TRAINING = aws("sagemaker/trainingJob:TrainingJob")
ENDPOINT = aws("sagemaker/endpointConfiguration:EndpointConfiguration")
NAT = aws("ec2/natGateway:NatGateway")
_ONE = Node(1, "")
_EKS_DEFAULT = "t3.medium"  # what EKS takes for a group without types and without a launch template


@dataclass(frozen=True)
class _Machines:
    """Machines of one type."""

    type: Node
    count: Node


def _machines(resource: Resource) -> Iterator[_Machines]:
    if resource.type in NODE_GROUP:
        most, types = resource["scalingConfig"]["maxSize"], resource["instanceTypes"]
        if types.value in (None, []):
            known = None if resource["launchTemplate"].value is not None else _EKS_DEFAULT
            yield _Machines(Node(known, types.path), most)
        yield from (_Machines(type_, most) for type_ in types.each())
    elif resource.type in TRAINING:
        config = resource["resourceConfig"]
        groups = config["instanceGroups"]
        for part in (config,) if groups.value is None else groups.each():
            yield _Machines(part["instanceType"], part["instanceCount"])
    elif resource.type in ENDPOINT:
        for variant in resource["productionVariants"].each():
            if not variant["serverlessConfig"].is_set:
                yield _Machines(variant["instanceType"], variant["initialInstanceCount"])
    else:
        yield _Machines(resource["instanceClass" if resource.type in DATABASE else "instanceType"], _ONE)


def _family(type_: str) -> str:
    """Return the family of an instance type: ml.g5 for ml.g5.xlarge."""
    return type_.rpartition(".")[0]


def _is_gpu(type_: str, settings: Settings) -> bool:
    family = _family(type_).removeprefix("ml.").removeprefix("db.")
    return any(fnmatchcase(family, pattern) for pattern in settings.gpu_families)


def _few(count: Node, most: int, what: str) -> Findings:
    def good(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most

    yield from require(count, good, what, f"{most} at most")


def _machines_are_allowed(resource: Resource, settings: Settings) -> Findings:
    gpus = False
    for machines in _machines(resource):
        if machines.type.unknown:
            yield Undecided(machines.type.path)
            continue
        type_ = machines.type.value
        if not isinstance(type_, str) or not _family(type_):
            yield Violation(machines.type.path, "the type of the machines is not stated", "a type such as m7g.large")
            continue
        limits = [most for family, most in settings.instance_limits if fnmatchcase(_family(type_), family)]
        if not limits:
            allowed = ", ".join(family for family, _ in settings.instance_limits) or "none"
            yield Violation(machines.type.path, "machines of this family are not meant for here", f"one of {allowed}")
            continue
        yield from _few(machines.count, max(limits), "there may be more machines of the family than are meant for here")
        gpus |= _is_gpu(type_, settings)
    if gpus:
        yield from is_set(tag(resource, settings.gpu_approval_tag), "nobody approved the use of GPUs", "who did")


def _few_gateways_and_nodes(stack: Stack, settings: Settings) -> LocatedFindings:
    if settings.production:
        return
    gateways = sorted(stack.of(NAT), key=lambda gateway: gateway.urn)
    for gateway in gateways[settings.nat_gateways :]:
        yield gateway, Violation("", "there are more NAT gateways than needed", f"{settings.nat_gateways} at most")
    for group in stack.of(NODE_GROUP):
        yield from ((group, finding) for finding in _node_group(group, settings))


def _node_group(group: Resource, settings: Settings) -> Findings:
    yield from _few(group["scalingConfig"]["maxSize"], settings.node_group_max_size, "the group may grow far")
    answers = [carries(group["labels"], label) for label in settings.training_node_labels]
    spot = tuple(
        require(group["capacityType"], lambda v: v == "SPOT", "training pays the full price", "capacityType SPOT")
    )
    if True in answers:
        yield from spot
    elif None in answers and spot:
        yield Undecided("labels")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="CST-02",
        requirement="Machines are of the families and in the numbers that the environment allows, GPUs with approval.",
        why="The largest machine is one typing error away.",
        fix='instance_types=["m7g.large"], scaling_config={"max_size": 4}; GPUs: tags={"gpu-approval": ...}',
        types=INSTANCE | NODE_GROUP | DATABASE | NOTEBOOK | TRAINING | ENDPOINT,
        severity=Severity.HIGH,
        controls=(),
        check=_machines_are_allowed,
    ),
    StackRule(
        id="CST-04",
        requirement="Outside production NAT gateways are few, node groups are small, and training uses spot capacity.",
        why="Environments that nobody's customers use should not cost what production does.",
        fix='one ec2.NatGateway; eks.NodeGroup(scaling_config={"max_size": 4}, capacity_type="SPOT")',
        types=NAT | NODE_GROUP,
        joins=frozenset(),
        severity=Severity.MEDIUM,
        controls=(),
        check=_few_gateways_and_nodes,
    ),
)

"""MLG-05 to MLG-07: pipelines that ask before they release, notebooks and jobs that are shut in."""

import json
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, is_cmk, is_set, is_true, require
from policies.tokens import aws
from policies.values import Node, plain

PIPELINE = aws("sagemaker/pipeline:Pipeline")
NOTEBOOK, DOMAIN = aws("sagemaker/notebookInstance:NotebookInstance"), aws("sagemaker/domain:Domain")
MODEL, TRAINING = aws("sagemaker/model:Model"), aws("sagemaker/trainingJob:TrainingJob")
SUBNETS, GROUPS = aws("ec2/subnet:Subnet"), aws("ec2/securityGroup:SecurityGroup")
PENDING = "PendingManualApproval"


# MLG-05: pipelines


def _asks_before_release(resource: Resource, settings: Settings) -> Findings:
    del settings
    node = resource["pipelineDefinition"]
    if node.unknown:
        yield Undecided(node.path)
        return
    definition = _definition(node)
    if definition is None:
        yield Violation(node.path, "the pipeline cannot be read", "its definition as JSON, here and not in S3")
        return
    parameters = {
        entry["Name"].value: entry for entry in definition["Parameters"].each() if isinstance(entry["Name"].value, str)
    }
    for step in _steps(definition["Steps"]):
        yield from require(step["Type"], lambda value: isinstance(value, str), "a step cannot be read", "its Type")
        if step["Type"].value == "RegisterModel":
            status = step["Arguments"]["ModelApprovalStatus"]
            reference = status["Get"].value if isinstance(status.value, dict) else None
            if isinstance(reference, str):
                name = reference.removeprefix("Parameters.")
                status = parameters.get(name, Node(None, status.path))["DefaultValue"]
            what = "a model is registered as approved, or as the one who starts the pipeline says"
            yield from require(status, lambda value: value == PENDING, what, PENDING)


def _definition(node: Node) -> Node | None:
    """Return the definition as a map, or None where it is none or its steps are no list."""
    value = node.value
    try:
        parsed = plain(json.loads(value)) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    return Node(parsed, node.path) if isinstance(parsed, dict) and isinstance(parsed.get("Steps"), list) else None


def _steps(steps: Node) -> Iterator[Node]:
    """Yield every step, those of the branches of conditions included."""
    left = [steps]
    while left:
        for step in left.pop().each():
            yield step
            if isinstance(step.value, dict):
                left += [step["Arguments"][branch] for branch in ("IfSteps", "ElseSteps")]


# MLG-06: notebooks and domains


def _is_shut_in(resource: Resource, settings: Settings) -> Findings:
    del settings
    key = "what is kept in it is not encrypted with a customer managed key"
    if resource.type in DOMAIN:
        network = resource["appNetworkAccessType"]
        yield from require(network, lambda value: value == "VpcOnly", "apps reach the internet", "VpcOnly")
        yield from is_cmk(resource["kmsKeyId"], key)
        return
    for name, what in (
        ("directInternetAccess", "the notebook reaches the internet past the VPC"),
        ("rootAccess", "users of the notebook are root"),
    ):
        yield from require(resource[name], lambda value: value == "Disabled", what, "Disabled")
    yield from is_set(resource["subnetId"], "the notebook is in no VPC", "the id of a private subnet", SUBNETS)
    yield from is_cmk(resource["kmsKeyId"], key)


def _take_root_away(props: Any) -> bool:
    # The only one of the four that a live notebook can change.
    if props.get("rootAccess") != "Enabled":
        return False
    props["rootAccess"] = "Disabled"
    return True


# MLG-07: models and training jobs


def _is_isolated(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from is_true(resource["enableNetworkIsolation"], "its containers reach the network")
    for name, types in (("subnets", SUBNETS), ("securityGroupIds", GROUPS)):
        node = resource["vpcConfig"][name]
        if not node.each():
            yield Violation(node.path, "it runs in no VPC of the account", "ids of private subnets and of their groups")
        for entry in node.each():
            yield from is_set(entry, "it runs in no VPC of the account", "an id", types)
    if resource.type in TRAINING:
        traffic = resource["enableInterContainerTrafficEncryption"]
        yield from is_true(traffic, "traffic between its machines is in the clear")
        volume, output = resource["resourceConfig"]["volumeKmsKeyId"], resource["outputDataConfig"]["kmsKeyId"]
        yield from is_cmk(volume, "its volumes are not encrypted with a customer managed key")
        yield from is_cmk(output, "its output is not encrypted with a customer managed key")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="MLG-05",
        requirement="A pipeline registers a model as waiting for approval.",
        why="A model that approves itself makes the approval a formality.",
        fix='"ModelApprovalStatus": "PendingManualApproval" in the arguments of the RegisterModel step',
        types=PIPELINE,
        severity=Severity.HIGH,
        controls=("AIA-14", "ISO42-A.6.2.4"),
        check=_asks_before_release,
    ),
    ResourceRule(
        id="MLG-06",
        requirement="A notebook or domain reaches the network through the VPC only, gives no root, and is encrypted.",
        why="A notebook has a person's access to data, and with open internet a way out for it.",
        fix='sagemaker.NotebookInstance(direct_internet_access="Disabled", root_access="Disabled", subnet_id=..., '
        'kms_key_id=key.arn); sagemaker.Domain(app_network_access_type="VpcOnly", kms_key_id=key.arn)',
        types=NOTEBOOK | DOMAIN,
        severity=Severity.HIGH,
        controls=("F:SageMaker.1", "F:SageMaker.3", "F:SageMaker.2", "800-53 SC-7/SC-28", "AISF-ML-02"),
        check=_is_shut_in,
        remediate=_take_root_away,
    ),
    ResourceRule(
        id="MLG-07",
        requirement="A model or training job runs isolated in the VPC, and a job encrypts all that it keeps and sends.",
        why="Training code comes from many hands, reads all of the data, and has no reason to call anywhere.",
        fix="enable_network_isolation=True, vpc_config={...}; a job: enable_inter_container_traffic_encryption=True, "
        "volume_kms_key_id and kms_key_id",
        types=MODEL | TRAINING,
        severity=Severity.HIGH,
        controls=("F:SageMaker.5", "AISF-ML-01"),
        check=_is_isolated,
    ),
)

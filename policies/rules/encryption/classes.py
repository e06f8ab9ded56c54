"""ENC-25: volumes that Kubernetes makes."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Finding, Findings, ResourceRule, Rule, Undecided, Violation, require, weigh
from policies.rules.encryption.references import names_key
from policies.tokens import kubernetes, with_forms
from policies.values import Node
from policies.workloads import objects

STORAGE_CLASS = with_forms(kubernetes("storage.k8s.io/v1:StorageClass"))
# The driver, the one that EKS Auto Mode brings, and the name before there were drivers, which Kubernetes translates.
EBS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")


def _claims_are_encrypted(resource: Resource, settings: Settings) -> Findings:
    for storage_class in objects(resource):
        yield from _class_findings(storage_class, settings)


def _class_findings(storage_class: Node, settings: Settings) -> Findings:
    provisioner = storage_class["provisioner"]
    if isinstance(provisioner.value, str) and provisioner.value not in EBS:
        return
    findings = weigh(_parameter_findings(storage_class["parameters"], settings))
    # Another driver may have parameters of its own: what they lack decides once it is known that it is not this one.
    unknown = provisioner.unknown and any(isinstance(finding, Violation) for finding in findings)
    yield from (Undecided(provisioner.path),) if unknown else findings


def _parameter_findings(parameters: Node, settings: Settings) -> Iterator[Finding]:
    what = "volumes are not encrypted"
    yield from require(parameters["encrypted"], lambda v: v == "true", what, 'the text "true"')
    if settings.storage_class_names_key:
        yield from names_key(parameters["kmsKeyId"], "volumes are encrypted with no key of yours")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-25",
        requirement="A storage class of EBS volumes encrypts them with a key that it names.",
        why="Volumes that pods ask for are made by the class: what it leaves out, every one of them lacks.",
        fix='storage.v1.StorageClass(..., parameters={"encrypted": "true", "kmsKeyId": key.arn}): a new class, '
        "parameters are immutable",
        types=STORAGE_CLASS,
        severity=Severity.HIGH,
        controls=("800-53 SC-28",),
        check=_claims_are_encrypted,
    ),
)

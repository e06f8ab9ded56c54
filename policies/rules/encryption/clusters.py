"""ENC-09 and ENC-10: secrets of clusters, and container images."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.rules.encryption.references import names_key
from policies.tokens import aws

CLUSTER = aws("eks/cluster:Cluster")
REPOSITORY = aws("ecr/repository:Repository")
KMS_TYPES = ("KMS", "KMS_DSSE")


def _secrets_are_encrypted(resource: Resource, settings: Settings) -> Findings:
    del settings
    encryption = resource["encryptionConfig"]
    resources = encryption["resources"]
    kinds = resources.each()
    if not any(kind.value == "secrets" for kind in kinds):
        unknown = next((kind for kind in kinds if kind.unknown), None)
        if unknown:
            yield Undecided(unknown.path)
        else:
            yield Violation(resources.path, "Kubernetes secrets are not encrypted with a key of yours", '["secrets"]')
    yield from names_key(encryption["provider"]["keyArn"], "Kubernetes secrets are encrypted with no key of yours")


def _images_are_encrypted_with_kms(resource: Resource, settings: Settings) -> Findings:
    del settings
    configurations = resource["encryptionConfigurations"]
    if not configurations.each():
        expected = "one entry with encryptionType KMS"
        yield Violation(configurations.path, "images are not encrypted with KMS", expected)
    for configuration in configurations.each():
        kind = configuration["encryptionType"]
        yield from require(kind, lambda v: v in KMS_TYPES, "images are not encrypted with KMS", "KMS")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-09",
        requirement="A cluster encrypts Kubernetes secrets with a key that it names.",
        why="Secrets of a cluster lie in etcd; without a key of ours its backups and whoever runs it can read them.",
        fix='eks.Cluster(..., encryption_config={"resources": ["secrets"], "provider": {"key_arn": key.arn}})',
        types=CLUSTER,
        severity=Severity.CRITICAL,
        controls=("F:EKS.3", "AISF-INFRA-05", "EKS-5.3.1"),
        check=_secrets_are_encrypted,
    ),
    ResourceRule(
        id="ENC-10",
        requirement="A repository encrypts its images with KMS.",
        why="Images hold code and often more than was meant; a key of ours decides who reads them at rest.",
        fix='ecr.Repository(..., encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}]): a new '
        "repository, the setting is immutable",
        types=REPOSITORY,
        severity=Severity.MEDIUM,
        controls=(),
        check=_images_are_encrypted_with_kms,
    ),
)

"""ENC-11 and ENC-12: block storage of machines."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import (
    Finding,
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_cmk,
    is_confidential,
    require,
    weigh,
)
from policies.tokens import aws
from policies.values import Node

VOLUME = aws("ebs/volume:Volume", "ebs/snapshotCopy:SnapshotCopy")
INSTANCE = aws("ec2/instance:Instance")
LAUNCH_TEMPLATE = aws("ec2/launchTemplate:LaunchTemplate")
LAUNCH_CONFIGURATION = aws("ec2/launchConfiguration:LaunchConfiguration")
ENCRYPTION_BY_DEFAULT = aws("ebs/encryptionByDefault:EncryptionByDefault")


def _maps_no_storage(mapping: Node) -> bool:
    """Whether an entry of block devices takes a device away, or maps storage that the host itself has."""
    if mapping["ebs"].value is not None or not isinstance(mapping.value, dict):
        return False
    return mapping["noDevice"].is_set or mapping["virtualName"].is_set


def _block_devices(resource: Resource) -> tuple[tuple[Node, ...], Findings]:
    """Return the volumes that a resource describes, and what is missing of them."""
    if resource.type in VOLUME:
        return (Node(dict(resource.inputs), ""),), iter(())
    if resource.type in LAUNCH_TEMPLATE:
        mappings = [m for m in resource["blockDeviceMappings"].each() if not _maps_no_storage(m)]
        missing = () if mappings else (_unmapped("blockDeviceMappings", "a mapping with ebs, encrypted"),)
        return tuple(m["ebs"] for m in mappings), iter(missing)
    root = resource["rootBlockDevice"]
    others = tuple(d for d in resource["ebsBlockDevices"].each() if not _maps_no_storage(d))
    if root.value is not None:
        return (root, *others), iter(())
    return others, _root_is_elsewhere(resource["launchTemplate"], root.path)


def _root_is_elsewhere(template: Node, path: str) -> Findings:
    """Yield a finding unless a launch template describes the root device."""
    if template.unknown:
        yield Undecided(template.path)
    elif not (isinstance(template.value, dict) and template.is_set):
        yield _unmapped(path, "root_block_device with encrypted, or a launch template that says so")


def _unmapped(path: str, expected: str) -> Violation:
    return Violation(path, "the image alone decides whether its volumes are encrypted", expected)


def _volumes_are_encrypted(resource: Resource, settings: Settings) -> Findings:
    devices, missing = _block_devices(resource)
    yield from missing
    allowed = (True, "true") if resource.type in LAUNCH_TEMPLATE else (True,)  # there the schema has it as a string
    keys: list[Finding] = []
    for device in devices:
        yield from require(device["encrypted"], lambda v: v in allowed, "the volume is not encrypted", "true")
        keys += is_cmk(device["kmsKeyId"], "the volume is not encrypted with a customer managed key")
    confidential = is_confidential(resource, settings)
    if confidential is None and any(isinstance(key, Violation) for key in weigh(keys)):
        yield Undecided("tags")
    elif confidential is not False:
        yield from keys


def _account_encrypts_by_default(stack: Stack, settings: Settings) -> LocatedFindings:
    if not settings.account_layer:
        return
    declared = stack.of(ENCRYPTION_BY_DEFAULT)
    if not declared:
        missing = "an ebs.EncryptionByDefault"
        yield None, Violation("", "new volumes of the account are not encrypted by default", missing, companion=True)
    for resource in declared:
        yield from _located(resource, _default_is_on(resource))


def _default_is_on(resource: Resource) -> Findings:
    what = "new volumes of the account are not encrypted by default"
    return require(resource["enabled"], lambda v: v is None or v is True, what, "true, or absent")


def _located(resource: Resource, findings: Findings) -> Iterator[tuple[Resource, Finding]]:
    yield from ((resource, finding) for finding in findings)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-11",
        requirement="Every volume is encrypted, one with confidential data with a customer managed key.",
        why="A detached volume or a shared snapshot without encryption can be read by whoever attaches it.",
        fix='root_block_device={"encrypted": True, "kms_key_id": key.arn}, and so on for every device: a new volume, '
        "the setting is immutable",
        types=VOLUME | INSTANCE | LAUNCH_TEMPLATE | LAUNCH_CONFIGURATION,
        severity=Severity.HIGH,
        controls=("F:EC2.3", "800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_volumes_are_encrypted,
    ),
    StackRule(
        id="ENC-12",
        requirement="The account layer has new volumes encrypted by default.",
        why="A volume that somebody makes by hand is then encrypted as well.",
        fix="ebs.EncryptionByDefault(enabled=True)",
        types=ENCRYPTION_BY_DEFAULT,
        joins=frozenset(),
        severity=Severity.HIGH,
        controls=("F:EC2.7", "C7:6.1.1", "800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_account_encrypts_by_default,
    ),
)

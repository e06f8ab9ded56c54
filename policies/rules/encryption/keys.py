"""ENC-07 and ENC-08: the keys."""

from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.repair import put, switch_on, switch_on_again
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, is_true, require
from policies.tokens import aws

KEY = aws("kms/key:Key")
LONGEST_WINDOW_DAYS = 30
"""The longest that KMS takes."""


_ROTATED = {
    "keyUsage": "ENCRYPT_DECRYPT",
    "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "customKeyStoreId": "",
    "xksKeyId": "",
}
"""What a key is that KMS can rotate: symmetric, with material that KMS made itself. Absent counts as this value."""


def _key_rotates(resource: Resource, settings: Settings) -> Findings:
    del settings
    findings = list(is_true(resource["enableKeyRotation"], "the key material is never replaced"))
    kinds = [(resource[name], ordinary) for name, ordinary in _ROTATED.items()]
    if any(isinstance(node.value, str) and node.value not in ("", ordinary) for node, ordinary in kinds):
        return
    unknown = [node for node, _ in kinds if node.unknown]
    if findings and unknown:
        yield Undecided(unknown[0].path)
    else:
        yield from findings


def _key_is_hard_to_lose(resource: Resource, settings: Settings) -> Findings:
    days = settings.key_deletion_window_days

    def long_enough(value: object) -> bool:
        return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= days)

    window = resource["deletionWindowInDays"]
    yield from require(window, long_enough, "a deleted key is gone too soon", f"{days} days or more, or absent for 30")
    yield from require(
        resource["isEnabled"], lambda v: v is None or v is True, "the key is disabled", "true, or absent"
    )
    if not resource.protect:
        yield Violation("opts.protect", "the key can be deleted", "the resource option protect=True")


def _rotate(props: Any) -> bool:
    return switch_on(props, "enableKeyRotation")


def _make_it_harder_to_lose(props: Any, settings: Settings) -> bool:
    def long_enough(value: Any) -> bool:
        return value is None or (isinstance(value, int | float) and value >= settings.key_deletion_window_days)

    longer = put(props, "deletionWindowInDays", LONGEST_WINDOW_DAYS, unless=long_enough)
    return switch_on_again(props, "isEnabled") or longer


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-07",
        requirement="A symmetric key is rotated.",
        why="The longer key material is used, the more data one leak of it opens.",
        fix="kms.Key(..., enable_key_rotation=True)",
        types=KEY,
        severity=Severity.HIGH,
        controls=("F:KMS.4", "C7:4.6", "800-53 SC-12", "AISF-INFRA-07"),
        check=_key_rotates,
        remediate=_rotate,
    ),
    ResourceRule(
        id="ENC-08",
        requirement="A key is enabled, protected, and deleted only after a long wait.",
        why="Data under a deleted key is lost for good; the wait is the time in which somebody notices.",
        fix="kms.Key(..., deletion_window_in_days=30, opts=pulumi.ResourceOptions(protect=True))",
        types=KEY,
        severity=Severity.MEDIUM,
        controls=("F:KMS.3", "AISF-INFRA-07"),
        check=_key_is_hard_to_lose,
        remediate_as_set=_make_it_harder_to_lose,
    ),
)

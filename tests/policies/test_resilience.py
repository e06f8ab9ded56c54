"""RES rules beside their tables: the settings that they obey, and what they repair."""

from typing import Any

import pytest

from tests.policies.harness import UNKNOWN, R, judge, secret
from tests.policies.spec import of_type
from tests.policies.test_audit import repaired


@pytest.mark.parametrize(
    ("settings", "rule", "resource"),
    [
        ({"databaseBackupDays": 1}, "RES-03",
         of_type("rds/instance:Instance", backupRetentionPeriod=1, copyTagsToSnapshot=True)),
        ({"clusterVersions": ["1.30"]}, "RES-09", of_type("eks/cluster:Cluster", version="1.30")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)  # fmt: skip
def test_a_setting_is_obeyed(settings: dict[str, Any], rule: str, resource: R) -> None:
    assert judge(rule, resource).verdict == "deny"
    assert judge(rule, resource, settings=settings).verdict == "pass"


WEEK = {"backupRetentionPeriod": 7.0, "copyTagsToSnapshot": True}


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("RES-03", {}, WEEK),
        ("RES-03", {"backupRetentionPeriod": 3, "copyTagsToSnapshot": False}, WEEK),
        ("RES-03", {"backupRetentionPeriod": 14, "copyTagsToSnapshot": True}, None),
        ("RES-03", {"backupRetentionPeriod": True, "copyTagsToSnapshot": True}, WEEK),
        ("RES-03", {"backupRetentionPeriod": secret(1), "copyTagsToSnapshot": True},
         {"backupRetentionPeriod": secret(7.0), "copyTagsToSnapshot": True}),
        ("RES-03", {"backupRetentionPeriod": UNKNOWN, "copyTagsToSnapshot": UNKNOWN}, None),
        ("RES-03", {"replicateSourceDb": "db", "copyTagsToSnapshot": True}, None),
        ("RES-03", {"replicateSourceDb": UNKNOWN, "copyTagsToSnapshot": True}, None),
        ("RES-04", {}, {"deletionProtection": True}),
        ("RES-04", {"deletionProtection": True, "autoMinorVersionUpgrade": False},
         {"deletionProtection": True, "autoMinorVersionUpgrade": True}),
        ("RES-04", {"clusterIdentifier": "c", "instanceClass": "db.r7g.large"}, None),
        ("RES-04", {"clusterIdentifier": "c", "instanceClass": "db.r7g.large", "autoMinorVersionUpgrade": False},
         {"clusterIdentifier": "c", "instanceClass": "db.r7g.large", "autoMinorVersionUpgrade": True}),
        ("RES-04", {"deletionProtection": UNKNOWN}, None),
        ("RES-05", {}, {"pointInTimeRecovery": {"enabled": True}, "deletionProtectionEnabled": True}),
        ("RES-05", {"pointInTimeRecovery": {"enabled": False, "recoveryPeriodInDays": 3.0},
                    "deletionProtectionEnabled": True},
         {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 3.0}, "deletionProtectionEnabled": True}),
        ("RES-05", {"pointInTimeRecovery": UNKNOWN, "deletionProtectionEnabled": UNKNOWN}, None),
        ("RES-05", {"pointInTimeRecovery": {"enabled": UNKNOWN}, "deletionProtectionEnabled": True}, None),
    ],
)  # fmt: skip
def test_a_repair_is_exact_idempotent_and_leaves_unknown_values_alone(
    rule: str, before: dict[str, Any], after: dict[str, Any] | None
) -> None:
    assert repaired(rule, before) == after

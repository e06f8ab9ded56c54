"""LOG rules beside their tables: the settings that they obey, what they repair, the shipped filters of CIS."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi_policy.deserialize import deserialize_properties, serialize_properties

from policies.config import Settings
from policies.config.audit import CIS_METRIC_FILTERS
from tests.policies.harness import BY_ID, UNKNOWN, R, judge, secret
from tests.policies.spec import of_type
from tests.support.pack import struct

GROUP = "cloudwatch/logGroup:LogGroup"


def repaired(rule: str, inputs: dict[str, Any]) -> dict[str, Any] | None:
    """Return inputs as a rule repairs them, over the SDK's own way, or None where it changes nothing."""
    found, settings = BY_ID[rule], Settings()
    assert found.can_repair
    props: Any = deserialize_properties(MessageToDict(struct(inputs)), True)
    if not found.repair(props, settings):
        return None
    assert not found.repair(props, settings), "a repair repairs once"
    return dict(serialize_properties(props))


@pytest.mark.parametrize(
    ("settings", "rule", "resource"),
    [
        ({"auditLogDays": 90}, "LOG-06", of_type(GROUP, name="/aws/cloudtrail/x", retentionInDays=90)),
        ({"aiLogDays": 30}, "LOG-06", of_type(GROUP, name="/aws/bedrock/x", retentionInDays=90)),
        ({"auditLogGroups": []}, "LOG-06", of_type(GROUP, name="/aws/eks/x/cluster", retentionInDays=90)),
        ({"aiLogGroups": []}, "LOG-06", of_type(GROUP, name="/aws/bedrock/x", retentionInDays=90)),
        ({"logKindTag": "k"}, "LOG-06", of_type(GROUP, name="/x", tags={"log-kind": "audit"}, retentionInDays=90)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_setting_is_obeyed(settings: dict[str, Any], rule: str, resource: R) -> None:
    assert judge(rule, resource).verdict == "deny"
    assert judge(rule, resource, settings=settings).verdict == "pass"


def with_alarms(patterns: list[str]) -> tuple[R, ...]:
    """Return a filter for each pattern, and an alarm on its metric."""
    made: list[R] = []
    for number, pattern in enumerate(patterns):
        metric = {"name": f"m{number}", "namespace": "CIS"}
        made.append(
            R(
                "aws:cloudwatch/logMetricFilter:LogMetricFilter",
                {"pattern": pattern, "metricTransformation": metric},
                f"f{number}",
            )
        )
        made.append(
            R(
                "aws:cloudwatch/metricAlarm:MetricAlarm",
                {"metricName": f"m{number}", "namespace": "CIS", "alarmActions": ["arn:aws:sns:eu-west-1:1:t"]},
                f"a{number}",
            )
        )
    return tuple(made)  # fmt: skip


def test_every_control_of_the_section_needs_a_filter_of_its_own() -> None:
    assert [control for control, _ in CIS_METRIC_FILTERS] == [f"5.{number}" for number in range(1, 16)]
    patterns = [pattern for _, pattern in CIS_METRIC_FILTERS]
    account = {"accountLayer": True}
    assert judge("LOG-08", *with_alarms(patterns), settings=account).verdict == "pass"
    for number, (control, _) in enumerate(CIS_METRIC_FILTERS):
        outcome = judge("LOG-08", *with_alarms(patterns[:number] + patterns[number + 1 :]), settings=account)
        assert outcome.verdict == "deny", control
        assert f"control {control} of CIS AWS raises no alarm" in outcome.text


TRAIL_SWITCHES = ("isMultiRegionTrail", "enableLogFileValidation")
CLUSTER_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("LOG-01", {}, dict.fromkeys(TRAIL_SWITCHES, True)),
        ("LOG-01", {"isMultiRegionTrail": True, "enableLogFileValidation": UNKNOWN}, None),
        ("LOG-01", {**dict.fromkeys(TRAIL_SWITCHES, True), "enableLogging": False},
         {**dict.fromkeys(TRAIL_SWITCHES, True), "enableLogging": True}),
        ("LOG-01", {**dict.fromkeys(TRAIL_SWITCHES, True), "includeGlobalServiceEvents": secret(False)},
         {**dict.fromkeys(TRAIL_SWITCHES, True), "includeGlobalServiceEvents": secret(True)}),
        ("LOG-05", {}, {"enabledClusterLogTypes": CLUSTER_LOGS}),
        ("LOG-05", {"enabledClusterLogTypes": ["scheduler", "more"]},
         {"enabledClusterLogTypes": ["scheduler", "more", "api", "audit", "authenticator", "controllerManager"]}),
        ("LOG-05", {"enabledClusterLogTypes": [UNKNOWN]}, None),
        ("LOG-05", {"enabledClusterLogTypes": UNKNOWN}, None),
        ("LOG-06", {}, {"retentionInDays": 365}),
        ("LOG-06", {"retentionInDays": 0}, {"retentionInDays": 365}),
        ("LOG-06", {"retentionInDays": 30}, None),
        ("LOG-06", {"retentionInDays": UNKNOWN}, None),
    ],
)  # fmt: skip
def test_a_repair_is_exact_idempotent_and_leaves_unknown_values_alone(
    rule: str, before: dict[str, Any], after: dict[str, Any] | None
) -> None:
    assert repaired(rule, before) == after

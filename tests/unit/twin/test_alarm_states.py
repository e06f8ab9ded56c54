"""Which state the values of an alarm's periods ask for; the newest comes first, None is a period without one."""

import pytest

from twin.aws.corrections.alarm_states import state


@pytest.mark.parametrize(
    ("values", "needed", "treated", "wanted"),
    [
        ([9.0, 9.0], None, "missing", "ALARM"),
        ([9.0, 1.0], None, "missing", "OK"),
        ([1.0, 9.0], None, "missing", "OK"),
        ([9.0, 1.0, 9.0], 2, "missing", "ALARM"),
        ([9.0, None], None, "missing", "ALARM"),
        ([1.0, None], None, "missing", "OK"),
        ([None, None], None, "missing", "INSUFFICIENT_DATA"),
        ([None, None], None, "ignore", None),
        ([9.0, None], None, "notBreaching", "OK"),
        ([None, None], None, "notBreaching", "OK"),
        ([9.0, None], None, "breaching", "ALARM"),
        ([None, None], None, "breaching", "ALARM"),
        ([1.0, None], None, "breaching", "OK"),
    ],
)
def test_each_period_counts_for_itself(
    values: list[float | None], needed: int | None, treated: str, wanted: str | None
) -> None:
    alarm = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5, "TreatMissingData": treated}
    assert state(alarm | {"DatapointsToAlarm": needed}, values) == wanted


@pytest.mark.parametrize(
    ("comparison", "wanted"),
    [
        ("GreaterThanOrEqualToThreshold", "ALARM"),
        ("GreaterThanThreshold", "OK"),
        ("LessThanThreshold", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM"),
    ],
)
def test_at_the_threshold(comparison: str, wanted: str) -> None:
    assert state({"ComparisonOperator": comparison, "Threshold": 5}, [5.0]) == wanted

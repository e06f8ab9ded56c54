"""When an alarm of CloudWatch changes its state: by each of its periods, not by all that they hold together.

ministack 1.5.33 takes every value of the metric within all periods, of every dimension, for one: a single value above
the threshold is an alarm though two periods in a row are asked for, and what a period without a value counts as is not
looked at. Periods end now, as CloudWatch slides them; an alarm whose metric never had a value stays as it is.

Source: Amazon CloudWatch user guide, "Evaluating an alarm", "Configuring how CloudWatch alarms treat missing data".
"""

import operator
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import cloudwatch

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def evaluate(alarm: dict[str, Any]) -> None:
    """Bring an alarm to the state that its own metric asks for, and act on the change."""
    dimensions = cloudwatch._dims_key({one["Name"]: one["Value"] for one in alarm.get("Dimensions") or ()})
    points = cloudwatch._metrics.get((alarm.get("Namespace"), alarm.get("MetricName"), dimensions))
    if not points or alarm.get("ComparisonOperator") not in _COMPARED:
        return
    values = [_value(alarm, points, number, time.time()) for number in range(int(alarm.get("EvaluationPeriods", 1)))]
    before, now = alarm["StateValue"], state(alarm, values)
    if now in (None, before):
        return
    asked = f"{alarm['ComparisonOperator']} {alarm.get('Threshold', 0)}"
    told = ", ".join("no value" if value is None else str(value) for value in values)
    reason = f"Threshold Crossed: the last {len(values)} datapoints [{told}] were compared: {asked}"
    alarm |= {"StateValue": now, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], before, now, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, now, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def state(alarm: Mapping[str, Any], values: Sequence[float | None]) -> str | None:
    """The state that these values of its periods ask for; None: the one that it is in."""
    needed = int(alarm.get("DatapointsToAlarm") or len(values))
    compared, threshold = _COMPARED[alarm["ComparisonOperator"]], float(alarm.get("Threshold") or 0)
    there = [value for value in values if value is not None]
    breaching = sum(compared(value, threshold) for value in there)
    missing = len(values) - len(there)
    match alarm.get("TreatMissingData") or "missing":
        case "breaching":
            return "ALARM" if breaching + missing >= needed else "OK"
        case "notBreaching":
            return "ALARM" if breaching >= needed else "OK"
        case treated if not there:
            return None if treated == "ignore" else "INSUFFICIENT_DATA"
        case _:
            # What is missing is filled up by what is there: too early rather than never.
            return "ALARM" if breaching and breaching + missing >= needed else "OK"


def _value(alarm: Mapping[str, Any], points: Sequence[Mapping[str, Any]], number: int, now: float) -> float | None:
    """The statistic of the period that is so many before the last one; None for one without a value."""
    period = float(alarm.get("Period") or 60)
    end = now - number * period
    own = [one for one in points if end - period < one["Timestamp"] <= end]
    name = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    found: float | None = cloudwatch._stat_value(cloudwatch._calc_stats(own), name, own) if own else None
    return found

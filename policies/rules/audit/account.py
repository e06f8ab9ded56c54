"""LOG-08 and LOG-09: what watches an account as a whole, in the stack that owns its account-wide settings."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import (
    Finding,
    LocatedFindings,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_true,
    lacking,
    one_is_right,
    require,
    weigh,
)
from policies.tokens import aws
from policies.values import Node

METRIC_FILTER = aws("cloudwatch/logMetricFilter:LogMetricFilter")
ALARM = aws("cloudwatch/metricAlarm:MetricAlarm")
TOPIC = aws("sns/topic:Topic")
DETECTOR = aws("guardduty/detector:Detector")
RECORDER, RECORDER_STATUS = aws("cfg/recorder:Recorder"), aws("cfg/recorderStatus:RecorderStatus")
ANALYZER = aws("accessanalyzer/analyzer:Analyzer")

# LOG-08: alarms


def _normal(pattern: str) -> str:
    """Return a filter pattern without what has no meaning in it: spaces, quotes, and the order of mere alternatives."""
    bare = "".join(pattern.split()).replace('"', "")
    if "&&" in bare:
        return bare
    return "||".join(sorted(bare.strip("{}").replace("(", "").replace(")", "").split("||")))


def _alarms_by_metric(stack: Stack) -> tuple[dict[tuple[str, str], list[Resource]], list[tuple[Resource, Node]]]:
    """Return the alarms by namespace and name of their metric, and those of which that is not known."""
    known: dict[tuple[str, str], list[Resource]] = {}
    unknown: list[tuple[Resource, Node]] = []
    for alarm in stack.of(ALARM):
        space, name = alarm["namespace"], alarm["metricName"]
        if isinstance(space.value, str) and isinstance(name.value, str):
            known.setdefault((space.value, name.value), []).append(alarm)
        elif space.unknown or name.unknown:
            unknown.append((alarm, space if space.unknown else name))
    return known, unknown


def _alarm_findings(alarm: Resource) -> Iterator[Finding]:
    actions = alarm["alarmActions"]
    if actions.value is None or actions.value == []:
        yield Violation(actions.path, "the alarm tells nobody", "the ARN of a topic")
    for action in actions.each():
        tells = require(action, lambda v: isinstance(v, str) and v.startswith("arn:"), "the alarm tells nobody",
                        "the ARN of a topic", TOPIC)  # fmt: skip
        yield from tells
    enabled = alarm["actionsEnabled"]
    yield from require(enabled, lambda v: v is None or v is True, "the alarm tells nobody", "true, or absent")


def _filter_has_an_alarm(
    metric_filter: Resource, alarms: dict[tuple[str, str], list[Resource]], unknown: list[tuple[Resource, Node]]
) -> LocatedFindings:
    space, name = (metric_filter["metricTransformation"][key] for key in ("namespace", "name"))
    expected = "a cloudwatch.MetricAlarm on the filter's metric"
    for node in (space, name):
        if node.unknown:
            yield metric_filter, Undecided(node.path)
            return
    readable = isinstance(space.value, str) and isinstance(name.value, str)
    found = alarms.get((space.value, name.value), []) if readable else []
    answers = [(alarm, weigh(_alarm_findings(alarm))) for alarm in found]
    missing = Violation("metricTransformation", "no alarm is on the metric", expected, companion=True)
    yield from one_is_right(metric_filter, answers, unknown, missing)


def _changes_raise_alarms(stack: Stack, settings: Settings) -> LocatedFindings:
    if not settings.account_layer:
        return
    alarms, unknown_alarms = _alarms_by_metric(stack)
    by_pattern: dict[str, list[Resource]] = {}
    open_filters: list[tuple[Resource, Node]] = []
    for metric_filter in stack.of(METRIC_FILTER):
        pattern = metric_filter["pattern"]
        if pattern.unknown:
            open_filters.append((metric_filter, pattern))
        elif isinstance(pattern.value, str):
            by_pattern.setdefault(_normal(pattern.value), []).append(metric_filter)
    for control, wanted in settings.cis_metric_filters:
        filters = by_pattern.get(_normal(wanted), [])
        for metric_filter in filters:
            yield from _filter_has_an_alarm(metric_filter, alarms, unknown_alarms)
        if not filters and open_filters:
            metric_filter, pattern = open_filters[0]
            yield metric_filter, Undecided(pattern.path)
        elif not filters:
            missing = f"a LogMetricFilter with the pattern of control {control}"
            yield None, Violation("", f"control {control} of CIS AWS raises no alarm", missing, companion=True)


# LOG-09: services that watch


def _recorder_findings(stack: Stack, recorder: Resource) -> LocatedFindings:
    group = recorder["recordingGroup"]
    kinds = require(group["allSupported"], lambda v: v is None or v is True, "not every type of resource is recorded",
                    "true, or absent")  # fmt: skip
    yield from ((recorder, finding) for finding in kinds)
    everywhere = is_true(group["includeGlobalResourceTypes"], "types of global resources are not recorded")
    yield from ((recorder, finding) for finding in everywhere)
    statuses = stack.companions(recorder, RECORDER_STATUS, "name", ("name", "id"))
    for status in statuses.certain:
        found = is_true(status["isEnabled"], "the recorder does not run")
        yield from ((status, finding) for finding in found)
    if not statuses.certain:
        expected = "a cfg.RecorderStatus of it, with is_enabled true"
        missing = Violation("", "the recorder does not run", expected, companion=True)
        yield from lacking(recorder, statuses.possible, missing)


def _missing(service: str, expected: str) -> tuple[None, Finding]:
    return None, Violation("", f"the account has no {service}", expected, companion=True)


def _services_watch(stack: Stack, settings: Settings) -> LocatedFindings:
    if not settings.account_layer:
        return
    detectors, recorders, analyzers = (stack.of(types) for types in (DETECTOR, RECORDER, ANALYZER))
    for detector in detectors:
        on = require(detector["enable"], lambda v: v is None or v is True, "the detector is off", "true, or absent")
        yield from ((detector, finding) for finding in on)
    if not detectors:
        yield _missing("GuardDuty detector", "guardduty.Detector(enable=True)")
    for recorder in recorders:
        yield from _recorder_findings(stack, recorder)
    if not recorders:
        yield _missing("AWS Config recorder", "cfg.Recorder and cfg.RecorderStatus(is_enabled=True)")
    # Analyzers of unused or internal access stand beside that of access from outside, and do not replace it.
    kinds = [analyzer["type"] for analyzer in analyzers]
    if any(kind.value in (None, "ACCOUNT", "ORGANIZATION") for kind in kinds if not kind.unknown):
        return
    unknown = [(analyzer, kind) for analyzer, kind in zip(analyzers, kinds, strict=True) if kind.unknown]
    if unknown:
        yield unknown[0][0], Undecided(unknown[0][1].path)
    else:
        yield _missing(
            "analyzer of access from outside", 'accessanalyzer.Analyzer(analyzer_name="...", type="ACCOUNT")'
        )


RULES: tuple[Rule, ...] = (
    StackRule(
        id="LOG-08",
        requirement="Each change that CIS AWS section 5 lists raises an alarm that tells somebody.",
        why="A record that nobody looks at prevents nothing.",
        fix="cloudwatch.LogMetricFilter(pattern=..., metric_transformation={...}) and cloudwatch.MetricAlarm("
        "metric_name=..., namespace=..., alarm_actions=[topic.arn]) in the stack of the account layer",
        types=METRIC_FILTER | ALARM,
        joins=TOPIC,
        severity=Severity.MEDIUM,
        controls=("C7:5.1", "C7:5.4", "C7:5.3", "AISF-DETECT-05"),
        check=_changes_raise_alarms,
    ),
    StackRule(
        id="LOG-09",
        requirement="GuardDuty, AWS Config and an access analyzer watch the account.",
        why="They see what no program declares: misuse of credentials, drift, and doors to the outside.",
        fix="guardduty.Detector(enable=True), cfg.Recorder(...) with cfg.RecorderStatus(is_enabled=True), "
        'accessanalyzer.Analyzer(type="ACCOUNT") in the stack of the account layer',
        types=DETECTOR | RECORDER | ANALYZER,
        joins=RECORDER_STATUS,
        severity=Severity.HIGH,
        controls=("F:GuardDuty.1", "F:Config.1", "C7:4.3", "C7:2.18", "800-53 AU-12/SI-4", "AISF-DETECT-02"),
        check=_services_watch,
    ),
)

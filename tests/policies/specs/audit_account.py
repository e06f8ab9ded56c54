"""As `encryption`, for LOG-08 and LOG-09."""

from dataclasses import replace

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

PATTERN = '{ ($.eventName = CreateTrail) || ($.eventName = "StopLogging") }'
METRIC_FILTER = R(
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    {"pattern": PATTERN, "metricTransformation": {"name": "TrailChanges", "namespace": "CIS"}},
    "filter",
)
ALARM = R(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    {
        "metricName": "TrailChanges",
        "namespace": "CIS",
        "alarmActions": ["arn:aws:sns:eu-west-1:111122223333:security"],
    },
    "alarm",
)
ALARMED = (METRIC_FILTER, ALARM)
ONE_CONTROL = {"accountLayer": True, "cisMetricFilters": {"5.5": PATTERN}}
RECORDER = R(
    "aws:cfg/recorder:Recorder",
    {"name": "default", "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}},
    "recorder",
)
STATUS = R("aws:cfg/recorderStatus:RecorderStatus", {"name": "default", "isEnabled": True}, "status")
DETECTOR = R("aws:guardduty/detector:Detector", {"enable": True}, "detector")
ANALYZER = R("aws:accessanalyzer/analyzer:Analyzer", {"type": "ACCOUNT"}, "analyzer")
WATCHED = (RECORDER, STATUS, DETECTOR, ANALYZER)

SPECS: dict[str, Spec] = {
    "LOG-08": Spec(
        good=ALARMED,
        settings=ONE_CONTROL,
        leaf="pattern",
        bad="{ ($.eventName = CreateTrail) }",
        equivalent={},
        extra=(
            Case("not the account layer", (METRIC_FILTER,), "pass", {"cisMetricFilters": {"5.5": PATTERN}}),
            Case("no alarm", (METRIC_FILTER,), "deny"),
            Case("no filter", (ALARM,), "deny"),
            Case("two controls, one filter", ALARMED, "deny",
                 {"accountLayer": True, "cisMetricFilters": {"5.5": PATTERN, "5.6": "{$.x = 1}"}}),
            Case("in another spelling",
                 swap(ALARMED, 0, edit("pattern", '{($.eventName="StopLogging")||($.eventName=CreateTrail)}')), "pass"),
            Case("with a condition more",
                 swap(ALARMED, 0, edit("pattern", '{(($.eventName = CreateTrail) || ($.eventName = StopLogging)) && '
                                                  '($.x = 1)}')), "deny"),
            Case("an alarm on another metric", swap(ALARMED, 1, edit("metricName", "Other")), "deny"),
            Case("an alarm on the same name elsewhere", swap(ALARMED, 1, edit("namespace", "Other")), "deny"),
            Case("an alarm that tells nobody", swap(ALARMED, 1, edit("alarmActions", [])), "deny"),
            Case("an alarm that is off",
                 swap(ALARMED, 1, edit("actionsEnabled", False)), "deny"),
            Case("a second alarm that is off", (*ALARMED, replace(swap(ALARMED, 1, edit("actionsEnabled", False))[1],
                                                                  name="second")), "pass"),
            Case("topic of this stack", (METRIC_FILTER, depending(alarmActions=of_type("sns/topic:Topic"))(
                edit("alarmActions[0]", UNKNOWN)(ALARM))), "pass"),
            Case("metric of the filter unknown", swap(ALARMED, 0, edit("metricTransformation.name", UNKNOWN)),
                 "unknown"),
            Case("another filter", (*ALARMED, R(METRIC_FILTER.type, {"pattern": "x"}, "more")), "pass"),
        ),
    ),
    "LOG-09": Spec(
        good=WATCHED,
        settings={"accountLayer": True},
        leaf="recordingGroup.includeGlobalResourceTypes",
        bad=False,
        equivalent={
            "delete recordingGroup.allSupported": "every type is recorded by default",
            "delete enable": "a detector is on by default",
            "delete type": "an analyzer is one of an account by default",
        },
        extra=(
            Case("not the account layer", (RECORDER,), "pass", {}),
            Case("no recorder", (DETECTOR, ANALYZER), "deny"),
            Case("no status", (RECORDER, DETECTOR, ANALYZER), "deny"),
            Case("no detector", (RECORDER, STATUS, ANALYZER), "deny"),
            Case("no analyzer", (RECORDER, STATUS, DETECTOR), "deny"),
            Case("detector off", swap(WATCHED, 2, edit("enable", False)), "deny"),
            Case("only an analyzer of unused access", swap(WATCHED, 3, edit("type", "ACCOUNT_UNUSED_ACCESS")), "deny"),
            Case("an analyzer of unused access as well",
                 (*WATCHED, R(ANALYZER.type, {"type": "ORGANIZATION_UNUSED_ACCESS"}, "unused")), "pass"),
            Case("analyzer of the organisation", swap(WATCHED, 3, edit("type", "ORGANIZATION")), "pass"),
            Case("no recording group", swap(WATCHED, 0, edit("recordingGroup")), "deny"),
            Case("status joined by dependency", swap(swap(WATCHED, 1, edit("name", UNKNOWN)), 1,
                                                     depending(name=RECORDER)), "pass"),
            Case("status of another recorder", swap(WATCHED, 1, edit("name", "other")), "deny"),
        ),
    ),
}  # fmt: skip

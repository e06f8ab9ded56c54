"""LOG-01 and LOG-02: the trails, and what they record of the buckets that hold data sets and models."""

from typing import Any

from pulumi_policy import Severity

from policies.answers import Answer, every, no_text, one_text, some
from policies.config import Settings
from policies.documents import PARTITIONS
from policies.index import Resource, Stack
from policies.labels import holds_data
from policies.repair import switch_on, switch_on_again
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_true,
    require,
)
from policies.tokens import aws
from policies.values import Node

TRAIL = aws("cloudtrail/trail:Trail")
BUCKET = aws("s3/bucket:Bucket")
LOG_GROUP, ROLE = aws("cloudwatch/logGroup:LogGroup"), aws("iam/role:Role")
OBJECTS = "AWS::S3::Object"

# LOG-01: whole, and unaltered


def _records_everything(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from is_true(resource["isMultiRegionTrail"], "other regions are not recorded")
    yield from is_true(resource["enableLogFileValidation"], "changed log files would not be noticed")
    for key, what in (
        ("includeGlobalServiceEvents", "global services such as IAM are not recorded"),
        ("enableLogging", "the trail records nothing"),
    ):
        yield from require(resource[key], lambda v: v is None or v is True, what, "true, or absent")


def _record_everything(props: Any) -> bool:
    changed = switch_on(props, "isMultiRegionTrail", "enableLogFileValidation")
    return switch_on_again(props, "includeGlobalServiceEvents", "enableLogging") or changed


# LOG-02: where it is read, and the objects of the data buckets


def _arns(bucket: str) -> tuple[str, ...]:
    return tuple(f"arn:{partition}:s3:::{bucket}/" for partition in PARTITIONS)


def _classic(selector: Node, bucket: str) -> Answer:
    """Return whether an event selector is about every object of a bucket."""

    def whole(value: str) -> bool:
        return any(value in (arn, arn[: arn.index("s3") + 2], arn[: arn.index(":::") + 3]) for arn in _arns(bucket))

    return some(
        every((one_text((source["type"],), OBJECTS.__eq__), one_text(source["values"].each(), whole)))
        for source in selector["dataResources"].each()
    )


_NARROWING = ("endsWiths", "notEndsWiths", "notEquals", "notStartsWiths", "startsWiths", "equals")


def _field(field: Node, bucket: str) -> Answer:
    """Return whether one field of an advanced selector admits every object of a bucket. `readOnly` always does."""
    name = field["field"]
    if name.unknown:
        return name
    if name.value == "readOnly":
        return True
    if name.value in ("eventCategory", "resources.type"):
        wanted = "Data" if name.value == "eventCategory" else OBJECTS
        others = [no_text(field[key].each(), lambda _: True) for key in _NARROWING if key != "equals"]
        return every((one_text(field["equals"].each(), wanted.__eq__), *others))
    if name.value != "resources.ARN":
        return False  # any other field leaves events out
    arns = _arns(bucket)

    def touches(value: str) -> bool:
        return any(arn.startswith(value) or value.startswith(arn) for arn in arns)

    starts = field["startsWiths"]
    anywhere = starts.value is None and any(field[key].each() for key in ("notStartsWiths", "notEquals"))
    return every(
        (
            anywhere or one_text(starts.each(), lambda value: any(arn.startswith(value) for arn in arns)),
            no_text(field["notStartsWiths"].each(), touches),
            no_text(field["notEquals"].each(), touches),
            *(no_text(field[key].each(), lambda _: True) for key in ("equals", "endsWiths", "notEndsWiths")),
        )
    )


def _advanced(selector: Node, bucket: str) -> Answer:
    fields = selector["fieldSelectors"].each()
    named = {field["field"].value for field in fields if isinstance(field["field"].value, str)}
    unknown = next((field["field"] for field in fields if field["field"].unknown), None)
    if not {"eventCategory", "resources.type"} <= named:
        return unknown or False
    return every(_field(field, bucket) for field in fields)


def _kinds(selector: Node) -> tuple[frozenset[str], Node | None]:
    """Return which of read and write events a selector is about, and what of that is not known yet."""
    both = frozenset(("read", "write"))
    if selector["fieldSelectors"].value is None:
        node = selector["readWriteType"]
        kinds = {None: both, "All": both, "ReadOnly": frozenset(("read",)), "WriteOnly": frozenset(("write",))}
        known = node.value is None or isinstance(node.value, str)
        return (kinds.get(node.value, frozenset()), None) if known else (frozenset(), node if node.unknown else None)
    for field in selector["fieldSelectors"].each():
        if field["field"].value == "readOnly":
            values = field["equals"].each()
            if unknown := next((value for value in values if value.unknown), None):
                return frozenset(), unknown
            words = {"true": "read", "false": "write"}
            return frozenset(words[v.value] for v in values if isinstance(v.value, str) and v.value in words), None
    return both, None


def _bucket_is_recorded(trails: list[Resource], bucket: Resource, name: str) -> LocatedFindings:
    recorded: set[str] = set()
    open_points: list[tuple[Resource, Node]] = []
    for trail in trails:
        for key, judge in (("eventSelectors", _classic), ("advancedEventSelectors", _advanced)):
            for selector in trail[key].each():
                answer = selector if selector.unknown else judge(selector, name)
                kinds, unknown = _kinds(selector) if answer is True else (frozenset(), None)
                recorded |= kinds
                if node := answer if isinstance(answer, Node) else unknown:
                    open_points.append((trail, node))
    if recorded == {"read", "write"}:
        return
    if open_points:
        trail, node = open_points[0]
        yield trail, Undecided(node.path)
        return
    missing = "a trail with S3 data events, read and write, for all of its objects"
    yield bucket, Violation("", "reads and writes of its objects are not recorded", missing, companion=True)


def _is_arn(value: object) -> bool:
    return isinstance(value, str) and value.startswith("arn:")


def _trails_are_read_and_see_the_data(stack: Stack, settings: Settings) -> LocatedFindings:
    trails = stack.of(TRAIL)
    for trail in trails:
        for key, accepts in (("cloudWatchLogsGroupArn", LOG_GROUP), ("cloudWatchLogsRoleArn", ROLE)):
            found = require(
                trail[key], _is_arn, "events are not delivered to a log group", "an ARN: group and role", accepts
            )
            yield from ((trail, finding) for finding in found)
    for bucket in stack.of(BUCKET):
        data, name = holds_data(bucket, settings), bucket.known("bucket")
        if data is False:
            continue
        # The name decides what is recorded, and a trail may record every bucket.
        findings = list(_bucket_is_recorded(trails, bucket, name or "\0"))
        if findings and (data is None or name is None):
            yield bucket, Undecided("bucket")
        else:
            yield from findings


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="LOG-01",
        requirement="A trail records every region and global service, all the time, in files whose change is noticed.",
        why="An intruder works in the region, or in the minutes, that nobody records.",
        fix="cloudtrail.Trail(..., is_multi_region_trail=True, enable_log_file_validation=True)",
        types=TRAIL,
        severity=Severity.CRITICAL,
        controls=(
            "F:CloudTrail.1",
            "F:CloudTrail.4",
            "C7:4.1",
            "C7:4.2",
            "800-53 AU-2/AU-12",
            "AISF-DETECT-01",
        ),
        check=_records_everything,
        remediate=_record_everything,
    ),
    StackRule(
        id="LOG-02",
        requirement="Trails deliver to a log group, and record each read and write of data sets and models.",
        why="Who read which training data is asked after a leak, and cannot be answered later.",
        fix="cloudtrail.Trail(..., cloud_watch_logs_group_arn=..., cloud_watch_logs_role_arn=..., "
        "advanced_event_selectors=[...]) with eventCategory Data, resources.type AWS::S3::Object and the buckets' ARNs",
        types=TRAIL | BUCKET,
        joins=LOG_GROUP | ROLE,
        severity=Severity.HIGH,
        controls=(
            "F:CloudTrail.5",
            "C7:4.9",
            "C7:4.8",
            "800-53 AU-2/AU-12",
            "AISF-DETECT-01",
            "AIA-12",
            "ISO42-A.6.2.8",
        ),
        check=_trails_are_read_and_see_the_data,
    ),
)

"""As `encryption`, for LOG-01 and LOG-02."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

TRAIL = R(
    "aws:cloudtrail/trail:Trail",
    {
        "isMultiRegionTrail": True,
        "enableLogFileValidation": True,
        "includeGlobalServiceEvents": True,
        "enableLogging": True,
    },
    "trail",
)
DATA = R("aws:s3/bucket:Bucket", {"bucket": "my-datasets"}, "bucket")
GROUP_ARN = "arn:aws:logs:eu-west-1:111122223333:log-group:trail:*"
ROLE_ARN = "arn:aws:iam::111122223333:role/trail"
FIELDS = [
    {"field": "eventCategory", "equals": ["Data"]},
    {"field": "resources.type", "equals": ["AWS::S3::Object"]},
    {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::my-datasets/"]},
]
DELIVERS = {"cloudWatchLogsGroupArn": GROUP_ARN, "cloudWatchLogsRoleArn": ROLE_ARN}
RECORDS = R("aws:cloudtrail/trail:Trail", {**DELIVERS, "advancedEventSelectors": [{"fieldSelectors": FIELDS}]}, "trail")
GOOD = (RECORDS, DATA)
ARN_FIELD = "advancedEventSelectors[0].fieldSelectors[2]"


def selecting(*selectors: Any, key: str = "advancedEventSelectors") -> tuple[R, ...]:
    return (RECORDS.with_props({**DELIVERS, key: list(selectors)}), DATA)


def advanced(*fields: dict[str, Any]) -> tuple[R, ...]:
    """Return a trail with fields beside those of the data events of all objects."""
    return selecting({"fieldSelectors": [*FIELDS[:2], *fields]})


def classic(*selectors: Any) -> tuple[R, ...]:
    return selecting(*selectors, key="eventSelectors")


def objects(*values: Any, **more: Any) -> dict[str, Any]:
    """Return an event selector about objects."""
    selector = {"dataResources": [{"type": "AWS::S3::Object", "values": list(values)}], **more}
    return {key: value for key, value in selector.items() if value is not ABSENT}


HERE = "arn:aws:s3:::my-datasets/"

SPECS: dict[str, Spec] = {
    "LOG-01": Spec(
        good=(TRAIL,),
        leaf="isMultiRegionTrail",
        bad=False,
        equivalent={
            "delete includeGlobalServiceEvents": "global services are included by default",
            "delete enableLogging": "a trail records by default",
        },
        extra=(
            Case("nothing set", (TRAIL.with_props({}),), "deny"),
            Case("a number for true", swap((TRAIL,), 0, edit("isMultiRegionTrail", 1)), "deny"),
            Case("a text for true", swap((TRAIL,), 0, edit("enableLogFileValidation", "true")), "deny"),
            Case("stopped", swap((TRAIL,), 0, edit("enableLogging", False)), "deny"),
            Case(
                "violation before unknown",
                (TRAIL.with_props({"isMultiRegionTrail": UNKNOWN, "enableLogFileValidation": False}),),
                "deny",
            ),
        ),
    ),
    "LOG-02": Spec(
        good=GOOD,
        leaf=f"{ARN_FIELD}.startsWiths[0]",
        bad="arn:aws:s3:::other/",
        twins={"aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2"},
        survives={
            "delete bucket": "the name by which the program calls it is then all that is known, and no data is in that",
        },
        extra=(
            Case("no trail", (DATA,), "deny"),
            Case("a trail and no data bucket", (RECORDS, of_type("s3/bucket:Bucket", bucket="logs")), "pass"),
            Case("a bucket of other data", (RECORDS, of_type("s3/bucket:Bucket", bucket="logs"), DATA), "pass"),
            Case("another data bucket", (*GOOD, of_type("s3/bucket:Bucket", bucket="not-my-datasets")), "deny"),
            Case("by tag", (RECORDS, of_type("s3/bucket:Bucket", bucket="x", tags={"content": "dataset"})), "deny"),
            Case("name unknown", (RECORDS, of_type("s3/bucket:Bucket", bucket=UNKNOWN)), "unknown"),
            Case("name unknown, every bucket recorded",
                 (advanced()[0], of_type("s3/bucket:Bucket", bucket=UNKNOWN)), "pass"),
            Case("every object of every bucket", advanced(), "pass"),
            Case("read only", advanced({"field": "readOnly", "equals": ["true"]}), "deny"),
            Case("write only", advanced({"field": "readOnly", "equals": ["false"]}), "deny"),
            Case("read and write at once", advanced({"field": "readOnly", "equals": ["true", "false"]}), "pass"),
            Case("read unknown", advanced({"field": "readOnly", "equals": [UNKNOWN]}), "unknown"),
            Case("some events", advanced({"field": "eventName", "equals": ["GetObject"]}), "deny"),
            Case("an unknown field", advanced({"field": UNKNOWN, "equals": ["x"]}), "unknown"),
            Case("some prefix", advanced({"field": "resources.ARN", "startsWiths": [f"{HERE}raw/"]}), "deny"),
            Case("one object", advanced({"field": "resources.ARN", "equals": [f"{HERE}x"]}), "deny"),
            Case("objects by their end", advanced({"field": "resources.ARN", "endsWiths": [".csv"]}), "deny"),
            Case("not another bucket", advanced({"field": "resources.ARN", "notStartsWiths": ["arn:aws:s3:::logs/"]}),
                 "pass"),
            Case("not this bucket", advanced({"field": "resources.ARN", "notStartsWiths": [HERE]}), "deny"),
            Case("not a prefix of this bucket",
                 advanced({"field": "resources.ARN", "notStartsWiths": [f"{HERE}raw/"]}), "deny"),
            Case("not one object of this bucket",
                 advanced({"field": "resources.ARN", "notEquals": [f"{HERE}raw"]}), "deny"),
            Case("not objects of an end", advanced({"field": "resources.ARN", "notEndsWiths": [".csv"]}), "deny"),
            Case("exclusion unknown", advanced({"field": "resources.ARN", "notStartsWiths": [UNKNOWN]}), "unknown"),
            Case("a type that is narrowed", selecting({"fieldSelectors": [
                FIELDS[0], {**FIELDS[1], "notEquals": ["AWS::S3::Object"]}]}), "deny"),
            Case("management events", selecting({"fieldSelectors": [
                {"field": "eventCategory", "equals": ["Management"]}]}), "deny"),
            Case("another type", selecting({"fieldSelectors": [
                FIELDS[0], {"field": "resources.type", "equals": ["AWS::Lambda::Function"]}]}), "deny"),
            Case("a selector unknown", selecting(UNKNOWN), "unknown"),
            Case("fields unknown", selecting({"fieldSelectors": UNKNOWN}), "unknown"),
            Case("a selector that is none", selecting("text"), "deny"),
            Case("classic", classic(objects(HERE)), "pass"),
            Case("classic, all", classic(objects("arn:aws:s3", readWriteType="All")), "pass"),
            Case("classic, all buckets", classic(objects("arn:aws:s3:::")), "pass"),
            Case("classic, another bucket", classic(objects("arn:aws:s3:::my")), "deny"),
            Case("classic, a prefix", classic(objects(f"{HERE}raw/")), "deny"),
            Case("classic, read only", classic(objects(HERE, readWriteType="ReadOnly")), "deny"),
            Case("classic, read and write apart", classic(
                objects(HERE, readWriteType="ReadOnly"), objects(HERE, readWriteType="WriteOnly")), "pass"),
            Case("classic, kind unknown", classic(objects(HERE, readWriteType=UNKNOWN)), "unknown"),
            Case("classic, kind of another type", classic(objects(HERE, readWriteType=["All"])), "deny"),
            Case("classic, value unknown", classic(objects(UNKNOWN)), "unknown"),
            Case("classic, unknown value of another type of resource", classic(
                {"dataResources": [{"type": "AWS::Lambda::Function", "values": [UNKNOWN]}]}), "deny"),
            Case("read by one trail, written by another", (
                replace(classic(objects(HERE, readWriteType="ReadOnly"))[0], name="r"),
                replace(classic(objects(HERE, readWriteType="WriteOnly"))[0], name="w"), DATA), "pass"),
            Case("a trail that nobody reads", (
                R("aws:cloudtrail/trail:Trail", {"name": "silent"}, "silent"), *GOOD), "deny"),
            Case("group and role of this stack", swap(GOOD, 0, lambda item: depending(
                cloudWatchLogsGroupArn=R("aws:cloudwatch/logGroup:LogGroup", {}, "group"),
                cloudWatchLogsRoleArn=R("aws:iam/role:Role", {}, "role"),
            )(item.with_props({**item.props, "cloudWatchLogsGroupArn": UNKNOWN, "cloudWatchLogsRoleArn": UNKNOWN}))),
                 "pass"),
            Case("violation before unknown", swap(
                swap(GOOD, 0, edit("cloudWatchLogsGroupArn", UNKNOWN)), 0, edit("cloudWatchLogsRoleArn")), "deny"),
        ),
    ),
}  # fmt: skip

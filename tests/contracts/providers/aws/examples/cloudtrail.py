"""CloudTrail."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World

_MANAGEMENT = {
    "name": "Management events",
    "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}],
}
_OBJECTS = {
    "name": "Objects",
    "fieldSelectors": [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::data/", "arn:aws:s3:::models/"]},
    ],
}


def _bucket(world: World) -> str:
    name = world.name("trail")
    s3 = world.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    service = {"Service": "cloudtrail.amazonaws.com"}
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{name}"},
            {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*"},
        ],
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(allowed))
    return name


def _inputs(world: World) -> dict[str, Any]:
    name = world.name("trail")
    world.client("logs").create_log_group(logGroupName=name)
    return {
        "name": name,
        "s3BucketName": _bucket(world),
        "kmsKeyId": world.client("kms").create_key()["KeyMetadata"]["Arn"],
        "cloudWatchLogsGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*",
        "cloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/trail",
        "isMultiRegionTrail": True,
        "enableLogFileValidation": True,
        "advancedEventSelectors": [_MANAGEMENT, _OBJECTS],
        "tags": {"data-classification": "regulated"},
    }


def _holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    trails = world.client("cloudtrail")
    there = trails.get_trail(Name=arn)["Trail"]
    assert there["TrailARN"] == arn
    for name, api in {
        "name": "Name",
        "s3BucketName": "S3BucketName",
        "kmsKeyId": "KmsKeyId",
        "cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn",
        "cloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
        "isMultiRegionTrail": "IsMultiRegionTrail",
        "enableLogFileValidation": "LogFileValidationEnabled",
        "includeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    }.items():
        assert there.get(api) == inputs.get(name), name
    assert trails.get_trail_status(Name=arn)["IsLogging"] == inputs["enableLogging"]
    selectors = trails.get_event_selectors(TrailName=arn)
    advanced = [selector["Name"] for selector in selectors.get("AdvancedEventSelectors", ())]
    assert advanced == [selector["name"] for selector in inputs.get("advancedEventSelectors", ())]
    if basic := inputs.get("eventSelectors"):
        assert [s["ReadWriteType"] for s in selectors["EventSelectors"]] == [s["readWriteType"] for s in basic]
    tags = trails.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


EXAMPLES = (
    Example(
        "aws:cloudtrail/trail:Trail",
        inputs=_inputs,
        holds=_holds,
        updates=(
            {"enableLogging": False},
            {"enableLogging": None},
            {"advancedEventSelectors": [_MANAGEMENT]},
            {"advancedEventSelectors": None},
            {"eventSelectors": [{"readWriteType": "WriteOnly"}]},
            {"enableLogFileValidation": False},
            lambda world: {"s3BucketName": _bucket(world)},
            {"cloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/another"},
            {"tags": {"more": "1"}},
        ),
    ),
)

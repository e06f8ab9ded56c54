"""Decides what the trail asks for; whether CloudTrail delivers is for AWS."""

from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.policy_document import document
from components.security.audit_trail import AuditTrail, AuditTrailArgs, AuditTrailSettings, trail_delivery
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/regulated"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT_ID}:trail/groundwork-dev-audit"
CLOUDTRAIL = "cloudtrail.amazonaws.com"


def build(recorder: Recorder, *data_buckets: str, **settings: Any) -> dict[str, Any]:
    args = AuditTrailArgs(
        settings=AuditTrailSettings.model_validate(settings),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn="boundary",
        key_arn=pulumi.Output.from_input(KEY),
        bucket_name=pulumi.Output.from_input("groundwork-dev-audit"),
        data_event_bucket_names=tuple(pulumi.Output.from_input(bucket) for bucket in data_buckets),
    )
    run_program(lambda: AuditTrail("audit", args))
    return recorder.one("audit-trail").inputs


def test_the_trail_records_all_regions_encrypted_and_verifiable(recorder: Recorder) -> None:
    trail = build(recorder)
    wanted = {
        "isMultiRegionTrail": True,
        "includeGlobalServiceEvents": True,
        "enableLogFileValidation": True,
        "enableLogging": True,
        "kmsKeyId": KEY,
        "s3BucketName": "groundwork-dev-audit",
        "name": "groundwork-dev-audit",
    }
    assert {key: trail[key] for key in wanted} == wanted


def test_events_go_to_a_log_group_with_key_and_retention(recorder: Recorder) -> None:
    trail = build(recorder, retention_in_days=731)
    group = recorder.one("audit-events").inputs
    assert group["kmsKeyId"] == KEY
    assert group["retentionInDays"] == 731
    assert trail["cloudWatchLogsGroupArn"].endswith(f"log-group:{group['name']}:*")
    assert trail["cloudWatchLogsRoleArn"]


def test_the_role_is_cloudtrails_which_sends_no_source_and_writes_to_its_log_group(recorder: Recorder) -> None:
    build(recorder)
    role = recorder.one("audit-role").inputs
    assert role["permissionsBoundary"] == "boundary"
    trust = role["assumeRolePolicy"]
    assert decision(trust, "sts:AssumeRole", "*", {}, principal=CLOUDTRAIL) == "Allow"
    assert decision(trust, "sts:AssumeRole", "*", {}, principal="s3.amazonaws.com") == "none"
    rights = recorder.one("audit-rights").inputs["policy"]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/cloudtrail/groundwork-dev-audit"
    stream = f":log-stream:{ACCOUNT_ID}_CloudTrail_{REGION}"
    assert decision(rights, "logs:PutLogEvents", group + stream, {}) == "Allow"
    assert decision(rights, "logs:PutLogEvents", group + "-other" + stream, {}) == "none"


def test_management_events_are_recorded_always_and_object_events_of_the_data_buckets(recorder: Recorder) -> None:
    management, data = build(recorder, "b1", "b2")["advancedEventSelectors"]
    assert management["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    fields = {selector["field"]: selector for selector in data["fieldSelectors"]}
    assert fields["resources.type"]["equals"] == ["AWS::S3::Object"]
    assert fields["resources.ARN"]["startsWiths"] == ["arn:aws:s3:::b1/", "arn:aws:s3:::b2/"]


def test_object_events_are_left_out_where_the_settings_say_so(recorder: Recorder) -> None:
    assert len(build(recorder, "b1", data_events=False)["advancedEventSelectors"]) == 1


@pytest.mark.parametrize(
    ("action", "resource"),
    [("s3:GetBucketAcl", "arn:aws:s3:::b"), ("s3:PutObject", f"arn:aws:s3:::b/AWSLogs/{ACCOUNT_ID}/CloudTrail/x")],
)
def test_the_bucket_lets_this_trail_deliver_and_no_other(action: str, resource: str) -> None:
    policy = document(
        *trail_delivery(bucket_name="b", account_id=ACCOUNT_ID, region=REGION, environment="dev", name="audit")
    )
    good = {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"}
    assert decision(policy, action, resource, good, principal=CLOUDTRAIL) == "Allow"
    foreign = good | {"aws:SourceArn": TRAIL.replace(ACCOUNT_ID, "9" * 12)}
    assert decision(policy, action, resource, foreign, principal=CLOUDTRAIL) == "none"
    assert decision(policy, action, resource, good, principal="config.amazonaws.com") == "none"


@pytest.mark.parametrize("settings", [{"retention_in_days": 90}, {"retention_in_days": 1000}, {"enabled": False}])
def test_a_trail_that_forgets_too_soon_or_can_be_turned_off_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AuditTrailSettings.model_validate(settings)

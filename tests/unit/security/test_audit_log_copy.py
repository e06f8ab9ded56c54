"""Decides who may do what on the way of the audit log; whether it arrives is in tests/twin/test_audit_log_copy.py."""

from typing import Any

import pulumi
import pytest

from components.security.audit_log_copy import AuditLogCopy, AuditLogCopyArgs
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/regulated"
BUCKET = "groundwork-dev-audit"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT_ID}:deliverystream/groundwork-dev-kubernetes-audit"


@pytest.fixture
def made(recorder: Recorder) -> Recorder:
    args = AuditLogCopyArgs(
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn="boundary",
        key_arn=pulumi.Output.from_input(KEY),
        log_group_name=pulumi.Output.from_input("/aws/eks/groundwork-dev/cluster"),
        bucket_name=pulumi.Output.from_input(BUCKET),
        known_bucket_name=BUCKET,
    )
    run_program(lambda: AuditLogCopy("kubernetes-audit", args))
    return recorder


def of(made: Recorder, name: str) -> dict[str, Any]:
    return made.one(f"kubernetes-audit-{name}").inputs


def test_all_of_the_log_goes_on(made: Recorder) -> None:
    subscription = of(made, "subscription")
    assert (subscription["logGroup"], subscription["filterPattern"]) == ("/aws/eks/groundwork-dev/cluster", "")


def test_the_stream_is_encrypted_and_leaves_the_key_of_objects_to_the_bucket(made: Recorder) -> None:
    stream = of(made, "stream")
    assert stream["serverSideEncryption"] == {"enabled": True, "keyType": "CUSTOMER_MANAGED_CMK", "keyArn": KEY}
    target = stream["extendedS3Configuration"]
    assert "kmsKeyArn" not in target
    assert target["bucketArn"] == f"arn:aws:s3:::{BUCKET}"
    assert of(made, "errors")["kmsKeyId"] == KEY


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/kubernetes-audit/events/it", True),
        ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/AWSLogs/it", False),
        ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/kubernetes-audit/events/it", False),
        ("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/kubernetes-audit/events/it", False),
        ("firehose:PutRecord", STREAM, False),
    ],
)
def test_firehose_puts_objects_under_the_prefix_and_nothing_else(
    made: Recorder, action: str, resource: str, allowed: bool
) -> None:
    found = decision(of(made, "deliver")["policy"], action, resource, {})
    assert (found == "Allow") == allowed


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("firehose:PutRecordBatch", STREAM, True),
        ("firehose:PutRecordBatch", f"{STREAM}-another", False),
        ("firehose:DeleteDeliveryStream", STREAM, False),
        ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/kubernetes-audit/events/it", False),
    ],
)
def test_cloudwatch_logs_puts_records_on_the_stream_and_nothing_else(
    made: Recorder, action: str, resource: str, allowed: bool
) -> None:
    found = decision(of(made, "send")["policy"], action, resource, {})
    assert (found == "Allow") == allowed


def test_both_roles_are_bounded_and_the_one_that_writes_may_use_the_key(made: Recorder) -> None:
    assert {of(made, name)["permissionsBoundary"] for name in ("sender", "deliverer")} == {"boundary"}
    assert of(made, "deliverer")["tags"]["key-access-regulated"] == "write"
    assert "key-access-regulated" not in of(made, "sender").get("tags", {})

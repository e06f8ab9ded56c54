"""Decides what bucket policies say, by a small evaluator; S3 itself is asked on the twin."""

import json

import pytest

from components.storage.bucket_policy import access_log_delivery, store_policy
from tests.support.recorder import ACCOUNT_ID
from tests.unit.security.evaluator import decision

BUCKET = "arn:aws:s3:::groundwork-dev-artifacts"
POLICY = store_policy("groundwork-dev-artifacts")
SSE = "s3:x-amz-server-side-encryption"
TLS = {"aws:SecureTransport": "true"}


def said(action: str, resource: str, context: dict[str, str]) -> str:
    return decision(POLICY, action, resource, context, principal="anyone")


@pytest.mark.parametrize(("action", "resource"), [("s3:ListBucket", BUCKET), ("s3:GetObject", f"{BUCKET}/x")])
def test_nothing_goes_over_plain_http(action: str, resource: str) -> None:
    assert said(action, resource, {"aws:SecureTransport": "false"}) == "Deny"
    assert said(action, resource, TLS) == "none"


def test_an_upload_that_says_nothing_of_encryption_takes_the_buckets_key() -> None:
    assert said("s3:PutObject", f"{BUCKET}/x", TLS) == "none"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({SSE: "AES256"}, id="SSE-S3"),
        pytest.param({SSE: "aws:kms"}, id="the key aws/s3"),
        pytest.param({SSE: "aws:kms", f"{SSE}-aws-kms-key-id": "arn:aws:kms:x:1:key/other"}, id="another key"),
        pytest.param({SSE: "aws:kms:dsse"}, id="two layers"),
        pytest.param({f"{SSE}-customer-algorithm": "AES256"}, id="a key of the client's"),
        pytest.param({f"{SSE}-aws-kms-key-id": "arn:aws:kms:x:1:key/other"}, id="a key alone"),
    ],
)
def test_an_upload_that_chooses_its_encryption_is_denied(headers: dict[str, str]) -> None:
    assert said("s3:PutObject", f"{BUCKET}/x", TLS | headers) == "Deny"
    assert said("s3:PutObject", f"{BUCKET}/x", TLS | headers | {"aws:PrincipalIsAWSService": "false"}) == "Deny"


def test_an_aws_service_may_name_the_key_it_was_told_to_use() -> None:
    context = TLS | {SSE: "aws:kms", "aws:PrincipalIsAWSService": "true"}
    assert said("s3:PutObject", f"{BUCKET}/x", context) == "none"


def test_the_tls_statement_is_for_everybody_everything_and_both_arns() -> None:
    (statement,) = (each for each in json.loads(POLICY)["Statement"] if each["Sid"] == "DenyWithoutTls")
    assert statement["Principal"] == "*"
    assert statement["Action"] == ["s3:*"]
    assert sorted(statement["Resource"]) == [BUCKET, f"{BUCKET}/*"]


def test_access_logs_come_from_this_environments_buckets_only() -> None:
    policy = store_policy("logs", [access_log_delivery("logs", account_id=ACCOUNT_ID, environment="dev")])
    good = TLS | {
        "aws:SourceAccount": ACCOUNT_ID,
        "aws:SourceArn": BUCKET,
        SSE: "aws:kms",
        "aws:PrincipalIsAWSService": "true",
    }

    def delivered(context: dict[str, str], principal: str = "logging.s3.amazonaws.com") -> str:
        return decision(policy, "s3:PutObject", "arn:aws:s3:::logs/artifacts/1", context, principal=principal)

    assert delivered(good) == "Allow"
    assert delivered(good | {"aws:SourceAccount": "9" * 12}) == "none"
    assert delivered(good | {"aws:SourceArn": "arn:aws:s3:::groundwork-prod-artifacts"}) == "none"
    assert delivered(good, principal="cloudtrail.amazonaws.com") == "none"


def test_no_policy_allows_any_principal_anything() -> None:
    assert not [each for each in json.loads(POLICY)["Statement"] if each["Effect"] == "Allow"]

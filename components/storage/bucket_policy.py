"""Bucket policies, as pure functions of names: known before anything is made.

Source: S3 user guide, "Protecting data with server-side encryption", "Enabling server access logging"; IAM user guide,
"Condition operators" (`Null` tells whether a key is in the request).
"""

from collections.abc import Sequence

from components.naming import PROJECT
from components.policy_document import ANYONE, Statement, allow, deny, document, service_principal, tls_only

ENCRYPTION_HEADERS = {
    "DenyChosenEncryption": "s3:x-amz-server-side-encryption",
    "DenyChosenKey": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "DenyCustomerProvidedKey": "s3:x-amz-server-side-encryption-customer-algorithm",
}
"""Sid and condition key of each header by which an upload would choose its encryption."""


def bucket_arn(bucket_name: str) -> str:
    """Return the ARN of a bucket."""
    return f"arn:aws:s3:::{bucket_name}"


def store_policy(bucket_name: str, statements: Sequence[Statement] = ()) -> str:
    """Return the policy of a private bucket: TLS only, its own key only, and whatever `statements` add."""
    return document(tls_only(bucket_arn(bucket_name)), *bucket_encryption_only(bucket_name), *statements)


def bucket_encryption_only(bucket_name: str) -> list[Statement]:
    """Deny uploads that ask for an encryption of their own, so that every object takes the bucket's default key.

    This leaves no way to SSE-S3, to another key, to a key of the client's, or to `aws/s3` (which `aws:kms` without a
    key means). A request for the right key is refused too: to tell it apart the policy would need the key's ARN,
    which is not known before the key exists. The reading of a request is one statement a header, because the
    conditions within one statement must all hold. AWS services are let through: CloudTrail names its key in each
    request, and who it is was decided by the statement that allows it.
    """
    return [
        deny(
            sid,
            principal=ANYONE,
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn(bucket_name)}/*"],
            conditions={"Null": {header: "false"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
        )
        for sid, header in ENCRYPTION_HEADERS.items()
    ]


def access_log_delivery(bucket_name: str, *, account_id: str, environment: str) -> Statement:
    """Let S3 deliver the server access logs of this environment's buckets."""
    return allow(
        "DeliverAccessLogs",
        principal=service_principal("logging.s3.amazonaws.com"),
        actions=["s3:PutObject"],
        resources=[f"{bucket_arn(bucket_name)}/*"],
        conditions={
            "StringEquals": {"aws:SourceAccount": account_id},
            "ArnLike": {"aws:SourceArn": bucket_arn(f"{PROJECT}-{environment}-*")},
        },
    )

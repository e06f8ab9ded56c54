"""Planned faults: each kind looks to a client as AWS on a bad day does, and strikes as often as planned."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.twin.corrections.server import REGION, Twin
from twin.aws.faults import Fault, faults_file, plan, planned

READS = {
    "s3": "list_buckets",
    "ec2": "describe_vpcs",
    "kms": "list_keys",
    "iam": "list_roles",
    "rds": "describe_db_instances",
}


def code_of(call: Any, **parameters: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(("service", "kind", "expected"), [
    ("s3", "internal-error", ("InternalError", 500)),
    ("s3", "throttled", ("SlowDown", 503)),
    ("ec2", "throttled", ("RequestLimitExceeded", 503)),
    ("ec2", "internal-error", ("InternalError", 500)),
    ("kms", "throttled", ("ThrottlingException", 400)),
    ("kms", "internal-error", ("InternalFailure", 500)),
    ("iam", "throttled", ("Throttling", 400)),
    ("rds", "unavailable", ("ServiceUnavailable", 503)),
    ("ec2", "denied", ("UnauthorizedOperation", 403)),
    ("kms", "denied", ("AccessDeniedException", 403)),
    ("rds", "denied", ("AccessDenied", 403)),
])  # fmt: skip
def test_a_fault_has_the_services_own_shape(twin: Twin, service: str, kind: Any, expected: tuple[str, int]) -> None:
    call = getattr(twin.client(service), READS[service])
    plan(twin.root, [Fault(service, "*", kind, times=2)])
    assert [code_of(call), code_of(call)] == [expected, expected]
    call()
    assert not faults_file(twin.root).exists()


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_is_closed_before_or_after_the_work(twin: Twin, after: bool) -> None:
    s3 = twin.client("s3")
    name = f"closed-{'after' if after else 'before'}"
    plan(twin.root, [Fault("s3", "CreateBucket", "closed", after=after)])
    with pytest.raises(ConnectionClosedError):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert (name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]) is after


def test_other_operations_are_spared(twin: Twin) -> None:
    plan(twin.root, [Fault("ec2", "CreateVpc", "throttled", times=3)])
    twin.client("ec2").describe_vpcs()
    twin.client("s3").list_buckets()
    assert [fault.times for fault in planned(twin.root)] == [3]
    plan(twin.root, [])


def test_a_client_that_retries_gets_through(twin: Twin) -> None:
    kms = twin.client("kms", retries={"mode": "standard", "max_attempts": 4})
    plan(twin.root, [Fault("kms", "CreateKey", "throttled", times=2)])
    assert kms.create_key()["KeyMetadata"]["Enabled"] is True

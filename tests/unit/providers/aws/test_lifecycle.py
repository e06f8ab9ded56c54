"""Create, read, update, delete against stubbed AWS: which calls are made, and what is said when one fails."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from tests.contracts.providers.aws.driver import Driver, Resource, partial_failure
from tests.unit.providers.aws.conftest import ACCOUNT, Aws
from twin.providers.aws.clients import Clients
from twin.providers.aws.context import Context
from twin.providers.aws.errors import CancelledError, ProviderError
from twin.providers.aws.lifecycle import delete
from twin.providers.aws.types import resource_type
from twin.providers.wire import UNKNOWN, decode, encode

BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
ARN = "arn:aws:kms:eu-west-1:111122223333:key/k"
TAGS = [{"Key": "environment", "Value": "dev"}, {"Key": "owner", "Value": "mlops"}]
CREATED = {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


def _expect_reading(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {}, Bucket="b")
    aws.fails("s3", "get_object_lock_configuration", "ObjectLockConfigurationNotFoundError", 404, Bucket="b")
    aws.answers("s3", "get_bucket_tagging", {"TagSet": TAGS}, Bucket="b")


def _expect_tagging(aws: Aws) -> None:
    aws.answers("s3", "put_bucket_tagging", {}, Bucket="b", Tagging={"TagSet": TAGS})


def test_create_makes_the_resource_then_its_facets_then_reads_it(aws: Aws, driver: Driver) -> None:
    aws.answers("s3", "create_bucket", {}, **CREATED)
    _expect_tagging(aws)
    _expect_reading(aws)
    bucket = driver.create(BUCKET, "it", {"bucket": "b"})
    assert bucket.id == "b"
    assert bucket.outputs["arn"] == "arn:aws:s3:::b"
    assert bucket.outputs["objectLockEnabled"] is False
    aws.nothing_is_left()


def test_a_create_that_aws_refuses_leaves_nothing(aws: Aws, driver: Driver) -> None:
    aws.fails("s3", "create_bucket", "BucketAlreadyExists", 409, **CREATED)
    with pytest.raises(grpc.RpcError) as raised:
        driver.create(BUCKET, "it", {"bucket": "b"})
    assert partial_failure(raised.value) is None
    assert "s3:CreateBucket (Bucket b): BucketAlreadyExists: in its own words" in str(raised.value)
    assert "Traceback" not in str(raised.value)


def test_a_resource_whose_later_call_failed_is_recorded(aws: Aws, driver: Driver) -> None:
    aws.answers("s3", "create_bucket", {}, **CREATED)
    aws.fails("s3", "put_bucket_tagging", "AccessDenied", 403)
    _expect_reading(aws)
    with pytest.raises(grpc.RpcError) as raised:
        driver.create(BUCKET, "it", {"bucket": "b"})
    failure = partial_failure(raised.value)
    assert failure is not None
    assert failure.id == "b"
    assert list(failure.reasons) == ["s3:PutBucketTagging (Bucket b): AccessDenied: in its own words"]
    assert decode(failure.properties).values["arn"] == "arn:aws:s3:::b"
    assert decode(failure.inputs).values["bucket"] == "b"


def test_an_update_finishes_what_a_create_left_undone(aws: Aws, driver: Driver) -> None:
    """The engine asks for an update to the same inputs after such a failure."""
    bucket = Resource(BUCKET, "it", "b")
    bucket.inputs = driver.check(bucket, {"bucket": "b"})
    bucket.outputs = dict(bucket.inputs)
    aws.answers("s3", "head_bucket", {}, Bucket="b")
    aws.fails("s3", "get_object_lock_configuration", "ObjectLockConfigurationNotFoundError", 404, Bucket="b")
    aws.fails("s3", "get_bucket_tagging", "NoSuchTagSet", 404, Bucket="b")
    _expect_tagging(aws)
    _expect_reading(aws)
    driver.update(bucket, {"bucket": "b"})
    aws.nothing_is_left()


def test_a_failed_update_says_what_is_there(aws: Aws, driver: Driver) -> None:
    bucket = Resource(BUCKET, "it", "b")
    bucket.inputs = driver.check(bucket, {"bucket": "b"})
    bucket.outputs = dict(bucket.inputs)
    _expect_reading(aws)
    aws.fails("s3", "put_bucket_tagging", "AccessDenied", 403)
    _expect_reading(aws)
    with pytest.raises(grpc.RpcError) as raised:
        driver.update(bucket, {"bucket": "b", "tags": {"a": "1"}})
    failure = partial_failure(raised.value)
    assert failure is not None
    assert decode(failure.properties).values["tagsAll"] == {"environment": "dev", "owner": "mlops"}


def test_an_update_writes_only_the_facets_that_changed(aws: Aws, driver: Driver) -> None:
    key = Resource(KEY, "it", "k")
    key.inputs = driver.check(key, {"description": "old"})
    key.outputs = {**key.inputs, "arn": ARN, "keyId": "k", "policy": "{}"}
    reading: list[tuple[str, dict[str, Any]]] = [
        ("get_key_policy", {"Policy": "{}"}),
        ("list_resource_tags", {"Tags": [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in TAGS]}),
        ("get_key_rotation_status", {"KeyRotationEnabled": False}),
    ]

    def expect_reading(description: str) -> None:
        about = {
            "KeyId": "k", "Arn": ARN, "Description": description, "KeyState": "Enabled", "Enabled": True,
            "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT",
        }  # fmt: skip
        aws.answers("kms", "describe_key", {"KeyMetadata": about}, KeyId="k")
        for operation, answer in reading:
            expected = {"PolicyName": "default"} if operation == "get_key_policy" else {}
            aws.answers("kms", operation, answer, KeyId="k", **expected)

    expect_reading("old")
    aws.answers("kms", "update_key_description", {}, KeyId="k", Description="new")
    aws.answers("kms", "describe_key", {"KeyMetadata": {"KeyId": "k", "KeyState": "Enabled"}}, KeyId="k")
    expect_reading("new")
    driver.update(key, {"description": "new"})
    assert key.outputs["description"] == "new"
    aws.nothing_is_left()


def test_what_is_gone_reads_as_an_empty_id_and_is_no_error_to_delete(aws: Aws, driver: Driver) -> None:
    bucket = Resource(BUCKET, "it", "b")
    aws.fails("s3", "head_bucket", "404", 404, Bucket="b")
    assert driver.read(bucket) is None
    aws.fails("s3", "delete_bucket", "NoSuchBucket", 404, Bucket="b")
    driver.delete(bucket)
    aws.nothing_is_left()


def test_a_create_is_not_repeated_when_the_lost_answer_meant_success(aws: Aws, driver: Driver) -> None:
    aws.fails("s3", "create_bucket", "InternalError", 500, **CREATED)
    aws.answers("s3", "head_bucket", {}, Bucket="b")  # find: it is there
    _expect_tagging(aws)
    _expect_reading(aws)
    assert driver.create(BUCKET, "it", {"bucket": "b"}).id == "b"
    aws.nothing_is_left()


def test_a_create_is_repeated_when_nothing_was_made(aws: Aws, driver: Driver) -> None:
    aws.fails("s3", "create_bucket", "InternalError", 500, **CREATED)
    aws.fails("s3", "head_bucket", "404", 404, Bucket="b")
    aws.fails("s3", "create_bucket", "SlowDown", 503, **CREATED)  # throttled: surely nothing was made
    aws.answers("s3", "create_bucket", {}, **CREATED)
    _expect_tagging(aws)
    _expect_reading(aws)
    assert driver.create(BUCKET, "it", {"bucket": "b"}).id == "b"
    aws.nothing_is_left()


def test_a_secret_stays_one_through_every_step(aws: Aws, driver: Driver) -> None:
    resource = Resource(BUCKET, "it")
    request = provider_pb2.CheckRequest(
        urn=resource.urn, type=BUCKET, news=encode({"bucket": "b", "tags": {"a": "s3cret"}}, ["tags"])
    )
    checked = driver.stub.Check(request).inputs
    assert decode(checked).secrets == {"tags", "tagsAll"}
    preview = driver.stub.Create(
        provider_pb2.CreateRequest(urn=resource.urn, type=BUCKET, properties=checked, preview=True)
    )
    assert decode(preview.properties).secrets == {"tags", "tagsAll"}

    tags = [{"Key": "a", "Value": "s3cret"}, *TAGS]
    aws.answers("s3", "create_bucket", {}, **CREATED)
    aws.answers("s3", "put_bucket_tagging", {}, Bucket="b", Tagging={"TagSet": tags})
    for _ in range(2):
        aws.answers("s3", "head_bucket", {}, Bucket="b")
        aws.fails("s3", "get_object_lock_configuration", "ObjectLockConfigurationNotFoundError", 404, Bucket="b")
        aws.answers("s3", "get_bucket_tagging", {"TagSet": tags}, Bucket="b")
    made = driver.stub.Create(provider_pb2.CreateRequest(urn=resource.urn, type=BUCKET, properties=checked))
    assert decode(made.properties).secrets == {"tags", "tagsAll"}
    read = driver.stub.Read(
        provider_pb2.ReadRequest(id="b", urn=resource.urn, type=BUCKET, properties=made.properties, inputs=checked)
    )
    assert decode(read.properties).secrets == decode(read.inputs).secrets == {"tags", "tagsAll"}
    assert b"s3cret" in made.properties.SerializeToString(), "the value itself is there, marked"


def test_what_is_derived_from_a_secret_is_one(driver: Driver) -> None:
    resource = Resource(BUCKET, "it")
    news = encode({"bucket": "b"}, ["bucket"])
    checked = driver.stub.Check(provider_pb2.CheckRequest(urn=resource.urn, type=BUCKET, news=news)).inputs
    preview = driver.stub.Create(
        provider_pb2.CreateRequest(urn=resource.urn, type=BUCKET, properties=checked, preview=True)
    )
    assert "bucket" in decode(preview.properties).secrets
    assert decode(preview.properties).values["arn"] is UNKNOWN


def test_an_unmodelled_type_is_refused_and_told_where_to_add_it(driver: Driver) -> None:
    with pytest.raises(grpc.RpcError, match="does not model the resource type aws:dynamodb/table:Table") as raised:
        driver.failures("aws:dynamodb/table:Table", {})
    assert "twin/providers/aws/types/dynamodb.py" in str(raised.value)


def _deleting(aws: Aws, seconds: float) -> Context:
    aws.answers("kms", "schedule_key_deletion", {}, KeyId="k")
    for _ in range(200):
        aws.answers("kms", "describe_key", {"KeyMetadata": {"KeyId": "k", "KeyState": "Enabled"}}, KeyId="k")
    clients = Clients("eu-west-1", client=aws.client)
    return Context(type=resource_type(KEY), clients=clients, account=ACCOUNT, inputs={}, id="k", seconds=seconds)


def test_waiting_ends_with_the_time_that_the_operation_has(aws: Aws) -> None:
    with pytest.raises(ProviderError, match=r"k is Enabled; waited 0 s for it to be deleted"):
        delete(_deleting(aws, seconds=0.1))


def test_waiting_ends_when_the_user_asks_to_stop(aws: Aws) -> None:
    ctx = _deleting(aws, seconds=60)
    ctx.clients.cancelled.set()
    with pytest.raises(CancelledError, match="stopped while waiting"):
        delete(ctx)


def test_an_id_of_another_form_is_refused(driver: Driver) -> None:
    with pytest.raises(grpc.RpcError, match=r"does not have the form \{role\}:\{name\}"):
        driver.read(Resource("aws:iam/rolePolicy:RolePolicy", "it", "no-colon"))

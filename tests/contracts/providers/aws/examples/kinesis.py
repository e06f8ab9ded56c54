"""Delivery streams."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import REGION, Example, World

_PLAIN = {
    "bucketArn": "BucketARN",
    "compressionFormat": "CompressionFormat",
    "errorOutputPrefix": "ErrorOutputPrefix",
    "fileExtension": "FileExtension",
    "prefix": "Prefix",
    "roleArn": "RoleARN",
}


def _role(world: World, service: str, action: str) -> str:
    iam, name = world.client("iam"), world.name("stream")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=json.dumps(rights))
    return str(arn)


def _bucket(world: World) -> str:
    name = world.name("audit")
    world.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return f"arn:aws:s3:::{name}"


def delivery_stream(world: World) -> tuple[str, str]:
    """A stream that is there, and a role with which CloudWatch Logs may put records on it."""
    target = {"BucketARN": _bucket(world), "RoleARN": _role(world, "firehose.amazonaws.com", "s3:PutObject")}
    made = world.client("firehose").create_delivery_stream(
        DeliveryStreamName=world.name("stream"), ExtendedS3DestinationConfiguration=target
    )
    return str(made["DeliveryStreamARN"]), _role(world, "logs.amazonaws.com", "firehose:PutRecordBatch")


def _key(world: World) -> str:
    return str(world.client("kms").create_key()["KeyMetadata"]["Arn"])


def _destination(world: World) -> dict[str, Any]:
    return {
        "bucketArn": _bucket(world),
        "roleArn": _role(world, "firehose.amazonaws.com", "s3:PutObject"),
        "prefix": "audit/!{timestamp:yyyy}/",
        "errorOutputPrefix": "failed/!{firehose:error-output-type}/",
        "fileExtension": ".json.gz",
        "cloudwatchLoggingOptions": {"enabled": True, "logGroupName": "errors", "logStreamName": "DestinationDelivery"},
    }


def _inputs(world: World) -> dict[str, Any]:
    return {
        "name": world.name("audit"),
        "destination": "extended_s3",
        "extendedS3Configuration": _destination(world),
        "serverSideEncryption": {"enabled": True, "keyType": "CUSTOMER_MANAGED_CMK", "keyArn": _key(world)},
        "tags": {"data-classification": "regulated"},
    }


def _holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    client = world.client("firehose")
    there = client.describe_delivery_stream(DeliveryStreamName=inputs["name"])["DeliveryStreamDescription"]
    assert there["DeliveryStreamARN"] == arn
    wanted, (held,) = inputs["extendedS3Configuration"], there["Destinations"]
    target = held["ExtendedS3DestinationDescription"]
    for name, member in _PLAIN.items():
        assert (target.get(member) or None) == wanted.get(name), name
    hints = target["BufferingHints"]
    assert (hints["IntervalInSeconds"], hints["SizeInMBs"]) == (wanted["bufferingInterval"], wanted["bufferingSize"])
    key = target["EncryptionConfiguration"].get("KMSEncryptionConfig", {}).get("AWSKMSKeyARN")
    assert key == wanted.get("kmsKeyArn")
    encryption = there.get("DeliveryStreamEncryptionConfiguration", {})
    asked = inputs.get("serverSideEncryption") or {"enabled": False}
    assert (encryption.get("Status") == "ENABLED") == asked["enabled"]
    if asked["enabled"]:
        assert (encryption["KeyType"], encryption.get("KeyARN")) == (asked["keyType"], asked.get("keyArn"))
    tags = client.list_tags_for_delivery_stream(DeliveryStreamName=inputs["name"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


EXAMPLES = (
    Example(
        "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
        inputs=_inputs,
        holds=_holds,
        updates=(
            lambda world: {"extendedS3Configuration": _destination(world) | {"bufferingInterval": 60}},
            lambda world: {
                "extendedS3Configuration": {
                    "bucketArn": _bucket(world),
                    "roleArn": _role(world, "firehose.amazonaws.com", "s3:PutObject"),
                    "kmsKeyArn": _key(world),
                }
            },
            {"serverSideEncryption": {"enabled": True}},
            {"serverSideEncryption": {"enabled": False}},
            {"tags": {"more": "1"}},
        ),
    ),
)

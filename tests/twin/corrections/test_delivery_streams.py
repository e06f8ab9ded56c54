"""What a subscribed log group hands on and a stream delivers, against the guides of CloudWatch Logs and Firehose."""

import gzip
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.alarms import name, policy
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

FIREHOSE, LOGS = "firehose.amazonaws.com", "logs.amazonaws.com"
ANY_STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/*"


def role(twin: Twin, service: str, *statements: dict[str, Any], source: str = "*", boundary: str = "") -> str:
    """A role for a service, for one source alone."""
    iam, called = twin.client("iam"), name("role")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust |= {"Condition": {"ArnLike": {"aws:SourceArn": source}}}
    given = {"PermissionsBoundary": boundary} if boundary else {}
    arn = iam.create_role(RoleName=called, AssumeRolePolicyDocument=policy(trust), **given)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=called, PolicyName="it", PolicyDocument=policy(*statements))
    return str(arn)


def key(twin: Twin, *statements: dict[str, Any]) -> str:
    administer = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    whole = [one | {"Resource": "*"} for one in (administer, *statements)]
    return str(twin.client("kms").create_key(Policy=policy(*whole))["KeyMetadata"]["Arn"])


def bucket(twin: Twin, key_arn: str = "") -> str:
    s3, called = twin.client("s3"), name("audit")
    place = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=called, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
    lock = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    s3.put_object_lock_configuration(
        Bucket=called, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": lock}
    )
    if key_arn:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=called, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return called


def stream(twin: Twin, to: str, role_arn: str) -> str:
    called = name("stream")
    target = {
        "BucketARN": f"arn:aws:s3:::{to}",
        "RoleARN": role_arn,
        "Prefix": "audit/!{timestamp:yyyy/MM/dd}/",
        "ErrorOutputPrefix": "failed/!{firehose:error-output-type}/",
        "FileExtension": ".json.gz",
    }
    made = twin.client("firehose").create_delivery_stream(
        DeliveryStreamName=called, ExtendedS3DestinationConfiguration=target
    )
    return str(made["DeliveryStreamARN"])


def puts(to: str) -> dict[str, Any]:
    return allow(f"arn:aws:s3:::{to}/audit/*", "s3:PutObject")


def group(twin: Twin) -> str:
    logs, called = twin.client("logs"), name("group")
    logs.create_log_group(logGroupName=called)
    logs.create_log_stream(logGroupName=called, logStreamName="one")
    return called


def subscribe(twin: Twin, called: str, stream_arn: str, role_arn: str, pattern: str = "") -> None:
    twin.client("logs").put_subscription_filter(
        logGroupName=called, filterName="it", filterPattern=pattern, destinationArn=stream_arn, roleArn=role_arn
    )


def say(twin: Twin, called: str, *messages: str) -> None:
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    twin.client("logs").put_log_events(logGroupName=called, logStreamName="one", logEvents=events)


def objects(twin: Twin, of: str) -> list[str]:
    return [one["Key"] for one in twin.client("s3").list_objects_v2(Bucket=of).get("Contents", ())]


def test_what_is_logged_arrives_as_a_locked_object(twin: Twin) -> None:
    into, called = bucket(twin), group(twin)
    arn = stream(twin, into, role(twin, FIREHOSE, puts(into), source=ANY_STREAM))
    sender = role(twin, LOGS, allow(arn, "firehose:PutRecordBatch"), source=f"arn:aws:logs:{REGION}:{ACCOUNT}:*")
    subscribe(twin, called, arn, sender)
    assert objects(twin, into) == []  # the test message of a subscription is no event
    days = [time.strftime("audit/%Y/%m/%d/", time.gmtime())]
    say(twin, called, "first", "second")
    days.append(time.strftime("audit/%Y/%m/%d/", time.gmtime()))  # another one, where midnight has just passed
    (found,) = objects(twin, into)
    assert found.startswith(tuple(day + arn.rpartition("/")[2] for day in days))
    assert found.endswith(".json.gz")
    s3 = twin.client("s3")
    read = s3.get_object(Bucket=into, Key=found)
    envelope = json.loads(gzip.decompress(read["Body"].read()))
    assert (envelope["logGroup"], envelope["logStream"], envelope["owner"]) == (called, "one", ACCOUNT)
    assert [event["message"] for event in envelope["logEvents"]] == ["first", "second"]
    assert read["ObjectLockMode"] == "GOVERNANCE"
    with pytest.raises(ClientError) as refusal:
        s3.delete_object(Bucket=into, Key=found, VersionId=read["VersionId"])
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"


def test_only_what_matches_is_handed_on(twin: Twin) -> None:
    into, called = bucket(twin), group(twin)
    arn = stream(twin, into, role(twin, FIREHOSE, puts(into)))
    subscribe(twin, called, arn, role(twin, LOGS, allow(arn, "firehose:PutRecordBatch")), "wanted")
    say(twin, called, "something else")
    assert objects(twin, into) == []
    say(twin, called, "wanted", "something else")
    (found,) = objects(twin, into)
    envelope = json.loads(gzip.decompress(twin.client("s3").get_object(Bucket=into, Key=found)["Body"].read()))
    assert [event["message"] for event in envelope["logEvents"]] == ["wanted"]


@pytest.mark.parametrize("wrong", ["may not put", "another stream", "another service", "another source", "bounded"])
def test_a_subscription_needs_a_role_that_may_put_on_the_stream(twin: Twin, wrong: str) -> None:
    into, called = bucket(twin), group(twin)
    arn = stream(twin, into, role(twin, FIREHOSE, puts(into)))
    right = allow(arn, "firehose:PutRecordBatch")
    narrow = twin.client("iam").create_policy(
        PolicyName=name("boundary"), PolicyDocument=policy(allow("*", "s3:GetObject"))
    )["Policy"]["Arn"]
    sender = {
        "may not put": lambda: role(twin, LOGS),
        "another stream": lambda: role(twin, LOGS, allow(f"{arn}-another", "firehose:PutRecordBatch")),
        "another service": lambda: role(twin, FIREHOSE, right),
        "another source": lambda: role(twin, LOGS, right, source=f"arn:aws:logs:{REGION}:999999999999:*"),
        "bounded": lambda: role(twin, LOGS, right, boundary=narrow),
    }[wrong]()
    with pytest.raises(ClientError) as refusal:
        subscribe(twin, called, arn, sender)
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterException"


def put(twin: Twin, arn: str) -> None:
    twin.client("firehose").put_record(DeliveryStreamName=arn.rpartition("/")[2], Record={"Data": b"it"})


@pytest.mark.parametrize("wrong", ["may not put", "another prefix", "another service", "another source"])
def test_a_stream_delivers_with_its_role_alone(twin: Twin, wrong: str) -> None:
    into = bucket(twin)
    deliverer = {
        "may not put": lambda: role(twin, FIREHOSE),
        "another prefix": lambda: role(twin, FIREHOSE, allow(f"arn:aws:s3:::{into}/logs/*", "s3:PutObject")),
        "another service": lambda: role(twin, LOGS, puts(into)),
        "another source": lambda: role(twin, FIREHOSE, puts(into), source=f"{ANY_STREAM}-another"),
    }[wrong]()
    put(twin, stream(twin, into, deliverer))
    assert objects(twin, into) == []


@pytest.mark.parametrize("lets_in", [True, False])
def test_a_stream_needs_the_key_of_the_bucket(twin: Twin, lets_in: bool) -> None:
    use = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "kms:GenerateDataKey",
        "Condition": {
            "StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT},
            "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/role-*"},
        },
    }
    into = bucket(twin, key(twin, use) if lets_in else key(twin))
    put(twin, stream(twin, into, role(twin, FIREHOSE, puts(into))))
    assert len(objects(twin, into)) == (1 if lets_in else 0)


def test_a_stream_with_a_customers_key_needs_the_right_to_a_grant(twin: Twin) -> None:
    into, maker = bucket(twin), twin.role(name("maker"), allow("*", "firehose:*", "iam:PassRole"))
    deliverer = role(twin, FIREHOSE, puts(into))
    grant = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "kms:CreateGrant",
        "Condition": {
            "Bool": {"kms:GrantIsForAWSResource": "true"},
            "StringEquals": {"kms:ViaService": f"firehose.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT},
            "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"},
        },
    }
    client = twin.client("firehose", maker)

    def make(key_arn: str) -> None:
        client.create_delivery_stream(
            DeliveryStreamName=name("stream"),
            DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key_arn},
            ExtendedS3DestinationConfiguration={"BucketARN": f"arn:aws:s3:::{into}", "RoleARN": deliverer},
        )

    make(key(twin, grant))
    with pytest.raises(ClientError) as refusal:
        make(key(twin))
    assert refusal.value.response["Error"]["Code"] == "InvalidKMSResourceException"


def test_a_stream_tells_of_its_file_extension(twin: Twin) -> None:
    into = bucket(twin)
    arn = stream(twin, into, role(twin, FIREHOSE, puts(into)))
    told = twin.client("firehose").describe_delivery_stream(DeliveryStreamName=arn.rpartition("/")[2])
    (target,) = told["DeliveryStreamDescription"]["Destinations"]
    assert target["ExtendedS3DestinationDescription"]["FileExtension"] == ".json.gz"

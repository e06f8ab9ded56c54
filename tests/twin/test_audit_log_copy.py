"""The Kubernetes audit log of an environment that is up, on its way into the locked bucket.

EKS' part is the test's: it puts an event, which the cluster's own API server wrote down, into the log group under EKS'
name of a stream. Everything after that is the environment's: subscription, stream, roles, key, bucket, lock.
"""

import gzip
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.waiting import eventually
from twin.account import Account

GROUP, STREAM = "/aws/eks/groundwork-dev/cluster", "kube-apiserver-audit-0123456789abcdef0123456789abcdef"
NAME = "groundwork-dev-kubernetes-audit"
SECRET = "looked-for-by-somebody"


@pytest.fixture(scope="module")
def bucket(account: Account) -> str:
    (name,) = (one["Name"] for one in account.client("s3").list_buckets()["Buckets"] if "-dev-audit-" in one["Name"])
    return str(name)


@pytest.fixture(scope="module")
def event(dev: Project) -> str:
    """A line of the API server's own audit log: who asked for a secret."""
    api = administrator(dev)
    (folder,) = (dev.root / ".twin" / "kubernetes").glob("*-groundwork-dev")

    def asked() -> str | None:
        """A log that is full is put aside at any moment, and what was asked with it: then the next one has it."""
        assert api.get("v1", "Secret", SECRET, "default") is None
        lines = (folder / "audit" / "audit.log").read_text().splitlines()
        return next((line for line in reversed(lines) if SECRET in line), None)

    return eventually(asked, "the API server has written down who asked")


@pytest.fixture(scope="module")
def copy(account: Account, bucket: str, event: str) -> dict[str, Any]:
    """The object that came of it, once EKS has logged it."""
    logs, s3 = account.client("logs"), account.client("s3")
    there = {one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", ())}
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    said = [{"timestamp": int(time.time() * 1000), "message": event}]
    logs.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=said)
    (key,) = (one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", ()) if one["Key"] not in there)
    return {"Key": key, **s3.get_object(Bucket=bucket, Key=key)}


def test_who_asked_for_a_secret_is_in_the_locked_bucket(copy: dict[str, Any], event: str) -> None:
    assert copy["Key"].startswith(f"kubernetes-audit/events/{copy['LastModified']:%Y}/")
    assert copy["Key"].endswith(".json.gz")
    envelope = json.loads(gzip.decompress(copy["Body"].read()))
    assert (envelope["logGroup"], envelope["logStream"]) == (GROUP, STREAM)
    (logged,) = (json.loads(one["message"]) for one in envelope["logEvents"])
    assert logged == json.loads(event)
    assert (logged["verb"], logged["objectRef"]["resource"], logged["objectRef"]["name"]) == ("get", "secrets", SECRET)
    assert logged["user"]["username"]


def test_it_is_encrypted_by_the_key_of_regulated_data(
    account: Account, copy: dict[str, Any], outputs: dict[str, Any]
) -> None:
    key = account.client("kms").describe_key(KeyId=outputs["key_alias_regulated"])["KeyMetadata"]["Arn"]
    assert (copy["ServerSideEncryption"], copy["SSEKMSKeyId"]) == ("aws:kms", key)
    held = account.client("firehose").describe_delivery_stream(DeliveryStreamName=NAME)["DeliveryStreamDescription"]
    encryption = held["DeliveryStreamEncryptionConfiguration"]
    assert (encryption["Status"], encryption["KeyType"], encryption["KeyARN"]) == (
        "ENABLED",
        "CUSTOMER_MANAGED_CMK",
        key,
    )


def test_it_cannot_be_deleted(dev: Project, account: Account, bucket: str, copy: dict[str, Any]) -> None:
    lock = dev.settings()["stores"]["audit"]["object_lock"]
    assert copy["ObjectLockMode"] == lock["mode"]
    with pytest.raises(ClientError) as refusal:
        account.client("s3").delete_object(Bucket=bucket, Key=copy["Key"], VersionId=copy["VersionId"])
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"


def test_a_stream_of_the_log_that_is_new_arrives_too(account: Account, bucket: str, copy: dict[str, Any]) -> None:
    """The subscription is on the whole log, not on the streams that were there when it was made."""
    logs, s3 = account.client("logs"), account.client("s3")
    before = s3.list_objects_v2(Bucket=bucket, Prefix="kubernetes-audit/")["KeyCount"]
    logs.create_log_stream(logGroupName=GROUP, logStreamName="authenticator-0123")
    said = [{"timestamp": int(time.time() * 1000), "message": "access granted"}]
    logs.put_log_events(logGroupName=GROUP, logStreamName="authenticator-0123", logEvents=said)
    assert s3.list_objects_v2(Bucket=bucket, Prefix="kubernetes-audit/")["KeyCount"] == before + 1

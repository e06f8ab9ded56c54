"""S3 against its API reference: who may use a key may read, and nobody else; the account's public access block."""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

BUCKET = "groundwork-test-data"
OBJECTS = f"arn:aws:s3:::{BUCKET}/*"
CONTENT = b"a model"
KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"


@pytest.fixture(scope="module")
def s3(twin: Twin) -> Any:
    return twin.client("s3")


@pytest.fixture(scope="module")
def keys(twin: Twin) -> dict[str, str]:
    kms = twin.client("kms")
    return {name: kms.create_key(Description=name)["KeyMetadata"]["Arn"] for name in ("own", "other")}


@pytest.fixture(scope="module")
def bucket(s3: Any, keys: dict[str, str]) -> str:
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys["own"]}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": rules})
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{BUCKET}", OBJECTS],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "NoOtherKey", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": OBJECTS,
                "Condition": {"Null": {KEY_HEADER: "false"}, "StringNotEquals": {KEY_HEADER: keys["own"]}},
            },
        ],
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    s3.put_object(Bucket=BUCKET, Key="model", Body=CONTENT)
    return BUCKET


@pytest.fixture(scope="module")
def with_key(twin: Twin, keys: dict[str, str], bucket: str) -> dict[str, str]:
    uses = allow(keys["own"], "kms:Decrypt", "kms:GenerateDataKey")
    via_s3 = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    in_bucket = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}*"}}
    return twin.role("with-key", allow(OBJECTS, "s3:*"), uses | {"Condition": via_s3 | in_bucket})


@pytest.fixture(scope="module")
def without_key(twin: Twin, bucket: str) -> dict[str, str]:
    return twin.role("without-key", allow([f"arn:aws:s3:::{bucket}", OBJECTS], "s3:*"))


def denied(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return str(caught.value)


def test_a_role_with_the_keys_grant_reads_and_writes(
    twin: Twin, with_key: dict[str, str], keys: dict[str, str]
) -> None:
    """GetObject needs kms:Decrypt, PutObject kms:GenerateDataKey; the object says which key it has."""
    client = twin.client("s3", with_key)
    assert client.get_object(Bucket=BUCKET, Key="model")["Body"].read() == CONTENT
    assert client.put_object(Bucket=BUCKET, Key="mine", Body=b"x")["SSEKMSKeyId"] == keys["own"]
    head = client.head_object(Bucket=BUCKET, Key="mine")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", keys["own"])
    client.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "mine"})
    upload = client.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    part = client.upload_part(Bucket=BUCKET, Key="parts", PartNumber=1, UploadId=upload, Body=b"y")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload=parts)
    assert client.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == b"y"


def test_a_role_without_the_keys_grant_neither_reads_nor_writes(
    twin: Twin, s3: Any, without_key: dict[str, str], keys: dict[str, str]
) -> None:
    """s3:* alone is not enough for an object under a customer managed key; without encryption it is."""
    client = twin.client("s3", without_key)
    assert "kms:Decrypt" in denied(client.get_object, Bucket=BUCKET, Key="model")
    assert "kms:GenerateDataKey" in denied(client.put_object, Bucket=BUCKET, Key="never", Body=b"x")
    denied(client.create_multipart_upload, Bucket=BUCKET, Key="never")
    denied(client.copy_object, Bucket=BUCKET, Key="never", CopySource={"Bucket": BUCKET, "Key": "model"})
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET, Prefix="never").get("Contents", [])] == []
    assert client.head_object(Bucket=BUCKET, Key="model")["SSEKMSKeyId"] == keys["own"]


def test_a_presigned_url_is_worth_what_its_signer_may(twin: Twin, with_key: Any, without_key: Any) -> None:
    """A query signature is checked as a header's is."""
    context = ssl.create_default_context(cafile=str(twin.root / "certificates" / "ca.pem"))
    asked = {"Bucket": BUCKET, "Key": "model"}
    url = twin.client("s3", with_key, signature_version="s3v4").generate_presigned_url("get_object", Params=asked)
    assert urllib.request.urlopen(url, context=context).read() == CONTENT  # noqa: S310 - the URL is the twin's
    url = twin.client("s3", without_key, signature_version="s3v4").generate_presigned_url("get_object", Params=asked)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url, context=context)  # noqa: S310 - the URL is the twin's


def test_the_key_policy_has_the_last_word(twin: Twin, s3: Any) -> None:
    """A key policy that does not let IAM policies grant its use denies the role that IAM would allow."""
    kms = twin.client("kms")
    sealed = kms.create_key(Description="sealed")["KeyMetadata"]["Arn"]
    other = "groundwork-test-sealed"
    s3.create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=other, Key="o", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=sealed)
    reader = twin.role("sealed-reader", allow("*", "s3:*", "kms:*"))
    assert twin.client("s3", reader).get_object(Bucket=other, Key="o")["Body"].read() == b"x"
    administrators = {
        "Sid": "Administration", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/administrator"},
        "Action": "kms:*", "Resource": "*",
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [administrators]})
    kms.put_key_policy(KeyId=sealed, PolicyName="default", Policy=document)
    denied(twin.client("s3", reader).get_object, Bucket=other, Key="o")


@pytest.mark.parametrize("wrong", ["other", "unknown"])
def test_an_upload_with_another_key_is_denied(
    twin: Twin, with_key: dict[str, str], keys: dict[str, str], wrong: str
) -> None:
    """Bucket policy condition s3:x-amz-server-side-encryption-aws-kms-key-id; the bucket's own key is let through."""
    client = twin.client("s3", with_key)
    chosen = {"Bucket": BUCKET, "Body": b"x", "ServerSideEncryption": "aws:kms"}
    client.put_object(**chosen, Key="same", SSEKMSKeyId=keys["own"])
    with pytest.raises(ClientError) as caught:
        client.put_object(**chosen, Key="wrong", SSEKMSKeyId=keys.get(wrong, "11111111-2222-3333-4444-555555555555"))
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "KMS.NotFoundException")


def test_an_object_whose_key_is_disabled_cannot_be_read(twin: Twin, s3: Any) -> None:
    """KMS.DisabledException, for the account's root as well."""
    kms = twin.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    name = "groundwork-test-disabled"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="o", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError, match=r"KMS\.DisabledException"):
        s3.get_object(Bucket=name, Key="o")
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=name, Key="o")["Body"].read() == b"x"


def test_plain_http_and_anonymous_callers_are_denied(twin: Twin, with_key: dict[str, str]) -> None:
    """aws:SecureTransport; a claim in X-Forwarded-Proto changes nothing."""
    plain = twin.client("s3", with_key, tls=False)
    denied(plain.get_object, Bucket=BUCKET, Key="model")
    plain.meta.events.register(
        "before-send.s3", lambda request, **_: request.headers.update({"x-forwarded-proto": "https"})
    )
    denied(plain.get_object, Bucket=BUCKET, Key="model")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{twin.known.http_port}/{BUCKET}/model")


def test_a_bucket_policy_denies_the_accounts_root_too(twin: Twin, s3: Any, keys: dict[str, str], bucket: str) -> None:
    """An explicit Deny has the last word; only the bucket's policy itself stays in root's hands."""
    plain = twin.client("s3", tls=False)
    denied(plain.get_object, Bucket=bucket, Key="model")
    denied(plain.list_objects_v2, Bucket=bucket)
    denied(plain.put_object, Bucket=bucket, Key="never", Body=b"x")
    denied(plain.copy_object, Bucket=bucket, Key="never", CopySource={"Bucket": bucket, "Key": "model"})
    chosen = {"Bucket": bucket, "Key": "root", "Body": b"x", "ServerSideEncryption": "aws:kms"}
    denied(s3.put_object, **chosen, SSEKMSKeyId=keys["other"])
    s3.put_object(**chosen, SSEKMSKeyId=keys["own"])
    assert s3.get_object(Bucket=bucket, Key="root")["Body"].read() == b"x"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="never")["KeyCount"] == 0

    locked = "groundwork-test-locked"
    s3.create_bucket(Bucket=locked, CreateBucketConfiguration={"LocationConstraint": REGION})
    nobody = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{locked}", f"arn:aws:s3:::{locked}/*"],
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    s3.put_bucket_policy(Bucket=locked, Policy=policy)
    denied(s3.put_object, Bucket=locked, Key="o", Body=b"x")
    denied(s3.get_bucket_versioning, Bucket=locked)
    assert json.loads(s3.get_bucket_policy(Bucket=locked)["Policy"])["Statement"] == [nobody]
    s3.put_bucket_policy(Bucket=locked, Policy=policy)
    s3.delete_bucket_policy(Bucket=locked)
    s3.put_object(Bucket=locked, Key="o", Body=b"x")


def test_the_account_has_a_public_access_block(twin: Twin) -> None:
    """S3 Control: PutPublicAccessBlock, GetPublicAccessBlock, DeletePublicAccessBlock."""
    control = twin.client("s3control")
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        control.get_public_access_block(AccountId=ACCOUNT)
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    shown = control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]
    assert shown == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    nobody = twin.client("s3control", twin.role("no-control", allow("*", "s3:GetObject")))
    denied(nobody.put_public_access_block, AccountId=ACCOUNT, PublicAccessBlockConfiguration={})
    denied(nobody.get_public_access_block, AccountId=ACCOUNT)
    control.delete_public_access_block(AccountId=ACCOUNT)
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        control.get_public_access_block(AccountId=ACCOUNT)


def test_a_lifecycle_keeps_its_minimum_object_size(s3: Any, bucket: str) -> None:
    """PutBucketLifecycleConfiguration: TransitionDefaultMinimumObjectSize."""
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    chosen = {"Bucket": bucket, "LifecycleConfiguration": {"Rules": [rule]}}
    size = "varies_by_storage_class"
    assert s3.put_bucket_lifecycle_configuration(**chosen, TransitionDefaultMinimumObjectSize=size)[
        "TransitionDefaultMinimumObjectSize"] == size  # fmt: skip
    shown = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert (shown["TransitionDefaultMinimumObjectSize"], shown["Rules"]) == (size, [rule])
    s3.put_bucket_lifecycle_configuration(**chosen)
    shown = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert shown["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"


def test_a_large_object_passes_whole(s3: Any, bucket: str) -> None:
    """Bodies are streamed past the corrections, in both directions."""
    content = bytes(range(256)) * 40_000
    s3.put_object(Bucket=bucket, Key="large", Body=content)
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == content
    assert s3.get_object(Bucket=bucket, Key="large", Range="bytes=5-9")["Body"].read() == content[5:10]


def test_a_policy_is_public_or_not(twin: Twin, s3: Any, without_key: dict[str, str], bucket: str) -> None:
    """GetBucketPolicyStatus: NoSuchBucketPolicy without a policy; a Deny for all is not public, an Allow for all is."""
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    assert twin.client("s3", without_key).get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    other = "groundwork-test-public"
    s3.create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy_status(Bucket=other)
    s3.delete_public_access_block(Bucket=other)
    everyone = allow(f"arn:aws:s3:::{other}/*", "s3:GetObject") | {"Principal": "*"}
    s3.put_bucket_policy(Bucket=other, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everyone]}))
    assert s3.get_bucket_policy_status(Bucket=other)["PolicyStatus"] == {"IsPublic": True}
    lister = twin.role("lister", allow(f"arn:aws:s3:::{other}", "s3:ListBucket"))
    denied(twin.client("s3", lister).get_bucket_policy_status, Bucket=other)

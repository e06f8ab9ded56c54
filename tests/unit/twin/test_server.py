"""The AWS API as clients see it: who is let in, what it takes for TLS, and what a crash leaves."""

import http.client
import json
import signal
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.kept_state import wait_for, wait_until_kept
from tests.unit.twin.conftest import ACCOUNT_ID, REGION, Clone
from twin.account import Account
from twin.aws import checkpoint
from twin.state import TwinState

TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def code(call: Callable[..., Any], **parameters: Any) -> str:
    """The error code of a call that is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


def get(clone: Clone, held: TwinState, path: str, headers: dict[str, str]) -> int:
    """The status of a GET at the endpoint."""
    trusted = ssl.create_default_context(cafile=clone.places.certificates / "ca.pem")
    with closing(http.client.HTTPSConnection("127.0.0.1", held.https_port, context=trusted)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status


def make_bucket(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def test_the_root_user_of_the_account_is_who_it_says(running: tuple[Clone, TwinState]) -> None:
    clone, held = running
    assert clone.account(held).client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT_ID}:root"


@pytest.mark.parametrize("access_key_id", [ACCOUNT_ID, "test", "AKIAIOSFODNN7EXAMPLE"])
def test_a_wrong_secret_is_denied(running: tuple[Clone, TwinState], access_key_id: str) -> None:
    clone, held = running
    wrong = replace(clone.account(held), access_key_id=access_key_id, secret_access_key="wrong")
    said = {
        code(wrong.client("s3").list_buckets),
        code(wrong.client("iam").list_roles),
        code(wrong.client("ec2").describe_vpcs),
        code(wrong.client("kms").list_keys),
        code(wrong.client("sts").get_caller_identity),
    }
    known = {"SignatureDoesNotMatch", "AuthFailure", "InvalidSignatureException"}
    unknown = {"InvalidAccessKeyId", "InvalidClientTokenId", "AuthFailure", "UnrecognizedClientException"}
    assert said == (unknown if access_key_id.startswith("AKIA") else known)


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_is_let_in_with_its_own_signature_only(running: tuple[Clone, TwinState], version: str) -> None:
    clone, held = running
    make_bucket(clone.account(held).client("s3"), f"presigned-{version}")
    clone.account(held).client("s3").put_object(Bucket=f"presigned-{version}", Key="a", Body=b"a")

    def status(account: Account) -> int:
        session = boto3.Session(account.access_key_id, account.secret_access_key, region_name=REGION)
        client = session.client("s3", endpoint_url=held.endpoint, config=Config(signature_version=version))
        url = client.generate_presigned_url("get_object", Params={"Bucket": f"presigned-{version}", "Key": "a"})
        return get(clone, held, url.removeprefix(held.endpoint), {})

    assert status(clone.account(held)) == 200
    assert status(replace(clone.account(held), secret_access_key="wrong")) == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="unsigned"),
        pytest.param({"Authorization": "Basic cm9vdDpyb290"}, id="basic"),
        pytest.param({"Authorization": "Bearer root"}, id="bearer"),
        pytest.param({"Authorization": f"AWS {ACCOUNT_ID}:abc"}, id="version 2"),
        pytest.param({"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT_ID}/2026/x/iam/aws4_request"}, id="bare"),
    ],
)
def test_nobody_is_root_without_a_signature(running: tuple[Clone, TwinState], headers: dict[str, str]) -> None:
    clone, held = running
    iam = headers | {"Host": "iam.amazonaws.com"}
    assert get(clone, held, "/?Action=ListRoles&Version=2010-05-08", iam) in (400, 403)
    assert get(clone, held, f"/?Action=ListRoles&Version=2010-05-08&AWSAccessKeyId={ACCOUNT_ID}", iam) in (400, 403)


def user(root: Account, name: str, action: str) -> Account:
    """An IAM user who may do one thing, everywhere."""
    iam = root.client("iam")
    iam.create_user(UserName=name)
    allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return replace(root, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


def test_a_user_may_do_what_is_granted_and_nothing_else(running: tuple[Clone, TwinState]) -> None:
    clone, held = running
    ada = user(clone.account(held), "ada", "s3:ListAllMyBuckets")
    ada.client("s3").list_buckets()
    assert code(ada.client("s3").create_bucket, Bucket="adas") == "AccessDenied"
    assert code(ada.client("iam").list_roles) == "AccessDenied"


def test_plain_http_is_denied_by_a_bucket_that_asks_for_tls(running: tuple[Clone, TwinState]) -> None:
    clone, held = running
    make_bucket(clone.account(held).client("s3"), "tls-only")
    secure = user(clone.account(held), "writer", "s3:*")
    plain = replace(secure, endpoint_url=f"http://127.0.0.1:{held.http_port}", ca_bundle=None).client("s3")
    plain.put_object(Bucket="tls-only", Key="a", Body=b"a")
    clone.account(held).client("s3").put_bucket_policy(Bucket="tls-only", Policy=json.dumps(TLS_ONLY))
    assert code(plain.put_object, Bucket="tls-only", Key="a", Body=b"a") == "AccessDenied"
    secure.client("s3").put_object(Bucket="tls-only", Key="a", Body=b"a")


def test_a_client_cannot_claim_tls_by_a_header(running: tuple[Clone, TwinState]) -> None:
    clone, held = running
    secure = clone.account(held).client("s3")
    make_bucket(secure, "anyone")
    secure.delete_public_access_block(Bucket="anyone")
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::anyone/*"}
    by_tls = everyone | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    secure.put_bucket_policy(Bucket="anyone", Policy=json.dumps({"Version": "2012-10-17", "Statement": [by_tls]}))
    secure.put_object(Bucket="anyone", Key="a", Body=b"a")

    claim = {"X-Forwarded-Proto": "https"}
    assert get(clone, held, "/anyone/a", claim) == 200
    with closing(http.client.HTTPConnection("127.0.0.1", held.http_port)) as plain:
        plain.request("GET", "/anyone/a", headers=claim)
        assert plain.getresponse().status == 403


def test_the_endpoint_is_trusted_by_its_own_authority_only(running: tuple[Clone, TwinState]) -> None:
    _, held = running
    with (
        socket.create_connection(("127.0.0.1", held.https_port)) as raw,
        pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"),
    ):
        ssl.create_default_context().wrap_socket(raw, server_hostname="localhost")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_certificate_holds_for_every_name_it_is_called_by(running: tuple[Clone, TwinState], name: str) -> None:
    clone, held = running
    trusted = ssl.create_default_context(cafile=clone.places.certificates / "ca.pem")
    with (
        socket.create_connection(("127.0.0.1", held.https_port)) as raw,
        trusted.wrap_socket(raw, server_hostname=name) as connection,
    ):
        assert connection.version() == "TLSv1.3"


def test_what_was_built_is_there_after_kill_9(clone: Clone) -> None:
    held = clone.start()
    account = clone.account(held)
    s3, kms, iam, ec2 = (account.client(service) for service in ("s3", "kms", "iam", "ec2"))
    make_bucket(s3, "tls-only")
    s3.put_bucket_versioning(Bucket="tls-only", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps(TLS_ONLY))
    s3.put_object(Bucket="tls-only", Key="weights", Body=b"0123")
    key = kms.create_key(Description="data")["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    secret = kms.encrypt(KeyId=key, Plaintext=b"hidden")["CiphertextBlob"]
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    wait_until_kept(clone.places.root, account.client("iam"))
    killed = psutil.Process(held.processes["aws"].pid)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)

    assert clone.start().processes["aws"].pid != killed.pid
    assert s3.get_bucket_versioning(Bucket="tls-only")["Status"] == "Enabled"
    assert json.loads(s3.get_bucket_policy(Bucket="tls-only")["Policy"]) == TLS_ONLY
    assert s3.get_object(Bucket="tls-only", Key="weights")["Body"].read() == b"0123"
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    assert kms.decrypt(KeyId=key, CiphertextBlob=secret)["Plaintext"] == b"hidden"
    assert iam.get_role(RoleName="reader")["Role"]["RoleName"] == "reader"
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert (found["VpcId"], found["CidrBlock"]) == (vpc, "10.7.1.0/24")


def test_reading_writes_nothing(clone: Clone) -> None:
    account = clone.account(clone.start())
    account.client("ec2").describe_regions()  # with the first request, EC2 makes the account's default VPC
    make_bucket(account.client("s3"), "quiet")
    wait_until_kept(clone.places.root, account.client("iam"))
    files = {path: path.stat().st_mtime_ns for path in (clone.places.root / "aws" / "state").glob("*.json")}
    assert files
    account.client("s3").list_buckets()
    account.client("ec2").describe_regions()  # a POST, as every call of EC2
    account.client("s3").put_bucket_versioning(Bucket="quiet", VersioningConfiguration={"Status": "Enabled"})
    wait_for(clone.places.root, "s3", "Enabled")
    time.sleep(checkpoint.SETTLE_SECONDS)  # for what else would be written with it
    changed = [path.name for path, written in files.items() if path.stat().st_mtime_ns != written]
    assert changed == ["s3.json"]


def test_stop_does_not_wait_for_clients_that_hold_connections_open(clone: Clone) -> None:
    held = clone.start()
    clone.account(held).client("sts").get_caller_identity()
    began = time.monotonic()
    clone.stop()
    assert time.monotonic() - began < 20, "asyncio itself would wait for 30 s"


def test_another_version_of_the_emulator_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def application(*_: object) -> None:
        """Never called."""

    monkeypatch.setattr(checkpoint, "version", lambda _: "1.6.0")
    with pytest.raises(RuntimeError, match=r"ministack 1\.6\.0 is installed; .* private names of 1\.5\.33"):
        checkpoint.Checkpoint(application, tmp_path)

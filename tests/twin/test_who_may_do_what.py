"""Access really is denied, and really is given: tried with plain clients against the emulator with IAM enforced."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import psycopg
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.project import Project
from tests.twin.actors import trusting_the_account
from twin.account import Account

BODY = b"weights"


@pytest.fixture(scope="module")
def as_role(account: Account) -> Callable[[str], Account]:
    """Become a workload's role. Pods assume it through EKS; here its trust, and only that, is opened to the account."""

    def become(role_arn: str) -> Account:
        with trusting_the_account(account, role_arn.rsplit("/", 1)[-1]):
            return account.assume(role_arn)

    return become


def trusting(account: Account) -> str:
    """A trust policy that lets the account itself assume a role."""
    principal = {"AWS": f"arn:aws:iam::{account.access_key_id}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def denied(call: Callable[[], object]) -> str:
    """The error code with which AWS refuses the call; fails when it does not."""
    with pytest.raises(ClientError) as refusal:
        call()
    status = refusal.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status in (400, 403), refusal.value
    code: str = refusal.value.response["Error"]["Code"]
    return code


def test_nobody_reads_or_lists_a_bucket_without_credentials(account: Account, outputs: dict[str, Any]) -> None:
    anyone = boto3.client(
        "s3", endpoint_url=account.endpoint_url, verify=account.ca_bundle, region_name=account.region,
        config=Config(signature_version=UNSIGNED),
    )  # fmt: skip
    account.client("s3").put_object(Bucket=outputs["bucket_artifacts"], Key="models/anonymous", Body=BODY)
    assert (
        denied(lambda: anyone.get_object(Bucket=outputs["bucket_artifacts"], Key="models/anonymous")) == "AccessDenied"
    )
    assert denied(lambda: anyone.list_objects_v2(Bucket=outputs["bucket_artifacts"])) == "AccessDenied"


def test_a_role_reads_and_writes_what_it_was_given(
    outputs: dict[str, Any], as_role: Callable[[str], Account], account: Account
) -> None:
    trainer = as_role(outputs["role_trainer"]).client("s3")
    trainer.put_object(Bucket=outputs["bucket_artifacts"], Key="models/mine", Body=BODY)
    written = account.client("s3").head_object(Bucket=outputs["bucket_artifacts"], Key="models/mine")
    assert written["ServerSideEncryption"] == "aws:kms"
    assert trainer.get_object(Bucket=outputs["bucket_artifacts"], Key="models/mine")["Body"].read() == BODY


def test_a_role_is_denied_what_it_was_not_given(
    outputs: dict[str, Any], as_role: Callable[[str], Account], account: Account
) -> None:
    trainer = as_role(outputs["role_trainer"]).client("s3")
    account.client("s3").put_object(Bucket=outputs["bucket_datasets"], Key="ours", Body=BODY)
    assert trainer.get_object(Bucket=outputs["bucket_datasets"], Key="ours")["Body"].read() == BODY
    for refused in (
        lambda: trainer.put_object(Bucket=outputs["bucket_datasets"], Key="theirs", Body=BODY),  # may read only
        lambda: trainer.put_object(Bucket=outputs["bucket_artifacts"], Key="mlflow/x", Body=BODY),  # another prefix
        lambda: trainer.list_objects_v2(Bucket=outputs["bucket_audit"]),  # another bucket
        lambda: trainer.delete_bucket(Bucket=outputs["bucket_artifacts"]),
    ):
        assert denied(refused) == "AccessDenied"


def test_a_role_with_the_right_to_the_bucket_and_none_to_its_key_reads_nothing(
    outputs: dict[str, Any], account: Account
) -> None:
    s3, iam = account.client("s3"), account.client("iam")
    s3.put_object(Bucket=outputs["bucket_dvc"], Key="encrypted", Body=BODY)
    read = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{outputs['bucket_dvc']}/*"}
    ]}  # fmt: skip
    arn = iam.create_role(RoleName="no-key", AssumeRolePolicyDocument=trusting(account))["Role"]["Arn"]
    try:
        iam.put_role_policy(RoleName="no-key", PolicyName="read", PolicyDocument=json.dumps(read))
        stranger = account.assume(arn).client("s3")
        assert denied(lambda: stranger.get_object(Bucket=outputs["bucket_dvc"], Key="encrypted")) == "AccessDenied"
    finally:
        iam.delete_role_policy(RoleName="no-key", PolicyName="read")
        iam.delete_role(RoleName="no-key")


def test_nothing_is_served_over_plain_http(
    dev: Project, outputs: dict[str, Any], as_role: Callable[[str], Account]
) -> None:
    trainer = as_role(outputs["role_trainer"])
    ports = json.loads((dev.root / ".twin/twin.json").read_text())
    plain = replace(trainer, endpoint_url=f"http://127.0.0.1:{ports['http_port']}", ca_bundle=None)
    assert plain.client("sts").get_caller_identity()["Arn"].split("/")[1] in outputs["role_trainer"], "it answers"
    ours = {"Bucket": outputs["bucket_artifacts"], "Prefix": "models/"}
    assert denied(lambda: plain.client("s3").list_objects_v2(**ours)) == "AccessDenied"
    assert trainer.client("s3").list_objects_v2(**ours)["KeyCount"] >= 0


def test_an_upload_that_names_another_key_is_refused(
    account: Account, outputs: dict[str, Any], as_role: Callable[[str], Account]
) -> None:
    trainer = as_role(outputs["role_trainer"]).client("s3")
    other = account.client("kms").describe_key(KeyId=outputs["key_alias_internal"])["KeyMetadata"]["Arn"]
    wrong = {"Bucket": outputs["bucket_artifacts"], "Key": "models/wrong", "Body": BODY}
    assert (
        denied(lambda: trainer.put_object(**wrong, ServerSideEncryption="aws:kms", SSEKMSKeyId=other)) == "AccessDenied"
    )
    assert denied(lambda: trainer.put_object(**wrong, ServerSideEncryption="AES256")) == "AccessDenied"
    trainer.put_object(**wrong)  # only the encryption was wrong


def database_login(account: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    secret = account.client("secretsmanager").get_secret_value(SecretId=outputs["database_master_secret_arn"])
    login = json.loads(secret["SecretString"])
    host, port = outputs["database_endpoint"].split(":")
    return {
        "host": host, "port": int(port), "dbname": outputs["database_name"],
        "user": login["username"], "password": login["password"],
    }  # fmt: skip


def test_the_database_takes_the_secrets_password_over_tls_and_nothing_without_tls(
    dev: Project, account: Account, outputs: dict[str, Any]
) -> None:
    login = database_login(account, outputs)
    authority = dev.twin_variables()["PGSSLROOTCERT"]
    with psycopg.connect(**login, sslmode="verify-full", sslrootcert=authority) as connection:
        row = connection.execute("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()").fetchone()
        assert row is not None
        assert row[0] is True
        assert row[1] in ("TLSv1.2", "TLSv1.3")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(**login, sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**{**login, "password": "guessed"}, sslmode="verify-full", sslrootcert=authority)


def test_plain_psql_works_in_a_shell_that_has_the_twins_variables(
    dev: Project, account: Account, outputs: dict[str, Any]
) -> None:
    login = database_login(account, outputs)
    address = (
        f"host={login['host']} port={login['port']} dbname={login['dbname']} user={login['user']} sslmode=verify-full"
    )
    done = subprocess.run(
        ["/usr/bin/env", "psql", address, "-Atc", "select 41 + 1"],
        env={**dev.twin_variables(), "PGPASSWORD": login["password"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 127:
        pytest.skip("psql is not installed on this machine; the same connection is tested through psycopg")
    assert done.stdout.strip() == "42", done.stderr


def test_rows_outlive_a_restart_of_the_database_and_of_the_whole_twin(
    dev: Project, account: Account, outputs: dict[str, Any]
) -> None:
    tls: dict[str, Any] = {"sslmode": "verify-full", "sslrootcert": dev.twin_variables()["PGSSLROOTCERT"]}
    with psycopg.connect(**database_login(account, outputs), **tls) as connection:
        connection.execute("create table if not exists runs (id int primary key)")
        connection.execute("insert into runs values (7) on conflict do nothing")
    dev.groundwork("twin", "stop", "--keep-state")
    dev.groundwork("twin", "start")
    with psycopg.connect(**database_login(account, outputs), **tls) as connection:
        assert connection.execute("select id from runs").fetchall() == [(7,)]


def test_no_secret_is_in_the_state_or_in_what_is_printed(
    dev: Project, account: Account, outputs: dict[str, Any]
) -> None:
    password = database_login(account, outputs)["password"]
    root_secret = account.secret_access_key
    for path in (dev.root / ".twin/pulumi").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert password.encode() not in content, path
            assert root_secret.encode() not in content, path
    for log in (dev.root / ".twin/logs").iterdir():
        assert password.encode() not in log.read_bytes(), log


def test_secrets_are_in_files_that_only_their_owner_reads(dev: Project) -> None:
    assert os.stat(dev.root / ".twin").st_mode & 0o077 == 0
    for name in ("twin.json", "certificates/server.key"):
        assert os.stat(dev.root / ".twin" / name).st_mode & 0o077 == 0, name

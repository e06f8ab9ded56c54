"""Secrets Manager against its API reference: values and versions, keys, resource policies, tags, deletion."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
VIA = {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    """The code and the message of a call that is refused."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.fixture
def name() -> str:
    return f"groundwork-test/{uuid.uuid4().hex[:8]}/server"


@pytest.fixture
def root(twin: Twin) -> Any:
    return twin.client("secretsmanager")


def who(twin: Twin, *statements: dict[str, Any]) -> Any:
    return twin.client("secretsmanager", twin.role(f"role-{uuid.uuid4().hex[:8]}", *statements))


def key_for(twin: Twin, *secrets: str) -> str:
    """A key whose policy lets anybody of the account use it through Secrets Manager, for these secrets only."""
    statements = [
        {"Sid": "Administer", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
         "Action": ["kms:DescribeKey", "kms:PutKeyPolicy"], "Resource": "*"},
        {"Sid": "Use", "Effect": "Allow", "Principal": "*", "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
         "Resource": "*", "Condition": {
             "StringEquals": {**VIA["StringEquals"], "kms:CallerAccount": ACCOUNT},
             "StringLike": {"kms:EncryptionContext:SecretARN": list(secrets)}}},
    ]  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(twin.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


def test_a_secret_without_a_value_has_no_version_until_it_gets_one(root: Any, name: str) -> None:
    """CreateSecret, GetSecretValue, PutSecretValue, ListSecretVersionIds."""
    made = root.create_secret(Name=name)
    assert "VersionId" not in made
    assert not root.describe_secret(SecretId=name).get("VersionIdsToStages")
    code, message = refused(root.get_secret_value, SecretId=name)
    assert code == "ResourceNotFoundException"
    assert "staging label: AWSCURRENT" in message
    assert root.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"] == []
    first = root.put_secret_value(SecretId=name, SecretString="one")
    assert first["VersionStages"] == ["AWSCURRENT"]
    assert root.describe_secret(SecretId=name)["VersionIdsToStages"] == {first["VersionId"]: ["AWSCURRENT"]}


def test_the_value_before_stays_readable_and_the_one_before_that_does_not(root: Any, name: str) -> None:
    """PutSecretValue: AWSCURRENT, AWSPREVIOUS."""
    root.create_secret(Name=name, SecretString="one")
    for value in ("two", "three"):
        root.put_secret_value(SecretId=name, SecretString=value)
    assert root.get_secret_value(SecretId=name)["SecretString"] == "three"
    assert root.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "two"
    labels = sorted(label for version in root.list_secret_version_ids(SecretId=name)["Versions"]
                    for label in version["VersionStages"])  # fmt: skip
    assert labels == ["AWSCURRENT", "AWSPREVIOUS"]


def test_a_put_that_is_repeated_is_one_version(root: Any, name: str) -> None:
    """ClientRequestToken: the same value is no new version, another value is refused, and nothing is lost."""
    root.create_secret(Name=name, SecretString="one")
    token = str(uuid.uuid4())
    for _ in range(2):
        put = root.put_secret_value(SecretId=name, SecretString="two", ClientRequestToken=token)
        assert (put["VersionId"], put["VersionStages"]) == (token, ["AWSCURRENT"])
    assert root.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    other = {"SecretId": name, "SecretString": "three", "ClientRequestToken": token}
    assert refused(root.put_secret_value, **other)[0] == "ResourceExistsException"
    assert root.get_secret_value(SecretId=name)["SecretString"] == "two"
    assert refused(root.put_secret_value, SecretId=name)[0] == "InvalidParameterException"


def test_a_label_of_ones_own_is_on_one_version(root: Any, name: str) -> None:
    """PutSecretValue, VersionStages: the label moves, and AWSCURRENT stays where it is."""
    root.create_secret(Name=name, SecretString="one")
    for value in ("two", "three"):
        root.put_secret_value(SecretId=name, SecretString=value, VersionStages=["blue"])
    assert root.get_secret_value(SecretId=name, VersionStage="blue")["SecretString"] == "three"
    assert root.get_secret_value(SecretId=name)["SecretString"] == "one"
    held = root.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert sorted(label for labels in held.values() for label in labels) == ["AWSCURRENT", "blue"]


def test_a_password_is_made_as_it_is_asked_for(twin: Twin, root: Any) -> None:
    """GetRandomPassword: on every resource, for who may."""
    asked = {"PasswordLength": 40, "ExcludePunctuation": True}
    made = {root.get_random_password(**asked)["RandomPassword"] for _ in range(3)}
    assert len(made) == 3
    for password in made:
        assert len(password) == 40
        assert password.isalnum()
        assert any(letter.isdigit() for letter in password)
    assert refused(root.get_random_password, PasswordLength=3)[0] == "InvalidParameterException"
    jobs = who(twin, allow("*", "secretsmanager:GetRandomPassword"))
    assert jobs.get_random_password(**asked)["RandomPassword"]
    assert refused(who(twin, allow("*", "kms:Decrypt")).get_random_password)[0] == "AccessDeniedException"


def test_a_key_is_used_through_the_service_by_who_may_use_the_secret(twin: Twin, root: Any, name: str) -> None:
    """PutSecretValue and GetSecretValue ask KMS, on behalf of the caller and with the secret's ARN."""
    key = key_for(twin, f"{SECRETS}:groundwork-test/*", "RequestToValidateKeyAccess")
    arn = root.create_secret(Name=name, KmsKeyId=key)["ARN"]
    writer = who(twin, allow(arn, "secretsmanager:PutSecretValue"))
    reader = who(twin, allow(arn, "secretsmanager:GetSecretValue"))
    writer.put_secret_value(SecretId=arn, SecretString="one")
    assert reader.get_secret_value(SecretId=arn)["SecretString"] == "one"
    assert refused(writer.get_secret_value, SecretId=arn)[0] == "AccessDeniedException"
    assert refused(reader.put_secret_value, SecretId=arn, SecretString="two")[0] == "AccessDeniedException"


@pytest.mark.parametrize("operation", ["GetSecretValue", "BatchGetSecretValue", "PutSecretValue", "UpdateSecret"])
def test_without_the_key_a_secret_is_neither_read_nor_written(twin: Twin, root: Any, name: str, operation: str) -> None:
    """The key's policy is about other secrets."""
    key = key_for(twin, f"{SECRETS}:another-*", "RequestToValidateKeyAccess")
    arn = root.create_secret(Name=name, KmsKeyId=key, SecretString="one")["ARN"]
    actions = {f"secretsmanager:{operation}", "secretsmanager:GetSecretValue"}
    caller = who(twin, allow(arn, *actions), allow("*", "secretsmanager:BatchGetSecretValue"))
    if operation == "BatchGetSecretValue":
        answer = caller.batch_get_secret_value(SecretIdList=[arn])
        assert answer["SecretValues"] == []
        assert [error["ErrorCode"] for error in answer["Errors"]] == ["AccessDeniedException"]
        return
    call = {
        "GetSecretValue": lambda **secret: caller.get_secret_value(**secret),
        "PutSecretValue": lambda **secret: caller.put_secret_value(**secret, SecretString="two"),
        "UpdateSecret": lambda **secret: caller.update_secret(**secret, SecretString="two"),
    }[operation]
    code, message = refused(call, SecretId=arn)
    assert code == "AccessDeniedException"
    assert "Access to KMS is not allowed" in message
    assert root.get_secret_value(SecretId=arn)["SecretString"] == "one"


def test_a_secret_gets_no_key_that_its_maker_may_not_use(twin: Twin, name: str) -> None:
    """CreateSecret, UpdateSecret: KMS is tried before the secret is there."""
    key = key_for(twin, f"{SECRETS}:groundwork-test/*")
    maker = who(twin, allow(f"{SECRETS}:*", "secretsmanager:CreateSecret", "secretsmanager:UpdateSecret"))
    assert "Access to KMS" in refused(maker.create_secret, Name=name, KmsKeyId=key)[1]
    maker.create_secret(Name=name)
    assert "Access to KMS" in refused(maker.update_secret, SecretId=name, KmsKeyId=key)[1]


def test_a_name_is_free_after_a_deletion_without_recovery_only(root: Any, name: str) -> None:
    """DeleteSecret, CreateSecret, RestoreSecret."""
    root.create_secret(Name=name, SecretString="one")
    root.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    code, message = refused(root.create_secret, Name=name)
    assert (code, "already scheduled for deletion" in message) == ("InvalidRequestException", True)
    root.restore_secret(SecretId=name)
    assert root.get_secret_value(SecretId=name)["SecretString"] == "one"
    root.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    root.create_secret(Name=name)
    assert refused(root.get_secret_value, SecretId=name)[0] == "ResourceNotFoundException"


def deny(sid: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
            "Condition": condition}  # fmt: skip


def test_the_resource_policy_decides(twin: Twin, root: Any, name: str) -> None:
    """Over TLS only, by the reader that is named only, whatever identities are allowed."""
    arn = root.create_secret(Name=name, SecretString="one")["ARN"]
    credentials = twin.role(f"reader-{uuid.uuid4().hex[:8]}", allow(arn, "secretsmanager:GetSecretValue"))
    other = who(twin, allow(arn, "secretsmanager:GetSecretValue"))
    reader = twin.client("secretsmanager", credentials)
    role = twin.client("sts", credentials).get_caller_identity()["Arn"].split("/")[1]
    named = {
        "ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/{role}", f"arn:aws:iam::{ACCOUNT}:root"]}
    }
    policy = [
        deny("Tls", {"Bool": {"aws:SecureTransport": "false"}}),
        deny("Strangers", {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}),
        deny("Others", named),
    ]
    root.put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": policy}))
    assert reader.get_secret_value(SecretId=arn)["SecretString"] == "one"
    assert refused(other.get_secret_value, SecretId=arn)[0] == "AccessDeniedException"
    without_tls = twin.client("secretsmanager", credentials, tls=False)
    assert refused(without_tls.get_secret_value, SecretId=arn)[0] == "AccessDeniedException"


def test_what_is_no_policy_and_what_is_public_is_refused(root: Any, name: str) -> None:
    """PutResourcePolicy: MalformedPolicyDocumentException, PublicPolicyException, and a secret that is going."""
    root.create_secret(Name=name)
    for text in ("{", "[]", "{}"):
        code, _ = refused(root.put_resource_policy, SecretId=name, ResourcePolicy=text)
        assert code == "MalformedPolicyDocumentException"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    public = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    blocked = {"SecretId": name, "ResourcePolicy": public, "BlockPublicPolicy": True}
    assert refused(root.put_resource_policy, **blocked)[0] == "PublicPolicyException"
    assert "ResourcePolicy" not in root.get_resource_policy(SecretId=name)
    root.put_resource_policy(SecretId=name, ResourcePolicy=public)
    root.delete_secret(SecretId=name)
    assert refused(root.put_resource_policy, SecretId=name, ResourcePolicy=public)[0] == "InvalidRequestException"


@pytest.mark.parametrize("key", ["aws:ResourceTag", "secretsmanager:ResourceTag"])
def test_policies_decide_by_the_tags_of_a_secret(twin: Twin, root: Any, name: str, key: str) -> None:
    """Both names of the condition key."""
    root.create_secret(Name=name, SecretString="one", Tags=[{"Key": "team", "Value": "vision"}])
    right = allow(f"{SECRETS}:groundwork-test/*", "secretsmanager:GetSecretValue")
    for team, allowed in (("vision", True), ("language", False)):
        caller = who(twin, right | {"Condition": {"StringEquals": {f"{key}/team": team}}})
        if allowed:
            assert caller.get_secret_value(SecretId=name)["SecretString"] == "one"
        else:
            assert refused(caller.get_secret_value, SecretId=name)[0] == "AccessDeniedException"


def test_what_nothing_rotates_is_not_rotated(root: Any, name: str) -> None:
    """RotateSecret without a function."""
    root.create_secret(Name=name, SecretString="one")
    assert refused(root.rotate_secret, SecretId=name)[0] == "InvalidRequestException"
    assert root.get_secret_value(SecretId=name)["SecretString"] == "one"

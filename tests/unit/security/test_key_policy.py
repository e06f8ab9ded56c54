"""Decides what key policies say, by a small evaluator; KMS itself is not asked."""

import pytest

from components.policy_document import document
from components.security.key_policy import ADMINISTRATION, KeyPlace, KeyUse, key_policy
from components.tags import DataClass, KeyPurpose
from tests.support.recorder import ACCOUNT_ID, REGION
from tests.unit.security.evaluator import decision

PLACE = KeyPlace(account_id=ACCOUNT_ID, region=REGION, environment="dev", key_name=DataClass.CONFIDENTIAL)
EVERYTHING = document(*key_policy(PLACE, KeyUse))
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-trainer"
TAG = "aws:PrincipalTag/key-access-confidential"
THROUGH_S3 = {
    "kms:CallerAccount": ACCOUNT_ID,
    "kms:ViaService": f"s3.{REGION}.amazonaws.com",
    "aws:PrincipalArn": ROLE,
    "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::groundwork-dev-artifacts-{ACCOUNT_ID}-{REGION}",
}
CRYPTOGRAPHIC = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:CreateGrant"]


def said(action: str, context: dict[str, str], principal: str = ROLE, policy: str = EVERYTHING) -> str:
    return decision(policy, action, "key", context, principal=principal)


@pytest.mark.parametrize("action", CRYPTOGRAPHIC)
def test_nobody_uses_a_key_by_calling_kms_not_even_the_root_of_the_account(action: str) -> None:
    context = {"kms:CallerAccount": ACCOUNT_ID, TAG: "write"}
    assert said(action, context) == "none"
    assert said(action, context, principal=f"arn:aws:iam::{ACCOUNT_ID}:root") == "none"


def test_administration_is_the_accounts_and_touches_no_data() -> None:
    assert said("kms:PutKeyPolicy", {}) == "Allow"
    assert said("kms:PutKeyPolicy", {}, principal="arn:aws:iam::999999999999:role/other") == "none"
    assert not set(CRYPTOGRAPHIC) & set(ADMINISTRATION)
    assert not any("*" in action for action in ADMINISTRATION)


@pytest.mark.parametrize(
    ("access", "action", "verdict"),
    [
        ("read", "kms:Decrypt", "Allow"),
        ("read", "kms:GenerateDataKey", "none"),
        ("write", "kms:Decrypt", "Allow"),
        ("write", "kms:GenerateDataKey", "Allow"),
    ],
)
def test_a_role_uses_the_key_through_s3_as_far_as_its_tag_goes(access: str, action: str, verdict: str) -> None:
    assert said(action, THROUGH_S3 | {TAG: access}) == verdict


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({TAG: ""}, id="without the tag"),
        pytest.param({"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/other"}, id="as another role"),
        pytest.param({"kms:CallerAccount": "999999999999"}, id="from another account"),
        pytest.param({"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}, id="through another service"),
        pytest.param({"kms:ViaService": "s3.us-east-1.amazonaws.com"}, id="in another region"),
        pytest.param({"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::groundwork-prod-artifacts"}, id="other stage"),
        pytest.param({"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::elsewhere"}, id="another bucket"),
    ],
)
def test_one_thing_amiss_and_objects_stay_closed(change: dict[str, str]) -> None:
    good = THROUGH_S3 | {TAG: "write"}
    assert said("kms:Decrypt", good) == "Allow"
    assert said("kms:Decrypt", good | change) == "none"


@pytest.mark.parametrize("other", ["regulated", "data-versioning"])
def test_a_tag_of_another_key_opens_nothing(other: str) -> None:
    assert said("kms:Decrypt", THROUGH_S3 | {f"aws:PrincipalTag/key-access-{other}": "write"}) == "none"


def test_who_may_use_the_key_of_a_class_may_not_use_the_one_of_a_purpose() -> None:
    place = KeyPlace(account_id=ACCOUNT_ID, region=REGION, environment="dev", key_name=KeyPurpose.DATA_VERSIONING)
    policy = document(*key_policy(place, [KeyUse.OBJECTS]))
    own = {"aws:PrincipalTag/key-access-data-versioning": "read"}
    assert said("kms:Decrypt", THROUGH_S3 | own, policy=policy) == "Allow"
    assert said("kms:Decrypt", THROUGH_S3 | {TAG: "write"}, policy=policy) == "none"


@pytest.mark.parametrize(
    ("service", "context"),
    [
        pytest.param(
            f"logs.{REGION}.amazonaws.com",
            {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/x"},
            id="log groups",
        ),
        pytest.param(
            "logging.s3.amazonaws.com",
            {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::groundwork-dev-access-logs"},
            id="access logs",
        ),
        pytest.param(
            "cloudtrail.amazonaws.com",
            {
                "aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT_ID}:trail/groundwork-dev-audit",
                "kms:EncryptionContext:aws:cloudtrail:arn": (
                    f"arn:aws:cloudtrail:{REGION}:{ACCOUNT_ID}:trail/groundwork-dev-audit"
                ),
            },
            id="trails",
        ),
        pytest.param(
            "cloudtrail.amazonaws.com",
            {
                "aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT_ID}:trail/groundwork-dev-audit",
                "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::groundwork-dev-audit",
            },
            id="trails into a bucket with a bucket key",
        ),
    ],
)
def test_a_service_encrypts_for_this_account_only(service: str, context: dict[str, str]) -> None:
    assert said("kms:GenerateDataKey", context, principal=service) == "Allow"
    assert said("kms:GenerateDataKey", {}, principal=service) == "none"
    foreign = {key: value.replace(ACCOUNT_ID, "9" * 12).replace("-dev-", "-x-") for key, value in context.items()}
    assert said("kms:GenerateDataKey", foreign, principal=service) == "none"


@pytest.mark.parametrize("service", ["rds", "ecr", "secretsmanager"])
def test_a_grant_is_for_an_aws_service_only(service: str) -> None:
    context = {"kms:CallerAccount": ACCOUNT_ID, "kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
    assert said("kms:CreateGrant", context | {"kms:GrantIsForAWSResource": "true"}) == "Allow"
    assert said("kms:CreateGrant", context | {"kms:GrantIsForAWSResource": "false"}) == "none"


def test_secrets_of_rds_are_usable_through_secrets_manager_and_others_are_not() -> None:
    context = {"kms:CallerAccount": ACCOUNT_ID, "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:"
    assert said("kms:Decrypt", context | {"kms:EncryptionContext:SecretARN": f"{arn}rds!db-1"}) == "Allow"
    assert said("kms:Decrypt", context | {"kms:EncryptionContext:SecretARN": f"{arn}payroll"}) == "none"
    tried = {"kms:EncryptionContext:SecretARN": "RequestToValidateKeyAccess"}
    assert said("kms:GenerateDataKey", context | tried) == "Allow", "without it no secret can be made with the key"

    ours = {"kms:EncryptionContext:SecretARN": f"{arn}groundwork-dev/mlflow/server-AbCdEf"}
    assert said("kms:GenerateDataKey", context | ours) == "Allow"
    other = {"kms:EncryptionContext:SecretARN": f"{arn}groundwork-dev-2/mlflow/server-AbCdEf"}
    assert said("kms:GenerateDataKey", context | other) == "none", "another environment whose name begins alike"


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_messages_of_the_environments_queues_are_encrypted_through_sqs_and_others_are_not(action: str) -> None:
    context = {"kms:CallerAccount": ACCOUNT_ID, "kms:ViaService": f"sqs.{REGION}.amazonaws.com"}
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:"
    good = context | {"kms:EncryptionContext:aws:sqs:arn": f"{arn}groundwork-dev-registry-events"}
    assert said(action, good) == "Allow"
    for change in (
        {"kms:EncryptionContext:aws:sqs:arn": f"{arn}groundwork-prod-registry-events"},
        {"kms:ViaService": f"sns.{REGION}.amazonaws.com"},
        {"kms:CallerAccount": "999999999999"},
    ):
        assert said(action, good | change) == "none"


def test_performance_data_of_databases_can_be_read_and_nothing_else_of_them() -> None:
    context = {"kms:CallerAccount": ACCOUNT_ID, "kms:ViaService": f"rds.{REGION}.amazonaws.com"}
    assert said("kms:Decrypt", context | {"kms:EncryptionContext:aws:pi:service": "rds"}) == "Allow"
    assert said("kms:Decrypt", context | {"kms:EncryptionContext:aws:rds:db-id": "db-1"}) == "none"
    assert said("kms:Decrypt", {"kms:EncryptionContext:aws:pi:service": "rds"}) == "none"


def test_a_key_is_only_for_the_uses_it_was_given() -> None:
    objects_only = document(*key_policy(PLACE, [KeyUse.OBJECTS]))
    context = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/x"}
    logs = f"logs.{REGION}.amazonaws.com"
    assert said("kms:GenerateDataKey", context, principal=logs, policy=objects_only) == "none"


def test_objects_are_open_to_sessions_so_that_a_boundary_silent_about_keys_does_not_close_them() -> None:
    """IAM lets a boundary be silent where a wildcard principal is narrowed by aws:PrincipalArn, and only there."""
    for statement in key_policy(PLACE, [KeyUse.OBJECTS])[1:]:
        assert statement["Principal"] == "*"
        assert "aws:PrincipalArn" in statement["Condition"]["ArnLike"]


@pytest.mark.parametrize("use", [KeyUse.QUEUES, KeyUse.SECRETS])
def test_secrets_and_messages_are_open_to_sessions_too_and_to_whoever_sets_them_up(use: KeyUse) -> None:
    """The roles by aws:PrincipalArn, whose boundary is silent; others of the account, who have none, without it."""
    uses = [each for each in key_policy(PLACE, [use]) if "kms:GenerateDataKey" in each["Action"]]
    named = ["aws:PrincipalArn" in each["Condition"].get("ArnLike", {}) for each in uses]
    assert sorted(named) == [False, True]


def test_every_statement_for_any_principal_names_the_account() -> None:
    for statement in key_policy(PLACE, KeyUse):
        if statement["Principal"] == "*":
            assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == ACCOUNT_ID
            assert "kms:ViaService" in statement["Condition"]["StringEquals"]


def test_named_administrators_administer_and_nothing_more() -> None:
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/security"
    policy = document(*key_policy(PLACE, [KeyUse.OBJECTS], [role]))
    assert '"Sid":"Administer"' in policy
    assert said("kms:Decrypt", {"kms:CallerAccount": ACCOUNT_ID}, principal=role, policy=policy) == "none"


def test_the_policy_with_every_use_fits_into_the_32_kib_that_kms_takes() -> None:
    assert len(EVERYTHING.encode()) < 32 * 1024


def test_whoever_makes_the_cluster_lets_eks_work_with_the_key_and_nobody_else_does() -> None:
    through_eks = {"kms:CallerAccount": ACCOUNT_ID, "kms:ViaService": f"eks.{REGION}.amazonaws.com"}
    # CreateCluster does not send kms:GrantIsForAWSResource.
    assert said("kms:CreateGrant", through_eks) == "Allow"
    assert said("kms:DescribeKey", through_eks) == "Allow"
    assert said("kms:Decrypt", through_eks) == "none"
    assert said("kms:CreateGrant", through_eks | {"kms:CallerAccount": "999999999999"}) == "none"


AUTO_SCALING = f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


@pytest.mark.parametrize(
    ("role", "verdict"),
    [
        (AUTO_SCALING, "Allow"),
        (f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-node-addons-csi", "Allow"),
        (f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-prod-node-addons-csi", "none"),
        (f"arn:aws:iam::{ACCOUNT_ID}:role/other", "none"),
        ("arn:aws:iam::999999999999:role/groundwork-dev-node-addons-csi", "none"),
    ],
)
def test_auto_scaling_and_the_environments_roles_encrypt_volumes_through_ec2(role: str, verdict: str) -> None:
    through_ec2 = {
        "kms:CallerAccount": ACCOUNT_ID,
        "kms:ViaService": f"ec2.{REGION}.amazonaws.com",
        "aws:PrincipalArn": role,
    }
    for action in ("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom"):
        assert said(action, through_ec2) == verdict
        assert said(action, through_ec2 | {"kms:ViaService": f"ebs.{REGION}.amazonaws.com"}) == "none"
    assert said("kms:CreateGrant", through_ec2 | {"kms:GrantIsForAWSResource": "true"}) == verdict
    assert said("kms:CreateGrant", through_ec2) == "none"

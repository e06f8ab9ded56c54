"""Decides what a secret is made of and whom its policy shuts out, by a small evaluator; AWS is not asked."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.policy_document import document
from components.security.secret import (
    ManagedSecret,
    ManagedSecretArgs,
    SecretSettings,
    read_secrets,
    secret_arn_pattern,
    secret_name,
    write_secrets,
)
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/a"
READER = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-vision-data-scientist"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:groundwork-dev/mlflow/server-AbCdEf"


def build(**changed: Any) -> ManagedSecret:
    args = {
        "account_id": ACCOUNT_ID,
        "environment": "dev",
        "path": "mlflow/server",
        "description": "the tracking server",
        "key_arn": KEY,
        "reader_arns": (READER,),
        "rotated_by": "mlflow/rotation",
    }
    return run_program(lambda: ManagedSecret("server", ManagedSecretArgs.model_validate(args | changed)))


def test_it_has_a_key_of_ours_a_name_known_beforehand_and_no_value(recorder: Recorder) -> None:
    build()
    secret = recorder.one("server-secret").inputs
    assert secret["kmsKeyId"] == KEY
    assert secret["name"] == secret_name("dev", "mlflow/server") == "groundwork-dev/mlflow/server"
    assert secret["tags"] == {"data-classification": "confidential", "external-rotation": "mlflow/rotation"}
    assert {made.typ for made in recorder.children()} == {
        "aws:secretsmanager/secret:Secret",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
    }, "a version would be a value in the state"


def test_it_is_kept_unless_the_settings_let_it_go(recorder: Recorder) -> None:
    build()
    assert recorder.requests["server-secret"].protect
    assert recorder.one("server-secret").inputs["recoveryWindowInDays"] == 30


def test_where_it_may_go_it_is_deleted_at_once_so_that_its_name_is_free(recorder: Recorder) -> None:
    build(settings=SecretSettings(protect=False, recovery_window_in_days=0))
    assert not recorder.requests["server-secret"].protect
    assert recorder.one("server-secret").inputs["recoveryWindowInDays"] == 0


@pytest.mark.parametrize("days", [-1, 1, 6, 31])
def test_a_window_that_secrets_manager_does_not_have_is_refused(days: int) -> None:
    with pytest.raises(ValidationError, match="recovery_window_in_days"):
        SecretSettings(recovery_window_in_days=days)


GOOD = {"aws:SecureTransport": "true", "aws:PrincipalAccount": ACCOUNT_ID, "aws:PrincipalArn": READER}


@pytest.mark.parametrize(
    ("action", "change", "verdict"),
    [
        pytest.param("GetSecretValue", {}, "none", id="the reader, as its own role says"),
        pytest.param("GetSecretValue", {"aws:SecureTransport": "false"}, "Deny", id="without TLS"),
        pytest.param("DescribeSecret", {"aws:SecureTransport": "false"}, "Deny", id="nor looked at without TLS"),
        pytest.param("DescribeSecret", {"aws:PrincipalAccount": "999999999999"}, "Deny", id="from outside"),
        pytest.param("GetSecretValue", {"aws:PrincipalArn": READER + "-2"}, "Deny", id="another role"),
        pytest.param("DescribeSecret", {"aws:PrincipalArn": READER + "-2"}, "none", id="another role may look"),
        pytest.param("PutSecretValue", {"aws:PrincipalArn": READER + "-2"}, "none", id="another role may write"),
        pytest.param("GetSecretValue", {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:root"}, "none", id="root"),
    ],
)
def test_its_policy_takes_and_gives_nothing(
    recorder: Recorder, action: str, change: dict[str, str], verdict: str
) -> None:
    build()
    made = recorder.one("server-policy").inputs
    assert decision(made["policy"], f"secretsmanager:{action}", ARN, GOOD | change) == verdict
    assert made["blockPublicPolicy"] is True


def test_whoever_is_nobody_is_shut_out(recorder: Recorder) -> None:
    build()
    policy = recorder.one("server-policy").inputs["policy"]
    assert decision(policy, "secretsmanager:DescribeSecret", ARN, {"aws:SecureTransport": "true"}) == "Deny"


@pytest.mark.parametrize(
    "wrong",
    [{"path": "/server"}, {"path": "a//b"}, {"path": "Server"}, {"reader_arns": ()}, {"reader_arns": ("*",)},
     {"rotated_by": "rotation"}],
)  # fmt: skip
def test_what_names_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        build(**wrong)


def test_rights_name_a_secret_and_its_random_end() -> None:
    pattern = secret_arn_pattern(ACCOUNT_ID, REGION, "dev", "mlflow/server")
    policy = document(read_secrets("Read", pattern))
    assert decision(policy, "secretsmanager:GetSecretValue", ARN, {}) == "Allow"
    for other in (ARN.replace("server-", "server-2-"), ARN + "x", ARN.replace("-dev/", "-prod/")):
        assert decision(policy, "secretsmanager:GetSecretValue", other, {}) == "none"
    assert decision(policy, "secretsmanager:PutSecretValue", ARN, {}) == "none"
    assert decision(document(write_secrets("Write", pattern)), "secretsmanager:GetSecretValue", ARN, {}) == "none"
    assert decision(document(write_secrets("Write", pattern)), "secretsmanager:PutSecretValue", ARN, {}) == "Allow"

"""Values of secrets against an API that answers as Secrets Manager does."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from groundwork_mlflow import secret_values
from groundwork_mlflow.errors import PodError

ID = "groundwork-dev/mlflow/server"
ARN = f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{ID}-abcdef"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("secretsmanager", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(secret_values, "_client", lambda: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def value(text: str) -> dict[str, Any]:
    return {"ARN": ARN, "Name": ID, "SecretString": text}


def without_value(api: Stubber) -> None:
    api.add_client_error("get_secret_value", "ResourceNotFoundException", "can't find the specified secret value")


def test_a_value_that_is_there_is_kept(api: Stubber) -> None:
    api.add_response("get_secret_value", value('{"password": "kept"}'), {"SecretId": ID})
    assert secret_values.kept_or_made(ID, lambda: pytest.fail("made another")) == {"password": "kept"}


def test_a_first_value_is_put_under_an_id_that_is_always_the_same(api: Stubber) -> None:
    without_value(api)
    put = {"SecretId": ID, "ClientRequestToken": secret_values.FIRST, "SecretString": json.dumps({"password": "new"})}
    api.add_response("put_secret_value", {"ARN": ARN}, put)
    assert secret_values.kept_or_made(ID, lambda: {"password": "new"}) == {"password": "new"}
    assert 32 <= len(secret_values.FIRST) <= 64  # what the API takes


def test_of_two_jobs_at_once_the_second_takes_the_value_of_the_first(api: Stubber) -> None:
    without_value(api)
    api.add_client_error("put_secret_value", "ResourceExistsException")
    api.add_response("get_secret_value", value('{"password": "of the first"}'), {"SecretId": ID})
    assert secret_values.kept_or_made(ID, lambda: {"password": "new"}) == {"password": "of the first"}


def test_what_aws_refuses_is_said_with_the_secrets_name(api: Stubber) -> None:
    api.add_client_error("get_secret_value", "AccessDeniedException", "not authorized")
    with pytest.raises(PodError, match=f"{ID}: AccessDeniedException: not authorized"):
        secret_values.kept_or_made(ID, dict)


@pytest.mark.parametrize("text", ["hunter2", '"hunter2"', '["hunter2"]'])
def test_a_value_of_another_kind_is_named_and_not_shown(api: Stubber, text: str) -> None:
    api.add_response("get_secret_value", value(text), {"SecretId": ID})
    with pytest.raises(PodError) as refused:
        secret_values.stored(ID)
    assert ID in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_passwords_are_long_and_never_the_same() -> None:
    made = {secret_values.password() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43

"""Tokens of `generate_db_auth_token`, made by botocore."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from twin.postgres.tokens import identify
from twin.presigned import Credential, Identity, TokenError

IDENTITY = Identity("arn:aws:sts::111122223333:assumed-role/tracking/ada", "AROA1:ada", "ASIAEXAMPLE", "secret")


def token(
    host: str = "localhost", port: int = 5432, user: str = "tracker", region: str = "eu-west-1", *, forged: bool = False
) -> str:
    client = boto3.client(
        "rds",
        region_name=region,
        aws_access_key_id="ASIAEXAMPLE",
        aws_secret_access_key="forged" if forged else IDENTITY.secret_access_key,
        aws_session_token="session/token+=",
    )
    return str(client.generate_db_auth_token(host, port, user, region))


def resolve(credential: Credential) -> Identity | None:
    return IDENTITY if credential == Credential("ASIAEXAMPLE", "session/token+=") else None


def identified(given: str, user: str = "tracker", after: timedelta = timedelta()) -> Identity:
    return identify(given, user, "localhost:5432", "eu-west-1", datetime.now(UTC) + after, resolve)


def test_a_token_tells_who_made_it() -> None:
    assert identified(token()) == IDENTITY


def test_a_user_whose_name_needs_quoting_is_known() -> None:
    assert identified(token(user="a d&a=\u00e5*"), "a d&a=\u00e5*") == IDENTITY


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param(lambda: token(forged=True), "signature is wrong", id="forged"),
        pytest.param(lambda: token(user="groundwork"), "another user", id="user"),
        pytest.param(lambda: token(host="127.0.0.1"), "another endpoint", id="host"),
        pytest.param(lambda: token(port=5433), "another endpoint", id="port"),
        pytest.param(lambda: token(region="eu-west-2"), "another region", id="region"),
        pytest.param(lambda: token().replace("localhost", "LOCALHOST"), "another endpoint", id="host changed"),
        pytest.param(lambda: token().replace("Expires=900", "Expires=899"), "signature is wrong", id="expiry changed"),
        pytest.param(lambda: token().replace("Expires=900", "Expires=901"), "within 900 s", id="too long"),
        pytest.param(lambda: token().replace("Expires=900", "Expires=-1"), "within 900 s", id="negative"),
        pytest.param(lambda: token().replace("Action=connect", "Action=drop"), "no token of RDS", id="action"),
        pytest.param(lambda: token().replace("rds-db", "s3"), "no token of RDS", id="service"),
        pytest.param(lambda: token() + "&DBUser=tracker", "no token of RDS", id="a user twice"),
        pytest.param(lambda: token().replace("session", "other"), "credentials are unknown", id="session token"),
        pytest.param(lambda: token().replace("ASIAEXAMPLE", "ASIAOTHER"), "credentials are unknown", id="access key"),
        pytest.param(lambda: token().replace("Headers=host", "Headers=date"), "another endpoint", id="headers"),
        pytest.param(lambda: f"https://{token()}", "no token of RDS", id="a URL"),
        pytest.param(lambda: token() + "&x=" + "x" * 16384, "no token of RDS", id="huge"),
        pytest.param(lambda: "long enough", "no token of RDS", id="a password"),
        pytest.param(lambda: "[", "no token of RDS", id="no URL"),
        pytest.param(lambda: "", "no token of RDS", id="nothing"),
        pytest.param(lambda: token().rpartition("=")[0] + "=\u00e5", "signature is wrong", id="signature of no hex"),
    ],
)  # fmt: skip
def test_what_is_no_token_for_this_user_here(given: Callable[[], str], why: str) -> None:
    with pytest.raises(TokenError, match=why):
        identified(given())


def test_a_user_put_into_anothers_token_breaks_its_signature() -> None:
    with pytest.raises(TokenError, match="signature is wrong"):
        identified(token().replace("DBUser=tracker", "DBUser=groundwork"), "groundwork")


def test_a_token_holds_for_a_quarter_of_an_hour() -> None:
    made = token()
    assert identified(made, after=timedelta(minutes=14, seconds=50)) == IDENTITY
    with pytest.raises(TokenError, match="has expired"):
        identified(made, after=timedelta(seconds=902))
    with pytest.raises(TokenError, match="of the future"):
        identified(made, after=-timedelta(minutes=6))


def test_a_reason_says_nothing_of_the_token() -> None:
    for given in (token(forged=True), token(user="groundwork"), token(host="evil.example")):
        with pytest.raises(TokenError) as refused:
            identified(given)
        said = str(refused.value)
        assert not any(part in said for part in ("evil", "groundwork", "ASIA", given[-64:]))

"""Tokens of `aws eks get-token`, made by the very code of the AWS command line."""

import base64
from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
from awscli.customizations.eks.get_token import STSClientFactory, TokenGenerator

from twin.kubernetes.authentication import identify
from twin.presigned import Credential, Identity, TokenError

HOST = "127.0.0.1:24680"
IDENTITY = Identity("arn:aws:sts::111122223333:assumed-role/builder/ada", "AROA1:ada", "ASIAEXAMPLE", "secret")


def token(
    cluster: str = "groundwork-dev", *, signed_with: str | None = None, endpoint: str | None = f"https://{HOST}"
) -> str:
    session = botocore.session.Session()
    session.set_credentials("ASIAEXAMPLE", signed_with or IDENTITY.secret_access_key, "session-token")
    session.set_config_variable("region", "eu-west-1")
    if endpoint is None:
        client = STSClientFactory(session).get_sts_client(region_name="eu-west-1")
    else:
        client = session.create_client("sts", region_name="eu-west-1", endpoint_url=endpoint)
        factory = STSClientFactory(session)
        factory._register_k8s_aws_id_handlers(client)
    return str(TokenGenerator(client).get_token(cluster))


def resolve(credential: Credential) -> Identity | None:
    return IDENTITY if credential == Credential("ASIAEXAMPLE", "session-token") else None


def identified(given: str, cluster: str = "groundwork-dev", after: timedelta = timedelta()) -> Identity:
    return identify(given, cluster, {HOST}, datetime.now(UTC) + after, resolve)


def changed(given: str, before: str, after: str) -> str:
    encoded = given.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert before in url
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.replace(before, after).encode()).decode().rstrip("=")


def test_a_token_tells_who_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert identified(token()) == IDENTITY
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert identified(token(endpoint=None)) == IDENTITY  # as a client makes it that knows AWS' own endpoints only


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (lambda: token(cluster="groundwork-prod"), "for another cluster"),
        (lambda: token(signed_with="another"), "signature is wrong"),
        (lambda: token(endpoint="https://127.0.0.1:1"), "no STS endpoint"),
        (lambda: token(endpoint="http://127.0.0.1:24680"), "no presigned request to STS"),
        (lambda: changed(token(), "GetCallerIdentity", "GetSessionToken"), "no presigned GetCallerIdentity"),
        (lambda: changed(token(), "host%3Bx-k8s-aws-id", "host"), "not among its signed headers"),
        (lambda: changed(token(), "ASIAEXAMPLE", "ASIAANOTHER"), "credentials are unknown"),
        (lambda: changed(token(), "%2Fsts%2F", "%2Fs3%2F"), "not signed for STS"),
        (lambda: "k8s-aws-v1.%%%", "no token of EKS"),
        (lambda: "eyJhbGciOiJSUzI1NiJ9.e30.x", "no token of EKS"),
    ],
)
def test_what_is_no_token_for_this_cluster(given: object, why: str) -> None:
    assert callable(given)
    with pytest.raises(TokenError, match=why):
        identified(given())


def test_a_token_holds_for_a_quarter_of_an_hour() -> None:
    made = token()
    assert identified(made, after=timedelta(minutes=14)) == IDENTITY
    with pytest.raises(TokenError, match="has expired"):
        identified(made, after=timedelta(minutes=16))
    with pytest.raises(TokenError, match="of the future"):
        identified(made, after=-timedelta(minutes=6))

"""IAM database authentication: who gets into a DB instance with a token, by RDS' user guide, and who does not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import psycopg
import pytest
from botocore import auth as botocore_auth
from psycopg import sql

from tests.twin.corrections.databases import NAME, connect, password, wait_for
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow, contents

USER = "tracker"
OWN_PASSWORD = "long enough"
REFUSED = f'PAM authentication failed for user "{USER}"'


@dataclass(frozen=True)
class Asked:
    """What a token is made for, and by whom."""

    credentials: dict[str, str]
    host: str
    port: int
    user: str = USER
    region: str = REGION
    seconds: int = 900
    made: datetime | None = None

    def token(self, monkeypatch: pytest.MonkeyPatch | None = None) -> str:
        """By botocore's own code; what its function leaves no choice of, by the very signer that it calls."""
        client = boto3.client(
            "rds",
            region_name=self.region,
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
            aws_session_token=self.credentials.get("SessionToken"),
        )
        if self.seconds == 900 and self.made is None:
            return str(client.generate_db_auth_token(self.host, self.port, self.user, self.region))
        request = {
            "url_path": "/",
            "query_string": "",
            "headers": {},
            "body": {"Action": "connect", "DBUser": self.user},
            "method": "GET",
            "url": f"https://{self.host}:{self.port}/",
            "context": {},
        }
        assert monkeypatch is not None
        monkeypatch.setattr(botocore_auth, "get_current_datetime", lambda *_, **__: self.made or datetime.now(UTC))
        url = client._request_signer.generate_presigned_url(
            operation_name="connect", request_dict=request, region_name=self.region, expires_in=self.seconds,
            signing_name="rds-db",
        )  # fmt: skip
        return str(url).removeprefix("https://")


def resource(instance: dict[str, Any], user: str = USER) -> str:
    return f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{instance['DbiResourceId']}/{user}"


@pytest.fixture(scope="module")
def tracked(twin: Twin, rds: Any, instance: dict[str, Any]) -> dict[str, Any]:
    """The instance, with a member of rds_iam that has a password too."""
    with connect(twin, instance, password(twin, instance)) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(USER), OWN_PASSWORD))
        connection.execute(sql.SQL("GRANT rds_iam TO {}").format(sql.Identifier(USER)))
    return instance


@pytest.fixture(scope="module")
def session(twin: Twin, tracked: dict[str, Any]) -> dict[str, str]:
    """Of a role that may enter as the user."""
    return twin.role("tracking-server", allow(resource(tracked), "rds-db:connect"))


@pytest.fixture
def asked(session: dict[str, str], tracked: dict[str, Any]) -> Asked:
    return Asked(session, tracked["Endpoint"]["Address"], tracked["Endpoint"]["Port"])


def enter(twin: Twin, instance: dict[str, Any], token: str, sslmode: str = "verify-full") -> Any:
    return connect(twin, instance, token, sslmode, user=USER)


def test_a_token_of_a_roles_session_opens_the_database(twin: Twin, tracked: dict[str, Any], asked: Asked) -> None:
    """RDS user guide, "Connecting to your DB instance using IAM authentication"."""
    with enter(twin, tracked, asked.token()) as connection:
        assert connection.execute("SELECT session_user, current_user").fetchone() == (USER, USER)
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET SESSION AUTHORIZATION rdsadmin")


def test_a_users_access_key_opens_the_database(twin: Twin, tracked: dict[str, Any], asked: Asked) -> None:
    iam = twin.client("iam")
    iam.create_user(UserName="ada")
    policy = {
        "Version": "2012-10-17",
        "Statement": [allow(f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:*/{USER}", "rds-db:*")],
    }
    iam.put_user_policy(UserName="ada", PolicyName="enter", PolicyDocument=json.dumps(policy))
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    enter(twin, tracked, replace(asked, credentials=made).token()).close()
    iam.update_access_key(UserName="ada", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, replace(asked, credentials=made).token())


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda asked: {"credentials": asked.credentials | {"SecretAccessKey": "forged"}}, id="signature"),
        pytest.param(lambda asked: {"credentials": asked.credentials | {"SessionToken": "x"}}, id="session token"),
        pytest.param(lambda asked: {"user": "groundwork"}, id="user"),
        pytest.param(lambda asked: {"host": "127.0.0.1"}, id="host"),
        pytest.param(lambda asked: {"port": asked.port + 1}, id="port"),
        pytest.param(lambda asked: {"region": "eu-central-1"}, id="region"),
        pytest.param(lambda asked: {"seconds": 3600}, id="good for too long"),
        pytest.param(lambda asked: {"made": datetime.now(UTC) - timedelta(seconds=901)}, id="expired"),
        pytest.param(lambda asked: {"made": datetime.now(UTC) + timedelta(minutes=6)}, id="of the future"),
    ],
)
def test_a_token_opens_nothing_but_what_it_was_made_for(
    twin: Twin,
    tracked: dict[str, Any],
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Callable[[Asked], dict[str, Any]],
) -> None:
    token = replace(asked, **wrong(asked)).token(monkeypatch)
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, token)


def test_the_expiry_of_the_token_itself_counts(
    twin: Twin, tracked: dict[str, Any], asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute_ago = replace(asked, made=datetime.now(UTC) - timedelta(seconds=60))
    enter(twin, tracked, replace(minute_ago, seconds=600).token(monkeypatch)).close()
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, replace(minute_ago, seconds=30).token(monkeypatch))


def deny(resource: str, *actions: str) -> dict[str, Any]:
    return allow(resource, *actions) | {"Effect": "Deny"}


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        pytest.param("no-right", lambda of: [allow("*", "rds:*")], id="no right"),
        pytest.param("other-user", lambda of: [allow(resource(of, "groundwork"), "rds-db:connect")], id="other user"),
        pytest.param(
            "other-instance",
            lambda of: [allow(resource(of | {"DbiResourceId": "db-OTHER"}), "rds-db:connect")],
            id="other instance",
        ),
        pytest.param("denied", lambda of: [allow("*", "*"), deny(resource(of), "rds-db:connect")], id="denied"),
    ],
)
def test_who_lacks_the_right_does_not_come_in(
    twin: Twin, tracked: dict[str, Any], asked: Asked, name: str, statements: Callable[[dict[str, Any]], list[Any]]
) -> None:
    """RDS user guide, "Creating and using an IAM policy for IAM database access"."""
    token = replace(asked, credentials=twin.role(name, *statements(tracked))).token()
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, token)


def test_a_permissions_boundary_bounds_the_right(twin: Twin, tracked: dict[str, Any], asked: Asked) -> None:
    credentials, iam = twin.role("bounded", allow("*", "rds-db:connect")), twin.client("iam")
    bounded = replace(asked, credentials=credentials)
    enter(twin, tracked, bounded.token()).close()
    limit = json.dumps({"Version": "2012-10-17", "Statement": [allow("*", "s3:*")]})
    arn = iam.create_policy(PolicyName="bound", PolicyDocument=limit)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=arn)
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, bounded.token())


def test_a_right_that_is_revoked_is_revoked_at_once(twin: Twin, tracked: dict[str, Any], asked: Asked) -> None:
    revoked = replace(asked, credentials=twin.role("revoked", allow(resource(tracked), "rds-db:connect")))
    token = revoked.token()
    enter(twin, tracked, token).close()
    twin.client("iam").delete_role_policy(RoleName="revoked", PolicyName="test")
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, token)


def test_another_accounts_principal_does_not_come_in(twin: Twin, tracked: dict[str, Any], asked: Asked) -> None:
    other = {"AccessKeyId": "999999999999", "SecretAccessKey": twin.known.root_secret}
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, replace(asked, credentials=other).token())


def test_a_member_of_rds_iam_has_no_use_for_a_password_until_it_is_none_any_more(
    twin: Twin, tracked: dict[str, Any], asked: Asked
) -> None:
    """RDS user guide: "IAM authentication takes precedence over password authentication"."""
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enter(twin, tracked, OWN_PASSWORD)
    with connect(twin, tracked, password(twin, tracked)) as connection:
        connection.execute(sql.SQL("REVOKE rds_iam FROM {}").format(sql.Identifier(USER)))
        try:
            enter(twin, tracked, OWN_PASSWORD).close()
            with pytest.raises(psycopg.OperationalError, match=f'password authentication failed for user "{USER}"'):
                enter(twin, tracked, asked.token())
        finally:
            connection.execute(sql.SQL("GRANT rds_iam TO {}").format(sql.Identifier(USER)))


def test_a_member_of_a_member_needs_a_token_too(twin: Twin, tracked: dict[str, Any], asked: Asked) -> None:
    with connect(twin, tracked, password(twin, tracked)) as connection:
        connection.execute("CREATE ROLE trackers NOLOGIN; GRANT rds_iam TO trackers")
        connection.execute("CREATE ROLE second LOGIN PASSWORD 'long enough' IN ROLE trackers")
    with pytest.raises(psycopg.OperationalError, match='PAM authentication failed for user "second"'):
        connect(twin, tracked, "long enough", user="second")
    credentials = twin.role("second", allow(resource(tracked, "second"), "rds-db:connect"))
    connect(twin, tracked, replace(asked, credentials=credentials, user="second").token(), user="second").close()
    connect(twin, tracked, password(twin, tracked)).close()  # who may grant the role is no member for that


def test_a_token_is_taken_over_tls_only(twin: Twin, tracked: dict[str, Any], asked: Asked) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry .* no encryption"):
        enter(twin, tracked, asked.token(), sslmode="disable")


def test_the_instance_takes_tokens_when_it_is_told_to(
    twin: Twin, rds: Any, tracked: dict[str, Any], asked: Asked
) -> None:
    """ModifyDBInstance, EnableIAMDatabaseAuthentication: without it, members of rds_iam have their passwords."""

    def switch(on: bool) -> None:
        rds.modify_db_instance(DBInstanceIdentifier=NAME, EnableIAMDatabaseAuthentication=on, ApplyImmediately=True)
        assert wait_for(rds, "available")["IAMDatabaseAuthenticationEnabled"] is on

    switch(False)
    try:
        with pytest.raises(psycopg.OperationalError, match=f'password authentication failed for user "{USER}"'):
            enter(twin, tracked, asked.token())
        enter(twin, tracked, OWN_PASSWORD).close()
    finally:
        switch(True)
    enter(twin, tracked, asked.token()).close()


def test_nothing_of_a_token_is_written_down(
    twin: Twin, tracked: dict[str, Any], asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = asked.token(), replace(asked, seconds=3600).token(monkeypatch)
    enter(twin, tracked, good).close()
    with pytest.raises(psycopg.OperationalError, match=REFUSED) as refused:
        enter(twin, tracked, bad)
    texts = list(contents(twin.root))
    for token in (good, bad):
        signature = token.rpartition("X-Amz-Signature=")[2]
        assert len(signature) == 64
        assert signature not in str(refused.value)
        assert not any(signature.encode() in text for text in texts)
    log = (twin.root / "postgres" / f"{ACCOUNT}-{REGION}-{NAME}" / "server.log").read_text()
    assert f"FATAL:  {REFUSED}\n" in log
    assert "DETAIL:  the token is not accepted: it does not expire within 900 s" in log

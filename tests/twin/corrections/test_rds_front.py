"""What a client of a DB instance meets in front of PostgreSQL: TLS, passwords, cancelling, much data, many at once."""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.twin.corrections.databases import INSTANCE, NAME, connect, described, password, wait_for
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

USER = "loader"
FOLDER = f"{ACCOUNT}-{REGION}-{NAME}"
SECONDS = 60.0


@pytest.fixture(scope="module")
def session(twin: Twin, instance: dict[str, Any]) -> dict[str, str]:
    with connect(twin, instance, password(twin, instance)) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE rds_iam").format(sql.Identifier(USER)))
        connection.execute(sql.SQL("GRANT CREATE ON DATABASE tracking TO {}").format(sql.Identifier(USER)))
    resource = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:*/{USER}"
    return twin.role("loader", allow(resource, "rds-db:connect"))


def token(session: dict[str, str], instance: dict[str, Any]) -> str:
    client = boto3.client(
        "rds",
        region_name=REGION,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    endpoint = instance["Endpoint"]
    return str(client.generate_db_auth_token(endpoint["Address"], endpoint["Port"], USER))


def by_iam(twin: Twin, instance: dict[str, Any], session: dict[str, str]) -> Any:
    return connect(twin, instance, token(session, instance), user=USER)


def raw(twin: Twin, instance: dict[str, Any], secret: str, **parameters: str) -> Any:
    given = {
        "host": "localhost",
        "port": str(instance["Endpoint"]["Port"]),
        "user": INSTANCE["MasterUsername"],
        "dbname": INSTANCE["DBName"],
        "password": secret,
        "sslmode": "verify-full",
        "sslrootcert": str(twin.root / "certificates" / "ca.pem"),
    }
    return psycopg.connect(make_conninfo(**given | parameters))


def test_a_password_is_bound_to_the_channel_through_the_front(twin: Twin, instance: dict[str, Any]) -> None:
    """SCRAM-SHA-256-PLUS, tls-server-end-point: front and server have the same certificate."""
    with raw(twin, instance, password(twin, instance), channel_binding="require") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        raw(twin, instance, "wrong", channel_binding="require")


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"sslnegotiation": "direct"}, id="TLS from the first byte"),
        pytest.param({"gssencmode": "prefer"}, id="GSS preferred"),
        pytest.param({"ssl_min_protocol_version": "TLSv1.3"}, id="TLS 1.3"),
        pytest.param({"ssl_max_protocol_version": "TLSv1.2"}, id="TLS 1.2"),
    ],
)
def test_each_way_into_tls_is_open(twin: Twin, instance: dict[str, Any], parameters: dict[str, str]) -> None:
    raw(twin, instance, password(twin, instance), **parameters).close()


def test_what_the_server_says_of_a_database_or_role_reaches_the_client(
    twin: Twin, instance: dict[str, Any], session: dict[str, str]
) -> None:
    with pytest.raises(psycopg.OperationalError, match='database "nowhere" does not exist'):
        raw(twin, instance, password(twin, instance), dbname="nowhere")
    with connect(twin, instance, password(twin, instance)) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(USER)))
        try:
            with pytest.raises(psycopg.OperationalError, match="is not permitted to log in"):
                by_iam(twin, instance, session)
        finally:
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(USER)))


@pytest.mark.parametrize("kind", ["token", "password"])
def test_a_query_is_cancelled(twin: Twin, instance: dict[str, Any], session: dict[str, str], kind: str) -> None:
    """CancelRequest, over TLS and without."""
    opened = by_iam(twin, instance, session) if kind == "token" else connect(twin, instance, password(twin, instance))
    with opened as connection:
        for cancel in (connection.cancel_safe, connection.cancel):
            seen = threading.Event()

            def when_it_runs(cancel: Any = cancel, seen: threading.Event = seen) -> None:
                with connect(twin, instance, password(twin, instance)) as other:
                    running = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
                    while other.execute(f"{running} AND state = 'active'").fetchone() != (1,):
                        time.sleep(0.05)
                seen.set()
                cancel()

            thread = threading.Thread(target=when_it_runs)
            thread.start()
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute("SELECT pg_sleep(60)")
            thread.join()
            assert seen.is_set()


def test_much_data_goes_in_and_comes_out_whole(twin: Twin, instance: dict[str, Any], session: dict[str, str]) -> None:
    """COPY of 64 MB in both directions, read slowly at first, so that the front has to hold back the server."""
    block = b"".join(hashlib.sha256(str(i).encode()).hexdigest().encode() * 16 + b"\n" for i in range(1024))
    blocks = 64
    with by_iam(twin, instance, session) as connection:
        connection.execute("CREATE TEMPORARY TABLE bulk (line text)")
        with connection.cursor() as cursor:
            with cursor.copy("COPY bulk FROM STDIN") as copy:
                for _ in range(blocks):
                    copy.write(block)
            wanted, found = hashlib.sha256(block * blocks), hashlib.sha256()
            with cursor.copy("COPY bulk TO STDOUT") as copy:
                time.sleep(0.5)
                for part in copy:
                    found.update(part)
        assert found.digest() == wanted.digest()
        front = _front(twin)
        assert front.memory_info().rss < 150 * 2**20


def test_fifty_at_once_are_let_in_and_leave_nothing_behind(
    twin: Twin, instance: dict[str, Any], session: dict[str, str]
) -> None:
    secret, failed = password(twin, instance), []
    everybody_is_in = threading.Barrier(50)

    def work(number: int) -> None:
        try:
            iam = number % 2
            who = {"user": USER, "password": token(session, instance)} if iam else {}
            with raw(twin, instance, secret, **who) as connection:
                everybody_is_in.wait(120)
                for step in range(20):
                    assert connection.execute("SELECT %s::int * 2", [step]).fetchone() == (step * 2,)
                assert connection.execute("SELECT session_user").fetchone() == ((USER if iam else "groundwork"),)
        except Exception as error:
            everybody_is_in.abort()
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    _wait_until_nobody_is_connected(twin, instance)


def test_a_client_that_breaks_off_anywhere_leaves_nothing_behind(
    twin: Twin, instance: dict[str, Any], session: dict[str, str]
) -> None:
    port = instance["Endpoint"]["Port"]
    begins = (
        b"",
        b"\0\0\0\x08",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\x16\x03\x01",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 64,
    )
    for begin in begins:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(begin)
    connection = by_iam(twin, instance, session)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        with socket.socket(fileno=_stolen(connection)) as line:
            line.shutdown(socket.SHUT_RDWR)
        with pytest.raises(psycopg.OperationalError):
            cursor.execute("SELECT 1")
    _wait_until_nobody_is_connected(twin, instance)
    assert _front(twin).is_running()


def test_nobody_gets_round_the_front(twin: Twin, instance: dict[str, Any], session: dict[str, str]) -> None:
    """A member of rds_iam that has a password could use it at the server's own port."""
    with connect(twin, instance, password(twin, instance)) as connection:
        connection.execute("CREATE ROLE sly LOGIN PASSWORD 'long enough' IN ROLE rds_iam")
    lock = (twin.root / "postgres" / FOLDER / "data" / "postmaster.pid").read_text().splitlines()
    own_port = {"Endpoint": {"Address": "localhost", "Port": int(lock[3])}}
    assert own_port["Endpoint"]["Port"] != instance["Endpoint"]["Port"]
    with pytest.raises(psycopg.OperationalError, match="connection requires a valid client certificate"):
        connect(twin, own_port, "long enough", user="sly")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(twin, own_port, "long enough", user="sly", sslmode="disable")


def test_tls_versions_of_the_parameter_group_hold_at_the_front(twin: Twin, rds: Any, instance: dict[str, Any]) -> None:
    def set_minimum(version: str) -> None:
        wanted = {"ParameterName": "ssl_min_protocol_version", "ParameterValue": version, "ApplyMethod": "immediate"}
        rds.modify_db_parameter_group(DBParameterGroupName="registry", Parameters=[wanted])

    secret = password(twin, instance)
    set_minimum("TLSv1.3")
    try:
        _wait_until_refused(lambda: raw(twin, instance, secret, ssl_max_protocol_version="TLSv1.2"), "protocol version")
        raw(twin, instance, secret, ssl_min_protocol_version="TLSv1.3").close()
    finally:
        set_minimum("TLSv1.2")
        _wait_until_taken(lambda: raw(twin, instance, secret, ssl_max_protocol_version="TLSv1.2"))


def test_a_front_that_ends_is_started_again(twin: Twin, instance: dict[str, Any], session: dict[str, str]) -> None:
    _front(twin).kill()
    _wait_until_taken(lambda: by_iam(twin, instance, session))


def test_without_forced_tls_a_password_is_taken_and_a_token_is_not(
    twin: Twin, rds: Any, instance: dict[str, Any], session: dict[str, str]
) -> None:
    def without_tls() -> Any:
        return connect(twin, instance, password(twin, instance), sslmode="disable")

    _force_tls(rds, "0")
    try:
        _wait_until_taken(without_tls)
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry .* no encryption"):
            connect(twin, instance, token(session, instance), user=USER, sslmode="disable")
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry .* no encryption"):
            connect(twin, instance, "long enough", user=USER, sslmode="disable")
        by_iam(twin, instance, session).close()
    finally:
        _force_tls(rds, "1")
        _wait_until_refused(without_tls, "no encryption")


def test_tokens_work_after_a_reboot_a_restart_a_crash_and_a_restore(
    twin: Twin, rds: Any, instance: dict[str, Any], session: dict[str, str]
) -> None:
    port = instance["Endpoint"]["Port"]
    rds.reboot_db_instance(DBInstanceIdentifier=NAME)
    by_iam(twin, wait_for(rds, "available"), session).close()
    for end in (twin.stop, twin.kill):
        fronts = _fronts(twin)
        assert fronts
        twin.wait_until_kept()
        end()
        assert psutil.wait_procs(fronts, timeout=SECONDS)[1] == [], "a front has outlived the twin"
        twin.start()
        current = wait_for(rds, "available")
        assert current["Endpoint"]["Port"] == port
        by_iam(twin, current, session).close()
    rds.create_db_snapshot(DBInstanceIdentifier=NAME, DBSnapshotIdentifier="with-loader")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored",
        DBSnapshotIdentifier="with-loader",
        DBParameterGroupName="registry",
        EnableIAMDatabaseAuthentication=True,
    )
    by_iam(twin, wait_for(rds, "available", "restored"), session).close()
    assert len(_fronts(twin)) == 2
    rds.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)
    assert len(_fronts(twin)) == 1
    assert described(rds)["DBInstanceStatus"] == "available"


def _fronts(twin: Twin) -> list[psutil.Process]:
    assert twin.process is not None
    found = []
    for child in psutil.Process(twin.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # a program that ends just now
            if "twin.postgres.front" in child.cmdline():
                found.append(child)
    return found


def _front(twin: Twin) -> psutil.Process:
    (front,) = _fronts(twin)
    return front


def _stolen(connection: Any) -> int:
    """Its socket, to be broken off without a word of PostgreSQL's or of TLS'."""
    return socket.dup(connection.fileno())


def _wait_until_nobody_is_connected(twin: Twin, instance: dict[str, Any]) -> None:
    with connect(twin, instance, password(twin, instance)) as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE client_port IS NOT NULL AND pid <> pg_backend_pid()"
        deadline = time.monotonic() + SECONDS
        while connection.execute(others).fetchone() != (0,) or len(_front(twin).net_connections("tcp")) > 3:
            assert time.monotonic() < deadline, _front(twin).net_connections("tcp")
            time.sleep(0.1)


def _force_tls(rds: Any, value: str) -> None:
    wanted = {"ParameterName": "rds.force_ssl", "ParameterValue": value, "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="registry", Parameters=[wanted])


def _wait_until_taken(attempt: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            attempt().close()
            return
        time.sleep(0.1)
    pytest.fail("the connection is not taken")


def _wait_until_refused(attempt: Callable[[], Any], words: str) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            attempt().close()
        except psycopg.OperationalError as error:
            if words in str(error):
                return
    pytest.fail("the connection is still taken")

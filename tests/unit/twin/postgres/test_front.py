"""The front's own process, before a server that repeats what it hears and tells where it was called from."""

import asyncio
import contextlib
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from twin import loopback_ports
from twin.certificates import issue, issue_client
from twin.postgres import protocol
from twin.postgres.front_process import FrontProcess
from twin.postgres.front_settings import SERVED, VERIFIED, FrontSettings

SECONDS = 30.0
MEMBER, OTHER, UNKNOWN = "member", "other", "unknown"
MUCH = "wants much"
BLOCK, BLOCKS = bytes(range(256)) * 4096, 48


class Server(socketserver.ThreadingTCPServer):
    """Stands for PostgreSQL: TLS for the front's certificate only, one line about the client, then an echo."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__((SERVED, 0), Session)
        self.context = context
        self.sent = 0
        """Blocks of the last one who asked for many."""


class Session(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        line = self.request
        with contextlib.suppress(OSError):
            if line.recv(8, socket.MSG_PEEK) == protocol.SSL_REQUEST:
                line.recv(8)
                line.sendall(b"S")
                line = self.server.context.wrap_socket(line, server_side=True)
            kind = "TLS" if isinstance(line, ssl.SSLSocket) else "plain"
            line.sendall(f"{self.client_address[0]} {kind}\n".encode())
            while data := line.recv(65536):
                line.sendall(data)
                if data == startup(MUCH):
                    for self.server.sent in range(1, BLOCKS + 1):
                        line.sendall(BLOCK)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    issue(["localhost", "127.0.0.1"], folder, "postgres")
    issue_client("front", None, folder / "fronts", "front")
    return folder


@pytest.fixture(scope="module")
def server(certificates: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "postgres.pem", certificates / "postgres.key")
    context.load_verify_locations(certificates / "fronts" / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with Server(context) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


class Loop:
    """An event loop in a thread: where the answers to the front's questions are made."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def call(self, function: Callable[[], Any]) -> Any:
        async def called() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(called(), self.loop).result(SECONDS)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def answer(user: str, token: str | None) -> object:
    if user == UNKNOWN:
        raise RuntimeError("nobody knows")
    if token is None:
        return user == MEMBER
    return None if token == "good" else "the token is not good"


@pytest.fixture(scope="module")
def settings(certificates: Path, server: Server) -> FrontSettings:
    (port,) = loopback_ports.free(1)
    return FrontSettings(
        port=port,
        server_port=server.server_address[1],
        certificate=str(certificates / "postgres.pem"),
        key=str(certificates / "postgres.key"),
        authority=str(certificates / "ca.pem"),
        client_certificate=str(certificates / "fronts" / "front.pem"),
        client_key=str(certificates / "fronts" / "front.key"),
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("front") / "server.log"


@pytest.fixture(scope="module")
def front(settings: FrontSettings, log: Path) -> Iterator[FrontProcess]:
    loop = Loop()
    running = loop.call(lambda: FrontProcess(log, answer))
    try:
        running.start(settings)
        yield running
    finally:
        running.stop()
        loop.close()


@pytest.fixture
def plain(front: FrontProcess, settings: FrontSettings) -> Iterator[socket.socket]:
    with socket.create_connection((SERVED, settings.port), timeout=SECONDS) as connection:
        yield connection


@pytest.fixture
def secure(plain: socket.socket, certificates: Path) -> Iterator[ssl.SSLSocket]:
    plain.sendall(protocol.SSL_REQUEST)
    assert plain.recv(1) == b"S"
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        yield connection


def startup(user: str) -> bytes:
    body = f"user\0{user}\0database\0registry\0\0".encode()
    return struct.pack("!II", len(body) + 8, 196608) + body


def said(kind: bytes, text: str) -> bytes:
    return kind + struct.pack("!I", len(text) + 5) + text.encode() + b"\0"


def whole(connection: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        more = connection.recv(count - len(found))
        assert more, f"the connection has ended after {len(found)} bytes"
        found += more
    return bytes(found)


def rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def line(connection: socket.socket) -> str:
    return b"".join(iter(lambda: whole(connection, 1), b"\n")).decode()


def test_who_has_a_password_is_handed_to_the_server_as_he_came(secure: ssl.SSLSocket) -> None:
    secure.sendall(startup(OTHER))
    assert line(secure) == f"{SERVED} TLS"
    assert whole(secure, len(startup(OTHER))) == startup(OTHER)


def test_a_member_is_let_in_by_a_good_token_only(secure: ssl.SSLSocket) -> None:
    secure.sendall(startup(MEMBER))
    assert whole(secure, 9) == protocol.ASK_PASSWORD
    secure.sendall(said(b"p", "good") + b"what follows")
    assert line(secure) == f"{VERIFIED} TLS"
    assert whole(secure, len(startup(MEMBER)) + 12) == startup(MEMBER) + b"what follows"


def test_a_bad_token_is_refused_in_rds_words_and_not_written_down(secure: ssl.SSLSocket, log: Path) -> None:
    secure.sendall(startup(MEMBER))
    whole(secure, 9)
    secure.sendall(said(b"p", "hunter2"))
    assert rest(secure) == protocol.fatal("28000", 'PAM authentication failed for user "member"')
    written = log.read_text()
    assert 'FATAL:  PAM authentication failed for user "member"\nDETAIL:  the token is not good' in written
    assert "hunter2" not in written


def test_a_member_is_not_asked_without_tls(plain: socket.socket) -> None:
    plain.sendall(startup(MEMBER))
    words = f'no pg_hba.conf entry for host "{SERVED}", user "member", database "registry", no encryption'
    assert rest(plain) == protocol.fatal("28000", words)


def test_the_server_judges_others_without_tls(plain: socket.socket) -> None:
    plain.sendall(startup(OTHER))
    assert line(plain) == f"{SERVED} plain"


@pytest.mark.parametrize(
    ("message", "sqlstate"),
    [(said(b"Q", "SELECT 1"), "08P01"), (b"p" + struct.pack("!I", 8) + b"good", "08P01")],
    ids=["another message", "no end"],
)
def test_what_is_no_password_message_is_refused(secure: ssl.SSLSocket, message: bytes, sqlstate: str) -> None:
    secure.sendall(startup(MEMBER))
    whole(secure, 9)
    secure.sendall(message)
    assert f"C{sqlstate}\0".encode() in rest(secure)


def test_nobody_comes_in_while_nobody_can_say_who_may(secure: ssl.SSLSocket) -> None:
    secure.sendall(startup(UNKNOWN))
    assert rest(secure) == protocol.fatal("57P03", "the database system is not accepting connections")


def test_gss_encryption_is_declined_and_tls_may_follow(plain: socket.socket, certificates: Path) -> None:
    plain.sendall(protocol.GSSENC_REQUEST)
    assert plain.recv(1) == b"N"
    plain.sendall(protocol.SSL_REQUEST)
    assert plain.recv(1) == b"S"


def test_what_is_sent_before_tls_is_no_part_of_what_comes_over_tls(plain: socket.socket, certificates: Path) -> None:
    """CVE-2021-23214: somebody in between puts a message in front of the client's."""
    plain.sendall(protocol.SSL_REQUEST + startup(MEMBER))
    assert plain.recv(1) == b"S"
    with pytest.raises(OSError, match=r"reset|EOF|SSL|eof"):
        ssl.create_default_context(cafile=certificates / "ca.pem").wrap_socket(plain, server_hostname="localhost")


def test_a_cancel_request_is_handed_to_the_server(secure: ssl.SSLSocket) -> None:
    cancel = struct.pack("!IIII", 16, 80877102, 4711, 42)
    secure.sendall(cancel)
    assert line(secure) == f"{SERVED} TLS"
    assert whole(secure, 16) == cancel


@pytest.mark.parametrize("protocols", [["postgresql"], ["http/1.1"], []])
def test_tls_from_the_first_byte_needs_the_name_of_the_protocol(
    plain: socket.socket, certificates: Path, protocols: list[str]
) -> None:
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    context.set_alpn_protocols(protocols)
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        if protocols == ["postgresql"]:
            connection.sendall(startup(OTHER))
            assert line(connection) == f"{SERVED} TLS"
        else:
            assert _is_over(connection)


@pytest.mark.parametrize("begin", [b"\0\0\0\x04", struct.pack("!II", 10001, 196608), b"GET / HTTP/1.1\r\n\r\n"])
def test_impossible_lengths_end_the_connection(plain: socket.socket, begin: bytes) -> None:
    plain.sendall(begin)
    with contextlib.suppress(OSError):  # it may be over already
        plain.shutdown(socket.SHUT_WR)
    assert _is_over(plain)


def test_the_server_is_held_back_by_a_client_that_does_not_read(
    secure: ssl.SSLSocket, front: FrontProcess, server: Server
) -> None:
    """Nothing is lost, and the front keeps no more than a few chunks."""
    assert front._process is not None
    before = _memory(front._process)
    secure.sendall(startup(MUCH))
    line(secure)
    seen, unchanged = -1, 0
    while unchanged < 4:
        time.sleep(1)
        seen, unchanged = server.sent, unchanged + 1 if seen == server.sent else 0
    assert 0 < seen < BLOCKS, "the server could send all of it while nobody read"
    assert _memory(front._process) - before < 16 * 2**20
    assert whole(secure, len(startup(MUCH))) == startup(MUCH)
    for _ in range(BLOCKS):
        assert whole(secure, len(BLOCK)) == BLOCK


def test_other_settings_hold_for_the_next_connection(
    front: FrontProcess, settings: FrontSettings, certificates: Path
) -> None:
    def connected(version: ssl.TLSVersion) -> ssl.SSLSocket:
        raw = socket.create_connection((SERVED, settings.port), timeout=SECONDS)
        raw.sendall(protocol.SSL_REQUEST)
        assert raw.recv(1) == b"S"
        context = ssl.create_default_context(cafile=certificates / "ca.pem")
        context.maximum_version = version
        return context.wrap_socket(raw, server_hostname="localhost")

    connected(ssl.TLSVersion.TLSv1_2).close()
    front.configure(replace(settings, tls={"ssl_min_protocol_version": "TLSv1.3"}))
    try:
        deadline = time.monotonic() + SECONDS
        with contextlib.suppress(ssl.SSLError):
            while time.monotonic() < deadline:  # it takes a moment to reach the front
                connected(ssl.TLSVersion.TLSv1_2).close()
        assert time.monotonic() < deadline
        connected(ssl.TLSVersion.TLSv1_3).close()
    finally:
        front.configure(settings)


def test_a_taken_port_is_an_error_and_no_process_stays(front: FrontProcess, settings: FrontSettings, log: Path) -> None:
    loop = Loop()
    second = loop.call(lambda: FrontProcess(log, answer))
    try:
        with pytest.raises(Exception, match=f"does not listen at {settings.port}"):
            second.start(settings)
        assert second._process is not None
        assert second._process.poll() is not None
    finally:
        second.stop()
        loop.close()


def _is_over(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def _memory(process: "subprocess.Popen[str]") -> int:
    return int(psutil.Process(process.pid).memory_info().rss)

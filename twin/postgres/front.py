"""The front of one PostgreSQL server: `python -m twin.postgres.front`. It owns the endpoint's port.

PostgreSQL alone can check no token of IAM. The front ends the client's TLS with the server's certificate, reads the
start-up message, and connects to the server for the client: as somebody whom the server asks for a password, whose
answers pass through unread, or, for a user whom IAM has to let in, after it has asked for the token itself. Who that is
and whether the token is good is the answer of whoever started it: it asks in lines of JSON on stdout and is told on
stdin. When stdin ends it ends, so that none is left behind.

What it writes to stderr belongs into the server's log: refusals, in PostgreSQL's words, never a part of a token.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from twin.postgres import protocol
from twin.postgres.ends import End, over_tls, prepared, readable
from twin.postgres.front_questions import Questions, RefusedError, say
from twin.postgres.front_settings import SERVED, VERIFIED, FrontSettings
from twin.postgres.protocol import Startup

AUTHENTICATION_SECONDS = 60.0
"""How long somebody may take until he is let in, or handed to the server, which has such a limit of its own."""
READY = "ready"
"""The first line on stdout: it listens."""
_HOST = "localhost"
"""A name in the server's certificate."""
_ALPN = "postgresql"
_TLS_HANDSHAKE = b"\x16"
_VERSIONS = {
    "tlsv1": ssl.TLSVersion.TLSv1,
    "tlsv1.1": ssl.TLSVersion.TLSv1_1,
    "tlsv1.2": ssl.TLSVersion.TLSv1_2,
    "tlsv1.3": ssl.TLSVersion.TLSv1_3,
}


class Front:
    """Takes connections until it is cancelled."""

    def __init__(self, settings: FrontSettings, questions: Questions) -> None:
        self._port, self._questions = settings.port, questions
        self._tasks: set[asyncio.Task[None]] = set()
        self.configure(settings)

    def configure(self, settings: FrontSettings) -> None:
        """Serve the connections that come from now on by these settings; the port stays."""
        self._server_port = settings.server_port
        self._for_clients = _for_clients(settings)
        self._to_server = ssl.create_default_context(cafile=settings.authority)
        self._to_server.load_cert_chain(settings.client_certificate, settings.client_key)

    async def serve(self) -> None:
        """Listen, say so, and take connections."""
        with socket.create_server((SERVED, self._port), backlog=256) as listening:
            listening.setblocking(False)
            say(READY)
            while True:
                try:
                    connection, _ = await asyncio.get_running_loop().sock_accept(listening)
                except OSError as error:  # too many open files
                    _log(f"LOG:  could not accept a connection: {error.strerror}")
                    await asyncio.sleep(0.1)
                    continue
                task = asyncio.create_task(self._handle(prepared(connection)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):  # a client that goes, is slow, or speaks something else
            async with asyncio.timeout(AUTHENTICATION_SECONDS) as limit:
                client = await self._met(connection)
                try:
                    server = await self._introduced(client)
                    limit.reschedule(None)
                    await client.joined_to(server)
                except RefusedError as refused:
                    client.write(refused.answer)
                finally:
                    client.leave()

    async def _met(self, connection: socket.socket) -> End:
        """The client, over TLS if it asks for that."""
        try:
            await readable(connection)
            if connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
                secure = await over_tls(connection, self._for_clients, server_side=True)
                if secure.selected_alpn_protocol() == _ALPN:
                    return End(secure)
                secure.close()
                raise ConnectionError("TLS without a request for it, and without ALPN")
            return await self._asked(connection)
        except BaseException:
            connection.close()
            raise

    async def _asked(self, connection: socket.socket) -> End:
        loop = asyncio.get_running_loop()
        while True:
            asked = await _exactly(connection, len(protocol.SSL_REQUEST))
            if asked == protocol.SSL_REQUEST:
                await loop.sock_sendall(connection, b"S")
                return End(await over_tls(connection, self._for_clients, server_side=True))
            if asked != protocol.GSSENC_REQUEST:
                return End(connection, asked)
            await loop.sock_sendall(connection, b"N")

    async def _introduced(self, client: End) -> End:
        """The server, which has been told who the client is. Errors: RefusedError."""
        packet = await client.packet(protocol.LONGEST_STARTUP)
        startup = protocol.startup_of(packet)
        address = SERVED
        if startup is not None and await self._questions.takes_token(startup.user):
            await self._let_in(client, startup)
            address = VERIFIED
        try:
            server = await self._connected(address, secure=client.tls is not None)
        except OSError as error:
            raise RefusedError("57P03", "the database system is not accepting connections") from error
        server.write(packet)
        return server

    async def _let_in(self, client: End, startup: Startup) -> None:
        """Errors: RefusedError, unless the client has a good token."""
        user = startup.user
        if client.tls is None:
            where = f'host "{SERVED}", user "{user}", database "{startup.database}", no encryption'
            raise RefusedError("28000", f"no pg_hba.conf entry for {where}")
        client.write(protocol.ASK_PASSWORD)
        kind, body = await client.message(protocol.LONGEST_PASSWORD)
        if kind != b"p":
            raise RefusedError("08P01", f"expected password response, got message type {kind[0]}")
        token = protocol.password_of(body)
        if token is None:
            raise RefusedError("08P01", "invalid password packet size")
        if refusal := await self._questions.refusal(user, token):
            words = f'PAM authentication failed for user "{user}"'
            _log(f"FATAL:  {words}\nDETAIL:  {refusal}")
            raise RefusedError("28000", words)

    async def _connected(self, address: str, *, secure: bool) -> End:
        """A connection to the server that comes from this loopback address."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = prepared(socket.socket(family, socket.SOCK_STREAM))
        try:
            connection.bind((address, 0))
            await loop.sock_connect(connection, ("::1" if family == socket.AF_INET6 else SERVED, self._server_port))
            if not secure:
                return End(connection)
            await loop.sock_sendall(connection, protocol.SSL_REQUEST)
            if await loop.sock_recv(connection, 1) != b"S":
                raise ConnectionError("the server takes no TLS")
            return End(await over_tls(connection, self._to_server, server_hostname=_HOST))
        except BaseException:
            connection.close()
            raise


def _for_clients(settings: FrontSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[settings.tls.get("ssl_min_protocol_version", "TLSv1.2").lower()]
    if highest := settings.tls.get("ssl_max_protocol_version"):
        context.maximum_version = _VERSIONS[highest.lower()]
    if ciphers := settings.tls.get("ssl_ciphers"):
        context.set_ciphers(ciphers)
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.set_alpn_protocols([_ALPN])
    context.load_cert_chain(settings.certificate, settings.key)
    return context


async def _exactly(connection: socket.socket, count: int) -> bytes:
    """The next bytes. Raises ConnectionError when the client goes first."""
    found = b""
    while len(found) < count:
        more = await asyncio.get_running_loop().sock_recv(connection, count - len(found))
        if not more:
            raise ConnectionError("the client has gone")
        found += more
    return found


def _log(line: str) -> None:
    """A line of the server's log, in its form (log_line_prefix `%m [%p] `)."""
    now = datetime.now(UTC)
    sys.stderr.write(f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d} UTC [{os.getpid()}] {line}\n")
    sys.stderr.flush()


def _complain(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Instead of asyncio's own words, which may show what was sent."""
    _log(f"LOG:  the front of the server: {context['message']} ({type(context.get('exception')).__name__})")


async def _main() -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_complain)
    told = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    questions = Questions()
    front = Front(FrontSettings.decoded((await told.readline()).decode()), questions)
    serving = asyncio.create_task(front.serve())
    listening = asyncio.create_task(_listen(told, front, questions))
    await asyncio.wait((serving, listening), return_when=asyncio.FIRST_COMPLETED)
    for end in list(End.open_ends):
        end.abort()
    for task in (serving, listening):
        if task.done():
            task.result()
        task.cancel()


async def _listen(told: asyncio.StreamReader, front: Front, questions: Questions) -> None:
    """Hear answers and new settings, until nobody is left to tell."""
    while line := (await told.readline()).decode():
        if "number" in (message := json.loads(line)):
            questions.answered(message)
            continue
        try:
            front.configure(FrontSettings.decoded(line))
        except (OSError, KeyError) as error:  # as the server: what held until now holds on
            _log(f"LOG:  the front of the server keeps its settings of TLS: {error}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_main())

"""The two ends of a connection through a front: read message by message first, then joined.

On bare sockets, and not on asyncio's transports: those take twice the processor time for a message over TLS.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import Any, ClassVar

FLUSH_SECONDS = 10.0
"""How long the last bytes may take to reach somebody who reads slowly, once the other end has gone."""
_CHUNK = 2**16
_TLS_RECORD = 2**14
"""What OpenSSL gives at most at once: then nothing is left in it that no selector would tell of."""
_MOST_UNREAD = 2**17
"""Bytes that an end keeps while nobody reads from it and it is not joined."""
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class End:
    """One end. It hands each chunk of bytes to the end that it is joined to, as fast as that one takes them."""

    open_ends: ClassVar[set["End"]] = set()
    """Every end of the process that is connected."""

    def __init__(self, connection: socket.socket, first: bytes = b"") -> None:
        """`connection` does not block, and belongs to the end; `first` is what has been read of it already."""
        self._connection, self._unread, self._unsent = connection, bytearray(first), b""
        self._loop = asyncio.get_running_loop()
        self._peer: End | None = None
        self._is_reading = self._is_leaving = False
        self._farewell: asyncio.TimerHandle | None = None
        self._more, self._gone = asyncio.Event(), asyncio.Event()
        self._chunk = _CHUNK if self.tls is None else _TLS_RECORD
        self.open_ends.add(self)
        self._resume()

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The connection, if it is one over TLS."""
        return self._connection if isinstance(self._connection, ssl.SSLSocket) else None

    # --- message by message ---

    async def read(self, count: int) -> bytes:
        """The next `count` bytes. Raises ConnectionError when the end goes first."""
        while len(self._unread) < count:
            if self._gone.is_set():
                raise ConnectionError("the connection has ended")
            self._more.clear()
            await self._more.wait()
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken

    async def packet(self, longest: int) -> bytes:
        """The next packet without a type, whole. Raises ValueError for an impossible length."""
        length = await self.read(4)
        return length + await self.read(_checked(length, 8, longest))

    async def message(self, longest: int) -> tuple[bytes, bytes]:
        """Type and content of the next message. Raises ValueError for an impossible length."""
        kind = await self.read(1)
        return kind, await self.read(_checked(await self.read(4), 4, longest))

    def write(self, data: bytes) -> None:
        """Send it now, or as soon as this end takes it; nothing, if the end has gone."""
        if self._unsent:
            self._unsent += data
        elif not self._is_leaving:
            self._send(data)
            if self._unsent:
                self._loop.add_writer(self._connection, self._flush)

    def leave(self) -> None:
        """Send what is left to send, and go."""
        if self._is_leaving:
            return
        self._is_leaving = True
        self._pause()
        if self._unsent:
            self._farewell = self._loop.call_later(FLUSH_SECONDS, self.abort)
        else:
            self.abort()

    def abort(self) -> None:
        """Go at once."""
        if self._gone.is_set():
            return
        self._is_leaving = True
        self._pause()
        self._loop.remove_writer(self._connection)
        self._unsent = b""
        if self._farewell is not None:
            self._farewell.cancel()
        if self.tls is not None:
            with contextlib.suppress(OSError, ValueError):  # says farewell, and does not wait for the answer
                self.tls.unwrap()
        self._connection.close()
        self.open_ends.discard(self)
        self._gone.set()
        self._more.set()
        if self._peer is not None:
            self._peer.leave()

    # --- joined ---

    async def joined_to(self, other: "End") -> None:
        """Hand on everything in both directions until both ends have gone."""
        self._peer, other._peer = other, self
        for one, peer in ((self, other), (other, self)):
            if one._gone.is_set():
                peer.leave()
            else:
                one._resume()
        for one, peer in ((self, other), (other, self)):
            data, one._unread = bytes(one._unread), bytearray()
            peer.write(data)
        await self._gone.wait()
        await other._gone.wait()

    def _receive(self) -> None:
        try:
            data = self._connection.recv(self._chunk)
        except _NOT_NOW:
            return
        except OSError:
            data = b""
        if not data:
            self.abort()
        elif self._peer is not None:
            self._peer.write(data)
        else:
            self._unread += data
            self._more.set()
            if len(self._unread) > _MOST_UNREAD:
                self._pause()

    def _flush(self) -> None:
        data, self._unsent = self._unsent, b""
        self._send(data)
        if self._unsent or self._gone.is_set():
            return
        self._loop.remove_writer(self._connection)
        if self._is_leaving:
            self.abort()
        elif self._peer is not None:
            self._peer._resume()

    def _send(self, data: bytes) -> None:
        """Send what goes now, keep the rest, and stop the other end from giving more of it."""
        try:
            sent = self._connection.send(data) if data else 0
        except _NOT_NOW:
            sent = 0
        except OSError:
            self.abort()
            return
        self._unsent = data[sent:]
        if self._unsent and self._peer is not None:
            self._peer._pause()

    def _pause(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self._connection)

    def _resume(self) -> None:
        if not self._is_reading and not self._is_leaving:
            self._is_reading = True
            self._loop.add_reader(self._connection, self._receive)


def prepared(connection: socket.socket) -> socket.socket:
    """A socket that sends small messages at once and notices that the other side is no more."""
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connection


async def over_tls(
    connection: socket.socket, context: ssl.SSLContext, *, server_side: bool = False, server_hostname: str | None = None
) -> ssl.SSLSocket:
    """The socket, once both sides have agreed on TLS; the one that was given is no more.

    Errors: OSError.
    """
    secure = context.wrap_socket(
        connection, server_side=server_side, server_hostname=server_hostname, do_handshake_on_connect=False
    )
    loop = asyncio.get_running_loop()
    try:
        while True:
            try:
                secure.do_handshake()
                return secure
            except ssl.SSLWantReadError:
                await readable(secure)
            except ssl.SSLWantWriteError:
                await _told(secure, loop.add_writer, loop.remove_writer)
    except BaseException:
        secure.close()
        raise


async def readable(connection: socket.socket) -> None:
    """Wait until the socket has something to read, or has ended."""
    loop = asyncio.get_running_loop()
    await _told(connection, loop.add_reader, loop.remove_reader)


async def _told(connection: socket.socket, add: Any, remove: Any) -> None:
    ready = asyncio.Event()
    add(connection, ready.set)
    try:
        await ready.wait()
    finally:
        remove(connection)


def _checked(length: bytes, shortest: int, longest: int) -> int:
    (said,) = struct.unpack("!I", length)
    if not shortest <= said <= longest:
        raise ValueError("invalid length of a message")
    return int(said) - 4

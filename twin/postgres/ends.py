"""The two ends of a connection through a front: read message by message first, then joined."""

import asyncio
import socket
import struct
from typing import ClassVar

_MOST_UNREAD = 2**17
"""Bytes that an end keeps while nobody reads from it and it is not joined."""
FLUSH_SECONDS = 10.0
"""How long the last bytes may take to reach somebody who reads slowly, once the other end has gone."""


class End(asyncio.Protocol):
    """One end. It hands each chunk of bytes to the end that it is joined to, as fast as that one takes them."""

    transport: asyncio.Transport
    open_ends: ClassVar[set["End"]] = set()
    """Every end of the process that is connected."""

    def __init__(self, first: bytes = b"") -> None:
        """`first`: what has been read of the connection already."""
        self.lost = asyncio.get_running_loop().create_future()
        """Done once this end has gone."""
        self._unread = bytearray(first)
        self._more = asyncio.Event()
        self._peer: End | None = None
        self._farewell: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream: asyncio's type is wider
        self.transport = transport
        self.open_ends.add(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._peer is not None:
            if not self._peer.transport.is_closing():
                self._peer.transport.write(data)
            return
        self._unread += data
        if len(self._unread) > _MOST_UNREAD:
            self.transport.pause_reading()
        self._more.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        """See asyncio. PostgreSQL's clients and servers close both directions at once."""
        self.open_ends.discard(self)
        if not self.lost.done():  # the process is about to end
            self.lost.set_result(None)
        self._more.set()
        if self._farewell is not None:
            self._farewell.cancel()
        if self._peer is not None:
            self._peer.leave()

    def pause_writing(self) -> None:
        """See asyncio: this end takes no more for now."""
        if self._peer is not None:
            self._peer.transport.pause_reading()

    def resume_writing(self) -> None:
        """See asyncio."""
        if self._peer is not None:
            self._peer.transport.resume_reading()

    async def read(self, count: int) -> bytes:
        """The next `count` bytes. Raises ConnectionError when the end goes first."""
        while len(self._unread) < count:
            if self.lost.done():
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

    def leave(self) -> None:
        """Send what is left to send, and go."""
        if self._farewell is None and not self.lost.done():
            self.transport.close()
            self._farewell = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.transport.abort)

    async def joined_to(self, other: "End") -> None:
        """Hand on everything in both directions until both ends have gone."""
        for one, peer in ((self, other), (other, self)):
            one._peer = peer
            one.transport.resume_reading()
        for one, peer in ((self, other), (other, self)):
            if one._unread:  # only now: it may stop the other end from reading
                peer.transport.write(bytes(one._unread))
                one._unread.clear()
            if one.lost.done():
                peer.leave()
        await asyncio.gather(self.lost, other.lost)


def _checked(length: bytes, shortest: int, longest: int) -> int:
    (said,) = struct.unpack("!I", length)
    if not shortest <= said <= longest:
        raise ValueError("invalid length of a message")
    return int(said) - 4


def prepared(connection: socket.socket) -> socket.socket:
    """A socket that sends small messages at once and notices that the other side is no more."""
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connection


async def readable(connection: socket.socket) -> None:
    """Wait until the socket has something to read, or has ended."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)

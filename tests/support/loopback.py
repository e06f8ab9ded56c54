"""Servers of tests, on loopback."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer, StreamRequestHandler, ThreadingTCPServer

_POLL_SECONDS = 0.01
"""How soon it ends once it is told to."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve by a handler until the block ends; gives host and port, `127.0.0.1:12345`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with _at_work(server):
        yield f"127.0.0.1:{server.server_port}"


@dataclass
class Listener:
    """Takes whatever somebody sends and answers nothing."""

    port: int
    heard: list[str] = field(default_factory=list)
    """A text for each connection; all of them once the block has ended."""


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen until the block ends."""

    class Hears(StreamRequestHandler):
        def handle(self) -> None:
            listener.heard.append(self.rfile.read().decode(errors="replace"))

    server = ThreadingTCPServer(("127.0.0.1", 0), Hears)
    listener = Listener(server.server_address[1])
    with _at_work(server):
        yield listener


@contextmanager
def _at_work(server: BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

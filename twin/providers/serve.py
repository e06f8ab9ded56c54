"""What every provider plugin does: print its port, serve on the loopback interface, end with the engine."""

import importlib.util
import os
import signal
import sys
import threading
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for a message."""
_WORKERS = 48
"""More than the engine starts at once, since most of them wait for an API."""
_WATCH_SECONDS = 0.2
"""How soon the end of the engine is noticed."""
_ENDING_SECONDS = 60
"""How long requests of the engine that have begun may go on after Ctrl-C. They wait for nothing any more; but one that
were cut short could have made what the engine then knows nothing of."""


def without_the_sdk() -> None:
    """Let `pulumi.runtime.proto` be imported alone: all of Pulumi's SDK would take a third of a second to import."""
    for package in ("pulumi", "pulumi.runtime"):
        found = importlib.util.find_spec(package)
        if package not in sys.modules and found is not None:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = list(found.submodule_search_locations or ())


def serve(add_to: Callable[[Any], None], stop_provider: Callable[[], None]) -> None:
    """Serve on a free port until the engine ends; the engine's own address is not needed: answers say all.

    Args:
        add_to: adds the provider's servicer to a gRPC server.
        stop_provider: ends what waits.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = grpc.server(
        ThreadPoolExecutor(_WORKERS),
        options=[("grpc.max_send_message_length", _MESSAGE_BYTES), ("grpc.max_receive_message_length", _MESSAGE_BYTES)],
    )
    add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    engine = os.getppid()
    _wait(stop, engine)
    stop_provider()
    _wait(server.stop(grace=_ENDING_SECONDS), engine)


def _wait(over: threading.Event, engine: int) -> None:
    while not over.wait(_WATCH_SECONDS):
        if os.getppid() != engine:
            # Killed: at once, so that nothing is made after the next command has looked what was made.
            os._exit(1)

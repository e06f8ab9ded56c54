"""The plugin `pulumi-resource-aws`: `python -m twin.provider ENGINE_ADDRESS` prints its port and serves."""

import importlib.util
import os
import signal
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc

if not TYPE_CHECKING:
    # Only the generated protocol of Pulumi's SDK is needed; all of the SDK would take a third of a second to import.
    for _package in ("pulumi", "pulumi.runtime"):
        _folders = importlib.util.find_spec(_package).submodule_search_locations
        sys.modules[_package] = types.ModuleType(_package)
        sys.modules[_package].__path__ = list(_folders)

from pulumi.runtime.proto import provider_pb2_grpc

from twin.provider.servicer import AwsProvider

_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for a message."""
_WORKERS = 48
"""More than the engine starts at once, since most of them wait for AWS."""

_WATCH_SECONDS = 0.2
"""How soon the end of the engine is noticed."""


def main() -> None:
    """Serve on a free port of the loopback interface; the engine's address is not needed: answers say all."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = grpc.server(
        ThreadPoolExecutor(_WORKERS),
        options=[("grpc.max_send_message_length", _MESSAGE_BYTES), ("grpc.max_receive_message_length", _MESSAGE_BYTES)],
    )
    provider = AwsProvider()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    engine = os.getppid()
    while not stop.wait(_WATCH_SECONDS):
        if os.getppid() != engine:
            # Killed: at once, so that nothing is made after the next command has looked what was made.
            os._exit(1)
    provider.stop()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()

"""What the provider says to the engine while it works: the line behind a resource, and warnings."""

from __future__ import annotations

import threading

import grpc


class Messages:
    """The engine's log, at the address that it gave. Without an address nothing is said."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._channel: grpc.Channel | None = None
        self._opening = threading.Lock()
        self._warned: set[tuple[str, str]] = set()

    def status(self, urn: str, text: str) -> None:
        """Show what a resource is waiting for, in place of what was shown before; "" clears it."""
        self._log(urn, text, "INFO", ephemeral=True)

    def warn(self, urn: str, text: str) -> None:
        """A warning that stays; the same one for the same resource is given once."""
        if (urn, text) not in self._warned:
            self._warned.add((urn, text))
            self._log(urn, text, "WARNING", ephemeral=False)

    def _log(self, urn: str, text: str, severity: str, *, ephemeral: bool) -> None:
        if not self._address:
            return
        from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc  # only where there is something to say

        with self._opening:
            if self._channel is None:
                self._channel = grpc.insecure_channel(self._address)
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity), message=text, urn=urn, ephemeral=ephemeral
        )
        try:
            engine_pb2_grpc.EngineStub(self._channel).Log(request, timeout=5)
        except grpc.RpcError:
            return  # an engine that ends no longer listens; the answer of the operation says all that counts

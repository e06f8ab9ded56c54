"""The plugin as the engine starts it: a process that prints its port, serves on loopback, and ends when told."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import psutil
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.contracts.providers.starting import least, used_by
from tools.toolchain import CLONE
from twin.providers.aws.servicer import VERSION

START_RATIO = 3
"""Processor time until the port is printed, over the least that it takes. It is 1 on a quiet machine: 0.25 s."""


@dataclass
class Plugin:
    process: subprocess.Popen[bytes]
    port: int
    seconds: float


@contextmanager
def _started() -> Iterator[Plugin]:
    command = [sys.executable, "-m", "twin.providers.aws", "127.0.0.1:1"]
    process = subprocess.Popen(command, cwd=CLONE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    try:
        yield Plugin(process, port, used_by(process))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def plugin() -> Iterator[Plugin]:
    with _started() as plugin:
        yield plugin


def test_it_says_who_it_is_and_what_it_can(plugin: Plugin) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{plugin.port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        assert stub.GetPluginInfo(Empty()).version == VERSION
        handshake = stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
        assert handshake.accept_secrets
        assert handshake.supports_autonaming_configuration
        assert not handshake.accept_resources


def test_it_listens_on_the_loopback_interface_alone(plugin: Plugin) -> None:
    listening = [
        entry.laddr for entry in psutil.Process(plugin.process.pid).net_connections() if entry.status == "LISTEN"
    ]
    # gRPC binds an IPv6 socket to the mapped address.
    assert [(address.ip.removeprefix("::ffff:"), address.port) for address in listening] == [("127.0.0.1", plugin.port)]


def test_it_serves_soon() -> None:
    """The quickest of three: the machine may be busy with other things."""
    seconds = []
    for _ in range(3):
        with _started() as plugin:
            seconds.append(plugin.seconds)
    assert min(seconds) < START_RATIO * least(), seconds


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_when_told(plugin: Plugin, number: signal.Signals) -> None:
    plugin.process.send_signal(number)
    _, said = plugin.process.communicate(timeout=60)
    assert plugin.process.returncode == 0
    assert said == b""

"""The plugin as the engine starts it: a process that prints its port, serves on loopback, and ends when told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.contracts.providers.starting import least, used_by
from tests.support.kubernetes_api import FakeApi, serving
from tools.toolchain import CLONE
from twin import project
from twin.providers.kubernetes.servicer import VERSION
from twin.providers.wire import decode, encode

START_RATIO = 6
"""Processor time until the port is printed, over the least that it takes. It is 3 on a quiet machine: 0.4 s."""
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
URN = f"urn:pulumi:dev::groundwork::{CONFIG_MAP}::settings"


@dataclass
class Plugin:
    process: subprocess.Popen[bytes]
    port: int
    seconds: float
    stub: Any


@pytest.fixture
def plugin() -> Iterator[Plugin]:
    command = [sys.executable, "-m", "twin.providers.kubernetes", "127.0.0.1:1"]
    process = subprocess.Popen(command, cwd=CLONE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    seconds = used_by(process)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Plugin(process, port, seconds, provider_pb2_grpc.ResourceProviderStub(channel))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        fake.objects["/api/v1/namespaces/default"] = {"metadata": {"name": "default"}}
        yield fake


def configure(plugin: Plugin, config: dict[str, Any]) -> None:
    plugin.stub.Configure(provider_pb2.ConfigureRequest(args=encode({"kubeconfig": json.dumps(config)})))


def refusal(call: Any) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return str(refused.value.details())


def test_it_says_who_it_is_and_what_it_can(plugin: Plugin) -> None:
    assert plugin.stub.GetPluginInfo(Empty()).version == VERSION == project.provider_version("kubernetes")
    handshake = plugin.stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    assert handshake.accept_secrets
    assert handshake.supports_autonaming_configuration
    assert not handshake.accept_resources


def test_it_serves_soon_and_on_loopback_alone(plugin: Plugin) -> None:
    assert plugin.seconds < START_RATIO * least()
    listening = [one for one in psutil.Process(plugin.process.pid).net_connections() if one.status == "LISTEN"]
    # gRPC binds an IPv6 socket to the mapped address.
    assert [(one.laddr.ip.removeprefix("::ffff:"), one.laddr.port) for one in listening] == [("127.0.0.1", plugin.port)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_told(plugin: Plugin, number: signal.Signals) -> None:
    plugin.process.send_signal(number)
    assert plugin.process.wait(60) == 0


def test_it_takes_no_cluster_of_another_machine(plugin: Plugin) -> None:
    config = FakeApi(url="https://10.0.0.1").kubeconfig(token="t")
    assert "https://10.0.0.1 is not on this machine" in refusal(lambda: configure(plugin, config))


def test_a_setting_that_it_does_not_know_is_refused_by_name(plugin: Plugin) -> None:
    news = encode({"kubeconfig": "{}", "renderYamlToDirectory": "out"})
    (failure,) = plugin.stub.CheckConfig(provider_pb2.CheckRequest(urn=URN, news=news)).failures
    assert failure.property == "renderYamlToDirectory"


def test_what_nothing_renders_is_refused_by_name(plugin: Plugin, api: FakeApi) -> None:
    configure(plugin, api.kubeconfig())
    asked = provider_pb2.InvokeRequest(tok="kubernetes:helm:template")
    assert "no function kubernetes:helm:template" in refusal(lambda: plugin.stub.Invoke(asked))
    made = provider_pb2.ConstructRequest(type="kubernetes:yaml/v2:ConfigGroup", name="group")
    assert "does not take kubernetes:yaml/v2:ConfigGroup (group)" in refusal(lambda: plugin.stub.Construct(made))


def test_a_resource_goes_through_its_life(plugin: Plugin, api: FakeApi) -> None:
    configure(plugin, api.kubeconfig())
    news = encode({"data": {"a": "1"}})
    checked = plugin.stub.Check(provider_pb2.CheckRequest(urn=URN, type=CONFIG_MAP, news=news, randomSeed=b"s")).inputs
    made = plugin.stub.Create(provider_pb2.CreateRequest(urn=URN, type=CONFIG_MAP, properties=checked))
    name = decode(checked).values["metadata"]["name"]
    assert made.id == f"default/{name}"
    state = {"id": made.id, "urn": URN, "type": CONFIG_MAP}
    read = plugin.stub.Read(provider_pb2.ReadRequest(**state, properties=made.properties, inputs=checked))
    assert read.inputs == checked
    assert decode(read.properties) == decode(made.properties)
    diff = provider_pb2.DiffRequest(**state, olds=made.properties, old_inputs=checked, news=checked)
    assert plugin.stub.Diff(diff).changes == provider_pb2.DiffResponse.DIFF_NONE
    plugin.stub.Delete(provider_pb2.DeleteRequest(**state, properties=made.properties, old_inputs=checked))
    assert plugin.stub.Read(provider_pb2.ReadRequest(**state, properties=made.properties, inputs=checked)).id == ""


def test_the_data_of_a_secret_always_goes_back_as_one(plugin: Plugin, api: FakeApi) -> None:
    configure(plugin, api.kubeconfig())
    token = "kubernetes:core/v1:Secret"
    news = encode({"stringData": {"password": "hunter2"}})
    checked = plugin.stub.Check(provider_pb2.CheckRequest(urn=URN, type=token, news=news, randomSeed=b"s")).inputs
    assert decode(checked).secret_paths == {("stringData",)}
    made = plugin.stub.Create(provider_pb2.CreateRequest(urn=URN, type=token, properties=checked))
    assert ("stringData",) in decode(made.properties).secret_paths


def test_a_cluster_that_does_not_answer(plugin: Plugin) -> None:
    configure(plugin, FakeApi(url="http://127.0.0.1:9").kubeconfig())
    inputs = encode({"metadata": {"name": "a", "namespace": "default"}, "data": {"a": "1"}})
    foreseen = plugin.stub.Create(provider_pb2.CreateRequest(urn=URN, type=CONFIG_MAP, properties=inputs, preview=True))
    assert foreseen.properties == inputs  # a preview answers from the inputs alone
    made = provider_pb2.CreateRequest(urn=URN, type=CONFIG_MAP, properties=inputs)
    assert "the Kubernetes cluster is unreachable" in refusal(lambda: plugin.stub.Create(made))
    gone = provider_pb2.DeleteRequest(id="default/a", urn=URN, type=CONFIG_MAP, properties=inputs)
    words = refusal(lambda: plugin.stub.Delete(gone))
    assert "ConfigMap a cannot be deleted" in words
    assert "deleteUnreachable" in words

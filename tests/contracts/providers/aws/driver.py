"""Talks to the provider as the engine does: over gRPC, with plain Python values on this side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from twin.providers.aws.servicer import AwsProvider
from twin.providers.wire import decode, encode

WAIT_SECONDS = 60.0
"""How long one operation may wait for AWS: on the twin everything is there within seconds."""
_ANSWER_SECONDS = 90.0
"""How long an answer may take in all; a provider that hangs fails the test that noticed."""


@dataclass
class Resource:
    """What the engine would keep of a resource."""

    token: str
    name: str
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:test::provider::{self.token}::{self.name}"


@dataclass(frozen=True)
class Difference:
    paths: Mapping[str, str]
    replaces: Sequence[str]
    delete_before_replace: bool


class Driver:
    """A provider served in this process, and the engine's side of its protocol."""

    def __init__(self, provider: AwsProvider | None = None) -> None:
        self.provider = provider or AwsProvider()
        self._server = grpc.server(ThreadPoolExecutor(8))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self.provider, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def stop(self) -> None:
        self.provider.stop()
        self._channel.close()
        self._server.stop(grace=0).wait()

    def configure(self, **config: Any) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=encode(config)), timeout=_ANSWER_SECONDS)

    def failures(self, token: str, inputs: Mapping[str, Any], name: str = "it") -> dict[str, str]:
        """What Check refuses: property to reason."""
        request = provider_pb2.CheckRequest(urn=Resource(token, name).urn, name=name, type=token, news=encode(inputs))
        return {
            failure.property: failure.reason for failure in self.stub.Check(request, timeout=_ANSWER_SECONDS).failures
        }

    def check(
        self, resource: Resource, inputs: Mapping[str, Any], seed: bytes = b"seed", secrets: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The checked inputs."""
        request = provider_pb2.CheckRequest(
            urn=resource.urn,
            name=resource.name,
            type=resource.token,
            olds=encode(resource.inputs),
            news=encode(inputs, secrets),
            randomSeed=seed,
        )
        response = self.stub.Check(request, timeout=_ANSWER_SECONDS)
        assert not response.failures, [(failure.property, failure.reason) for failure in response.failures]
        return decode(response.inputs).values

    def preview(self, resource: Resource, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs that a preview of the create promises."""
        checked = self.check(resource, inputs)
        request = provider_pb2.CreateRequest(
            urn=resource.urn, type=resource.token, properties=encode(checked), preview=True
        )
        return decode(self.stub.Create(request, timeout=_ANSWER_SECONDS).properties).values

    def create(self, token: str, name: str, inputs: Mapping[str, Any]) -> Resource:
        resource = Resource(token, name)
        resource.inputs = self.check(resource, inputs)
        request = provider_pb2.CreateRequest(
            urn=resource.urn, type=token, properties=encode(resource.inputs), timeout=WAIT_SECONDS
        )
        response = self.stub.Create(request, timeout=_ANSWER_SECONDS)
        resource.id, resource.outputs = response.id, decode(response.properties).values
        return resource

    def diff(self, resource: Resource, inputs: Mapping[str, Any]) -> Difference:
        """What an update to these inputs would change."""
        request = provider_pb2.DiffRequest(
            id=resource.id,
            urn=resource.urn,
            type=resource.token,
            olds=encode(resource.outputs),
            old_inputs=encode(resource.inputs),
            news=encode(self.check(resource, inputs)),
        )
        response = self.stub.Diff(request, timeout=_ANSWER_SECONDS)
        kinds = provider_pb2.PropertyDiff.Kind
        return Difference(
            {path: kinds.Name(entry.kind) for path, entry in response.detailedDiff.items()},
            list(response.replaces),
            response.deleteBeforeReplace,
        )

    def update(self, resource: Resource, inputs: Mapping[str, Any], ignored: Sequence[str] = ()) -> None:
        checked = self.check(resource, inputs)
        request = provider_pb2.UpdateRequest(
            id=resource.id,
            urn=resource.urn,
            type=resource.token,
            olds=encode(resource.outputs),
            old_inputs=encode(resource.inputs),
            news=encode(checked),
            timeout=WAIT_SECONDS,
            ignoreChanges=ignored,
        )
        resource.outputs = decode(self.stub.Update(request, timeout=_ANSWER_SECONDS).properties).values
        resource.inputs = checked

    def read(self, resource: Resource) -> Resource | None:
        """The resource as a refresh sees it; with empty inputs and outputs, as an import does."""
        request = provider_pb2.ReadRequest(
            id=resource.id,
            urn=resource.urn,
            type=resource.token,
            properties=encode(resource.outputs),
            inputs=encode(resource.inputs),
        )
        response = self.stub.Read(request, timeout=_ANSWER_SECONDS)
        if not response.id:
            return None
        return Resource(
            resource.token,
            resource.name,
            response.id,
            decode(response.inputs).values,
            decode(response.properties).values,
        )

    def delete(self, resource: Resource) -> None:
        request = provider_pb2.DeleteRequest(
            id=resource.id,
            urn=resource.urn,
            type=resource.token,
            properties=encode(resource.outputs),
            old_inputs=encode(resource.inputs),
            timeout=WAIT_SECONDS,
        )
        self.stub.Delete(request, timeout=_ANSWER_SECONDS)


def partial_failure(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed | None:
    """What an error says of a resource that exists although a step failed."""
    assert isinstance(error, grpc.Call)
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value if isinstance(value, bytes) else value.encode())
            detail = provider_pb2.ErrorResourceInitFailed()
            if status.details[0].Unpack(detail):
                return detail
    return None

"""The engine's provider protocol (gRPC) over the Kubernetes API.

Every error becomes a gRPC status with a message for the user. An object that exists, but is not ready, goes with the
status as `ErrorResourceInitFailed`, so that the engine records it.
Source: pulumi/pulumi, proto/pulumi/provider.proto.
"""

from __future__ import annotations

from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from twin.kubernetes.client import ApiError, KubeconfigError
from twin.providers.answers import explained
from twin.providers.kubernetes import configuration, releases
from twin.providers.kubernetes.check import Naming
from twin.providers.kubernetes.cluster import Cluster
from twin.providers.kubernetes.errors import PartialFailureError, ProviderError
from twin.providers.kubernetes.messages import Messages
from twin.providers.kubernetes.resources import Releases, Resources
from twin.providers.wire import decode

VERSION = "4.34.2"
"""The official provider's version whose SDK this one serves."""


def _partly(
    _provider: KubernetesProvider, _request: Any, error: Exception
) -> provider_pb2.ErrorResourceInitFailed | None:
    if not isinstance(error, PartialFailureError):
        return None
    return provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=error.properties, reasons=error.reasons, inputs=error.inputs
    )


_explained = explained("Kubernetes", (ProviderError, ApiError, KubeconfigError), _partly)


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance: the engine starts a process for each explicit provider."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self.cluster: Cluster | None = None

    def stop(self) -> None:
        """End what waits."""
        if self.cluster is not None:
            self.cluster.stop()

    # --- the plugin itself

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        self.stop()
        return empty_pb2.Empty()

    def GetSchema(self, request: Any, context: Any) -> NoReturn:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "the twin's Kubernetes provider has no schema to generate code from: use `pulumi import "
            "--generate-code=false`",
        )
        raise AssertionError("unreachable: abort raises")

    @_explained
    def Construct(self, request: provider_pb2.ConstructRequest, context: Any) -> NoReturn:
        raise ProviderError(
            f"the twin's Kubernetes provider does not take {request.type} ({request.name}): nothing renders charts, "
            "files or kustomizations there. Write the objects as resources of their own kinds"
        )

    @_explained
    def Invoke(self, request: provider_pb2.InvokeRequest, context: Any) -> NoReturn:
        raise ProviderError(
            f"the twin's Kubernetes provider has no function {request.tok}: nothing renders charts, files or "
            "kustomizations there. Write the objects as resources of their own kinds"
        )

    # --- configuration

    @_explained
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in configuration.problems(decode(request.news).values)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_explained
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        olds, news = decode(request.old_inputs or request.olds).values, decode(request.news).values
        changed, replaces = configuration.diff(olds, news)
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=changed, replaces=replaces)

    @_explained
    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:
        self.cluster = Cluster(configuration.configure(decode(request.args).values), self.messages)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    # --- resources

    @_explained
    def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        naming = Naming(
            logical_name=request.name or request.urn.split("::")[-1],
            seed=request.randomSeed,
            proposed=request.autonaming.proposed_name,
            disabled=request.autonaming.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE,
        )
        return self._resources(request).check(request, naming)

    @_explained
    def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        found = self._resources(request).diff(request)
        kinds = provider_pb2.PropertyDiff.Kind
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found.kinds else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=found.replaces,
            deleteBeforeReplace=found.delete_before_replace,
            detailedDiff={
                path: provider_pb2.PropertyDiff(kind=kinds.Value(kind), inputDiff=True)
                for path, kind in found.kinds.items()
            },
            hasDetailedDiff=True,
        )

    @_explained
    def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:
        return self._resources(request).create(request)

    @_explained
    def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        return self._resources(request).read(request)

    @_explained
    def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:
        return self._resources(request).update(request)

    @_explained
    def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> empty_pb2.Empty:
        self._resources(request).delete(request)
        return empty_pb2.Empty()

    def _resources(self, request: Any) -> Resources | Releases:
        """Who answers for the type of a request."""
        token = str(request.type or request.urn.split("::")[2].split("$")[-1])
        if token == releases.TOKEN:
            return Releases(self.messages)
        if self.cluster is None:
            raise ProviderError("the engine did not configure this provider before using it")
        return Resources(self.cluster, token)

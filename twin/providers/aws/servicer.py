"""The engine's provider protocol (gRPC) over the tables.

Every error becomes a gRPC status with a message for the user. A resource that was created, but whose later step failed,
goes with the status as `ErrorResourceInitFailed`, so that the engine records it.
Source: pulumi/pulumi, proto/pulumi/provider.proto.
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from twin.providers.answers import explained
from twin.providers.aws import check, configuration, functions, lifecycle
from twin.providers.aws.clients import Clients
from twin.providers.aws.context import Account, Context
from twin.providers.aws.diff import diff, inputs_from, top
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.lifecycle import PartialFailureError
from twin.providers.aws.schema import ResourceType, references
from twin.providers.aws.types import resource_type
from twin.providers.wire import Properties, decode, encode

VERSION = "7.51.1"
"""The official provider's version whose SDK this one serves."""


def _partly(provider: AwsProvider, request: Any, error: Exception) -> provider_pb2.ErrorResourceInitFailed | None:
    if not isinstance(error, PartialFailureError):
        return None
    wanted = request.news if isinstance(request, provider_pb2.UpdateRequest) else request.properties
    state = encode(error.state, provider.secrets_of(request))
    return provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=state, reasons=[str(error)], inputs=wanted
    )


_explained = explained("AWS", (ProviderError,), _partly)


def _token(request: Any) -> str:
    return str(request.type or request.urn.split("::")[2].split("$")[-1])


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance: the engine starts a process for each explicit provider."""

    def __init__(self, clients: Clients | None = None) -> None:
        self.clients = clients or Clients(region="")
        self.account: Account | None = None

    def stop(self) -> None:
        """End what waits."""
        self.clients.cancelled.set()

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
            "the twin's AWS provider has no schema to generate code from: use `pulumi import --generate-code=false`",
        )
        raise AssertionError("unreachable: abort raises")

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
        old, new = configuration.parse(olds), configuration.parse(news)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=changed)

    @_explained
    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:
        if not os.environ.get("AWS_ENDPOINT_URL"):
            raise ProviderError(
                "AWS_ENDPOINT_URL is not set. This provider is for the twin alone (`groundwork twin env` prints its "
                "variables); on AWS use the official plugin pulumi-resource-aws"
            )
        self.account = configuration.configure(decode(request.args).values, self.clients)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    # --- resources

    @_explained
    def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        resource = resource_type(_token(request))
        news = decode(request.news)
        naming = check.Naming(
            logical_name=request.name or request.urn.split("::")[-1],
            seed=request.randomSeed,
            proposed=request.autonaming.proposed_name,
            disabled=request.autonaming.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE,
        )
        inputs, problems = check.check(resource, self._account(), news.values, decode(request.olds).values, naming)
        failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in problems]
        return provider_pb2.CheckResponse(inputs=encode(inputs, _secrets(resource, news)), failures=failures)

    @_explained
    def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        found = diff(
            resource_type(_token(request)),
            decode(request.old_inputs).values,
            decode(request.olds).values,
            decode(request.news).values,
            request.ignoreChanges,
        )
        kinds = provider_pb2.PropertyDiff.Kind
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found.kinds else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({top(path) for path in found.kinds}),
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
        resource = resource_type(_token(request))
        inputs = decode(request.properties)
        if request.preview:
            outputs = check.preview_of_create(resource, inputs.values)
            return provider_pb2.CreateResponse(properties=encode(outputs, _secrets(resource, inputs)))
        ctx = self._context(resource, inputs, seconds=request.timeout or resource.create_minutes * 60)
        outputs = lifecycle.create(ctx)
        return provider_pb2.CreateResponse(id=ctx.id, properties=encode(outputs, _secrets(resource, inputs)))

    @_explained
    def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        resource = resource_type(_token(request))
        old_inputs, old = decode(request.inputs), decode(request.properties)
        ctx = self._context(resource, old_inputs, resource_id=request.id, old=old)
        outputs = lifecycle.read(ctx)
        if outputs is None:
            return provider_pb2.ReadResponse()
        secrets = _secrets(resource, old_inputs, old)
        inputs = inputs_from(resource, outputs, old_inputs.values)
        return provider_pb2.ReadResponse(id=ctx.id, properties=encode(outputs, secrets), inputs=encode(inputs, secrets))

    @_explained
    def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:
        resource = resource_type(_token(request))
        inputs, old = decode(request.news), decode(request.olds)
        if request.preview:
            old_inputs = decode(request.old_inputs).values
            found = diff(resource, old_inputs, old.values, inputs.values, request.ignoreChanges)
            changed = {top(path) for path in found.kinds}
            outputs = check.preview_of_update(resource, inputs.values, old.values, changed)
        else:
            seconds = request.timeout or resource.create_minutes * 60
            ctx = self._context(resource, inputs, resource_id=request.id, old=old, seconds=seconds)
            outputs = lifecycle.update(ctx, request.ignoreChanges)
        return provider_pb2.UpdateResponse(properties=encode(outputs, _secrets(resource, inputs, old)))

    @_explained
    def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> empty_pb2.Empty:
        resource = resource_type(_token(request))
        old = decode(request.properties)
        inputs = Properties({})  # nothing is wanted any more
        seconds = request.timeout or resource.delete_minutes * 60
        lifecycle.delete(self._context(resource, inputs, resource_id=request.id, old=old, seconds=seconds))
        return empty_pb2.Empty()

    @_explained
    def Invoke(self, request: provider_pb2.InvokeRequest, context: Any) -> provider_pb2.InvokeResponse:
        answer = functions.invoke(request.tok, self.clients, self._account(), decode(request.args).values)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(answer))
        return response

    # --- what they share

    def _account(self) -> Account:
        if self.account is None:
            raise ProviderError("the engine did not configure this provider before using it")
        return self.account

    def _context(
        self,
        resource: ResourceType,
        inputs: Properties,
        *,
        resource_id: str = "",
        old: Properties | None = None,
        seconds: float = 1200,
    ) -> Context:
        return Context(
            type=resource,
            clients=self.clients,
            account=self._account(),
            inputs=inputs.values,
            id=resource_id,
            old=old.values if old else {},
            seconds=seconds,
        )

    def secrets_of(self, request: Any) -> set[str]:
        """The properties that a create or update must keep secret."""
        sent = request.news if isinstance(request, provider_pb2.UpdateRequest) else request.properties
        return _secrets(resource_type(_token(request)), decode(sent))


def _secrets(resource: ResourceType, *given: Properties) -> set[str]:
    """What arrived as a secret stays one, and so does what is one by nature."""
    secret = {name for name, prop in resource.properties.items() if prop.secret}
    secret = secret.union(*(properties.secrets for properties in given))
    if "tags" in secret:
        secret.add("tagsAll")
    return secret | {name for name, prop in resource.properties.items() if references(prop.derived) & secret}

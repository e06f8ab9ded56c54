"""Requests of the engine for one resource, answered by the operations: what is decoded, encoded, kept secret."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from twin.kubernetes.client import ApiError
from twin.providers.kubernetes import check, diff, lifecycle, objects, plan, readiness, releases, secrets
from twin.providers.kubernetes.check import Naming
from twin.providers.kubernetes.cluster import Cluster
from twin.providers.kubernetes.diff import Difference
from twin.providers.kubernetes.errors import PartialFailureError, UnreachableError, said
from twin.providers.kubernetes.lifecycle import MANAGER, Operation
from twin.providers.kubernetes.messages import Messages
from twin.providers.kubernetes.objects import Kind
from twin.providers.kubernetes.refresh import imported, refreshed
from twin.providers.wire import UNKNOWN, Properties, decode, encode

_GONE = (
    "If the cluster was deleted, let the program forget its objects: the provider's `deleteUnreachable`, or "
    "PULUMI_K8S_DELETE_UNREACHABLE=true"
)


class Resources:
    """The objects of one kind."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        self.cluster = cluster
        self.kind: Kind = objects.parse(token)

    def check(self, request: provider_pb2.CheckRequest, naming: Naming) -> provider_pb2.CheckResponse:
        """Fill in what the program leaves out."""
        news = decode(request.news)
        inputs, problems = check.check(
            self.kind, news.values, decode(request.olds).values, naming, self._default_namespace
        )
        if self.kind.kind == "CustomResourceDefinition":
            self.cluster.declare(inputs)
        failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in problems]
        return provider_pb2.CheckResponse(inputs=encode(inputs, secrets.paths(inputs, news)), failures=failures)

    def _default_namespace(self) -> str | None:
        return self.cluster.configuration.namespace if self.cluster.namespaced(self.kind) else None

    def diff(self, request: provider_pb2.DiffRequest) -> Difference:
        """Say what an update would change."""
        old, state = decode(request.old_inputs), decode(request.olds)
        operation = self._operation(request.urn, decode(request.news), state)
        return plan.plan(
            operation, objects.to_manifest(old.values), objects.to_manifest(state.values), list(request.ignoreChanges)
        )

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Make the object, or say what it would be."""
        inputs = decode(request.properties)
        operation = self._operation(request.urn, inputs, seconds=request.timeout)
        if request.preview:
            live = lifecycle.preview(operation, creating=True)
            foreseen = inputs.values if live is None else _foreseen(live, operation.manifest)
            return provider_pb2.CreateResponse(properties=encode(foreseen, secrets.paths(foreseen, inputs)))
        try:
            live = lifecycle.create(operation)
        except PartialFailureError as failure:
            failure.properties, failure.inputs = self._state(operation, failure.state, inputs), request.properties
            raise
        return provider_pb2.CreateResponse(id=objects.id_of(live), properties=self._state(operation, live, inputs))

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Change the object, or say what it would become."""
        inputs, old = decode(request.news), decode(request.olds)
        operation = self._operation(request.urn, inputs, old, seconds=request.timeout)
        if request.preview:
            found = lifecycle.preview(operation, creating=False)
            values = inputs.values if found is None else objects.to_properties(found)
            return provider_pb2.UpdateResponse(properties=encode(values, secrets.paths(values, inputs)))
        try:
            live = lifecycle.update(operation)
        except PartialFailureError as failure:
            failure.properties, failure.inputs = self._state(operation, failure.state, inputs), request.news
            raise
        return provider_pb2.UpdateResponse(properties=self._state(operation, live, inputs))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """The object as it is, for a refresh or an import."""
        inputs, state = decode(request.inputs), decode(request.properties)
        namespace, name = objects.split_id(request.id)
        operation = self._operation(request.urn, inputs, state)
        if reason := self.cluster.unreachable:
            if self.cluster.on("skipUpdateUnreachable"):
                return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
            if self.cluster.on("deleteUnreachable"):
                return provider_pb2.ReadResponse()
            raise UnreachableError(f"{self.kind.kind} {name} cannot be read: {reason}. {_GONE}")
        live = lifecycle.read(operation, name, namespace or self._default_namespace())
        if live is None:
            return provider_pb2.ReadResponse()
        if not inputs.values:
            found = imported(live)
            return self._read(request.id, operation, live, found, Properties(found))
        found = refreshed(operation.manifest, objects.to_manifest(state.values), live)
        answer = self._read(request.id, operation, live, found, inputs)
        if problem := readiness.problem_now(self.cluster, self.kind, live):
            failure = PartialFailureError(answer.id, live, f"{self.kind.kind} {answer.id} is not ready: {problem}")
            failure.properties, failure.inputs = answer.properties, answer.inputs
            raise failure
        return answer

    def _read(
        self, resource_id: str, operation: Operation, live: dict[str, Any], found: dict[str, Any], given: Properties
    ) -> provider_pb2.ReadResponse:
        inputs = objects.to_properties(found)
        return provider_pb2.ReadResponse(
            id=resource_id,
            properties=self._state(operation, live, given),
            inputs=encode(inputs, secrets.paths(inputs, given)),
        )

    def delete(self, request: provider_pb2.DeleteRequest) -> None:
        """Delete the object; of a Patch resource only what it set."""
        inputs, state = decode(request.old_inputs), decode(request.properties)
        namespace, name = objects.split_id(request.id)
        if reason := self.cluster.unreachable:
            if self.cluster.on("deleteUnreachable"):
                self.cluster.messages.warn(request.urn, f"{reason}; its objects are forgotten (deleteUnreachable)")
                return
            raise UnreachableError(f"{self.kind.kind} {name} cannot be deleted: {reason}. {_GONE}")
        operation = self._operation(request.urn, inputs if inputs.values else state, state, seconds=request.timeout)
        if self.kind.patch:
            try:
                lifecycle.relinquish(operation, operation.manager)
            except ApiError as error:
                raise said(f"what {operation} set cannot be given up", error) from error
            return
        uid = str((state.values.get("metadata") or {}).get("uid") or "")
        lifecycle.delete(operation, name, namespace or self._default_namespace(), uid)

    def _operation(
        self, urn: str, inputs: Properties, state: Properties | None = None, *, seconds: float = 0
    ) -> Operation:
        manifest = objects.to_manifest(inputs.values)
        recorded = str(state.values.get(MANAGER) or "") if state is not None else ""
        given = objects.annotation(manifest, "patchFieldManager")
        return Operation(
            self.cluster,
            urn,
            self.kind,
            manifest,
            manager=given or recorded or objects.manager(urn, manifest),
            seconds=seconds,
            old_manager=recorded,
        )

    def _state(self, operation: Operation, live: dict[str, Any], given: Properties) -> Struct:
        values = {**objects.to_properties(live), MANAGER: operation.manager}
        return encode(values, secrets.paths(values, given))


def _foreseen(live: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    """What a dry run of a create tells, without what it makes up: the real create makes up something else."""
    values = objects.to_properties(live)
    values["metadata"] |= dict.fromkeys(("uid", "creationTimestamp", "resourceVersion"), UNKNOWN)
    values["status"] = UNKNOWN
    if values.get("kind") == "Service":
        wanted = manifest.get("spec") or {}
        made_up = [name for name in ("clusterIP", "clusterIPs") if name not in wanted and name in values["spec"]]
        values["spec"] |= dict.fromkeys(made_up, UNKNOWN)
    return values


class Releases:
    """Helm releases: see releases.py."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages

    def check(self, request: provider_pb2.CheckRequest, naming: Naming) -> provider_pb2.CheckResponse:
        """Demand an exact version."""
        news = decode(request.news)
        inputs, problems = releases.check(news.values, decode(request.olds).values, naming)
        failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in problems]
        return provider_pb2.CheckResponse(inputs=encode(inputs, news.secret_paths), failures=failures)

    def diff(self, request: provider_pb2.DiffRequest) -> Difference:
        """Compare the inputs."""
        old, new = decode(request.old_inputs).values, decode(request.news).values
        ignore = list(request.ignoreChanges)
        found = Difference({path: kind for path, kind in diff.differences(old, new) if not diff.ignored(path, ignore)})
        for path in [path for path in found.kinds if releases.replaces(path)]:
            found.replace(path)
        return found

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Record it, with a warning."""
        inputs = decode(request.properties)
        self.messages.warn(request.urn, releases.warning(inputs.values))
        recorded = encode(releases.outputs(inputs.values), inputs.secret_paths)
        if request.preview:
            return provider_pb2.CreateResponse(properties=recorded)
        return provider_pb2.CreateResponse(id=releases.resource_id(inputs.values), properties=recorded)

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Record it anew, with a warning."""
        inputs = decode(request.news)
        self.messages.warn(request.urn, releases.warning(inputs.values))
        return provider_pb2.UpdateResponse(properties=encode(releases.outputs(inputs.values), inputs.secret_paths))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """What was recorded; of anything else nothing is known."""
        if not request.inputs.fields:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def delete(self, request: provider_pb2.DeleteRequest) -> None:
        """Nothing of it is in the cluster."""

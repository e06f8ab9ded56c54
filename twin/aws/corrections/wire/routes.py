"""Which operation a request calls: named in a header or the form, or, for REST, told by method, path and query."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from twin.aws.corrections.wire.model import Operation, Request, form, service_model, session
from twin.aws.corrections.wire.rest_json import rest_json_operation

S3_CONTROL_PREFIX = "/v20180820/"


def operation_of(request: Request) -> Operation | None:
    """Which operation this request calls; None for what is no API call (health checks, unknown services)."""
    service = request.service
    if service == "s3":
        return _rest_operation(request)
    if service not in session().get_available_services():
        return None
    model = service_model(service)
    if model.resolved_protocol == "rest-json":
        return rest_json_operation(service, request)
    if "x-amz-target" in request.headers:
        name = request.headers["x-amz-target"].rpartition(".")[2]
    else:
        name = dict(parse_qsl(request.query)).get("Action") or dict(form(request.body)).get("Action", "")
    return Operation(service, name) if name in model.operation_names else None


@dataclass(frozen=True)
class _Route:
    name: str
    query: Mapping[str, str]  # fixed part of the URI: name -> value, "" when any
    required_query: frozenset[str]
    required_headers: frozenset[str]

    @property
    def weight(self) -> int:
        return len(self.query) + len(self.required_query) + len(self.required_headers)

    def fits(self, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        fixed = all(name in query and value in ("", query[name]) for name, value in self.query.items())
        return fixed and self.required_query <= query.keys() and self.required_headers <= headers.keys()


@functools.cache
def _routes(service: str) -> dict[tuple[str, str], list[_Route]]:
    """Routes by method and kind of path: for S3 how deep it is, for S3 Control the path itself."""
    routes: dict[tuple[str, str], list[_Route]] = {}
    model = service_model(service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.deprecated:
            continue  # PutBucketLifecycle and its like share the URI of their successors
        path, _, query = operation.http["requestUri"].partition("?")
        required = [
            operation.input_shape.members[member].serialization
            for member in (operation.input_shape.required_members if operation.input_shape else [])
        ]
        route = _Route(
            name,
            dict(parse_qsl(query, keep_blank_values=True)),
            frozenset(traits["name"] for traits in required if traits.get("location") == "querystring"),
            frozenset(
                traits["name"].lower()
                for traits in required
                if traits.get("location") == "header" and traits["name"] != "x-amz-account-id"
            ),
        )
        kind = (
            path if service == "s3control" else ("key" if "{Key" in path else "bucket" if "{Bucket" in path else "root")
        )
        routes.setdefault((operation.http["method"], kind), []).append(route)
    for candidates in routes.values():
        candidates.sort(key=lambda route: -route.weight)
    return routes


def _rest_operation(request: Request) -> Operation | None:
    if request.path.startswith(S3_CONTROL_PREFIX):
        service, kind = "s3control", request.path
    else:
        bucket, _, key = request.path.lstrip("/").partition("/")
        service, kind = "s3", "key" if key else "bucket" if bucket else "root"
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    for route in _routes(service).get((request.method, kind), []):
        if route.fits(query, request.headers):
            return Operation(service, route.name)
    return None

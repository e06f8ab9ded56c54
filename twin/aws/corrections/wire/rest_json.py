"""REST-JSON: operations told by method and path, parameters spread over path, query, headers and body.

Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from twin.aws.corrections.wire.model import Operation, Parameters, Request, service_model

_LABEL = re.compile(r"\{(\w+)\+?\}")


@dataclass(frozen=True)
class _Route:
    operation: Operation
    method: str
    path: re.Pattern[str]
    """Its groups are the labels, `label_0` and so on, in the order of `labels`."""
    labels: tuple[str, ...]
    literal: int
    """How many characters of the path are fixed: of two routes that fit, the one with more is meant."""

    def fits(self, request: Request) -> bool:
        return request.method == self.method and self.path.fullmatch(request.path) is not None


def rest_json_operation(service: str, request: Request) -> Operation | None:
    """Which operation of the service this request calls; None for none."""
    return next((route.operation for route in _routes(service) if route.fits(request)), None)


def rest_json_parameters(operation: Operation, request: Request) -> Parameters:
    """The request's parameters, typed and named as in the API reference."""
    shape = operation.model.input_shape
    if shape is None:
        return {}
    message = {"status_code": 200, "headers": HeadersDict(request.headers), "body": request.body}
    parsed: Parameters = create_parser(operation.protocol).parse(message, shape)
    parsed.pop("ResponseMetadata", None)
    return parsed | _from_path(operation, request) | _from_query(shape, request.query)


@functools.cache
def _routes(service: str) -> tuple[_Route, ...]:
    model = service_model(service)
    found = [_route(Operation(service, name)) for name in model.operation_names]
    return tuple(sorted(found, key=lambda route: -route.literal))


@functools.cache
def _route(operation: Operation) -> _Route:
    http = operation.model.http
    path = http["requestUri"].partition("?")[0]
    pieces = _LABEL.split(path)  # literal, label, literal, …
    literals, labels = pieces[::2], pieces[1::2]
    pattern = re.escape(literals[0])
    for position, (label, literal) in enumerate(zip(labels, literals[1:], strict=True)):
        # The path is decoded, so that an ARN in it has its slashes; no other identifier has any.
        pattern += f"(?P<label_{position}>{'.+' if _may_hold_slash(label, path) else '[^/]+'}){re.escape(literal)}"
    return _Route(operation, http["method"], re.compile(pattern), tuple(labels), sum(map(len, literals)))


def _may_hold_slash(label: str, path: str) -> bool:
    return label.lower().endswith("arn") or f"{{{label}+}}" in path


def _from_path(operation: Operation, request: Request) -> Parameters:
    route = _route(operation)
    matched = route.path.fullmatch(request.path)
    if matched is None:
        return {}
    given = dict(zip(route.labels, matched.groups(), strict=True))
    return {
        name: given[traits["name"]]
        for name, traits in _located(operation.model.input_shape, "uri")
        if traits["name"] in given
    }


def _from_query(shape: Any, query: str) -> Parameters:
    given = parse_qs(query, keep_blank_values=True)
    return {
        name: _typed(shape.members[name], given[traits["name"]])
        for name, traits in _located(shape, "querystring")
        if traits["name"] in given
    }


def _located(shape: Any, location: str) -> list[tuple[str, Mapping[str, str]]]:
    traits = {name: {"name": name} | member.serialization for name, member in shape.members.items()}
    return [(name, found) for name, found in traits.items() if found.get("location") == location]


def _typed(shape: Any, values: list[str]) -> Any:
    if shape.type_name == "list":
        return [_typed(shape.member, [value]) for value in values]
    if shape.type_name == "boolean":
        return values[0] == "true"
    if shape.type_name in ("integer", "long"):
        return int(values[0]) if values[0].lstrip("-").isdigit() else values[0]  # refused by whoever answers
    return values[0]

"""Requests to parameters, typed and named as in the API reference."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from twin.aws.corrections.wire.model import Operation, Parameters, Request, form
from twin.aws.corrections.wire.rest_json import rest_json_parameters


def parameters_of(operation: Operation, request: Request) -> Parameters:
    """The request's parameters. botocore's parsers read any message of a shape, so also a request's body."""
    if operation.protocol == "rest-json":
        return rest_json_parameters(operation, request)
    shape = operation.model.input_shape
    if shape is None:
        return {}
    if operation.protocol in ("query", "ec2"):
        pairs = dict(form(request.body)) | dict(parse_qsl(request.query, keep_blank_values=True))
        return dict(_from_form(shape, pairs, "", operation.protocol) or {})
    message = {"status_code": 200, "headers": HeadersDict(request.headers), "body": request.body}
    parsed: Parameters = create_parser(operation.protocol).parse(message, shape)
    parsed.pop("ResponseMetadata", None)
    if operation.protocol == "rest-xml":
        parsed |= _from_uri(shape, request)
    return parsed


def _from_uri(shape: Any, request: Request) -> dict[str, str]:
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    bucket, _, key = request.path.lstrip("/").partition("/")
    found = {"Bucket": bucket, "Key": key}
    by_name = {name: member.serialization for name, member in shape.members.items()}
    return {
        name: found[name] if traits["location"] == "uri" else query[traits["name"]]
        for name, traits in by_name.items()
        if (traits.get("location") == "uri" and found.get(name))
        or (traits.get("location") == "querystring" and traits["name"] in query)
    }


def _from_form(shape: Any, pairs: Mapping[str, str], prefix: str, protocol: str) -> Any:
    """The value of `shape` under `prefix`, or None when the form holds nothing of it."""
    if shape.type_name not in ("structure", "list", "map"):
        return _scalar(shape, pairs[prefix]) if prefix in pairs else None
    if not any(name == prefix or name.startswith(f"{prefix}." if prefix else "") for name in pairs):
        return None
    if shape.type_name == "structure":
        members = {
            name: _from_form(member, pairs, _joined(prefix, _form_name(name, member, protocol)), protocol)
            for name, member in shape.members.items()
        }
        return {name: value for name, value in members.items() if value is not None}
    if shape.type_name == "map":
        key, value = (
            part.serialization.get("name", name) for part, name in ((shape.key, "key"), (shape.value, "value"))
        )
        return {
            pairs[f"{entry}.{key}"]: _from_form(shape.value, pairs, f"{entry}.{value}", protocol)
            for entry in _indexed(pairs, _joined(prefix, "entry"))
        }
    if protocol == "ec2" or shape.serialization.get("flattened"):
        items = _indexed(pairs, prefix)
    else:
        items = _indexed(pairs, _joined(prefix, shape.member.serialization.get("name", "member")))
    return [_from_form(shape.member, pairs, item, protocol) for item in items]


def _form_name(name: str, member: Any, protocol: str) -> str:
    traits = member.serialization
    if protocol == "ec2":
        given = traits.get("queryName") or traits.get("name")
        return given[0].upper() + given[1:] if given and "queryName" not in traits else given or name
    if member.type_name == "list" and traits.get("flattened"):
        return str(member.member.serialization.get("name", name))
    return str(traits.get("name", name))


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _indexed(pairs: Mapping[str, str], prefix: str) -> list[str]:
    """The prefixes `prefix.1`, `prefix.2`, … that occur, in order."""
    rests = (name[len(prefix) + 1 :].split(".", 1)[0] for name in pairs if name.startswith(prefix + "."))
    return [f"{prefix}.{index}" for index in sorted({int(rest) for rest in rests if rest.isdigit()})]


def _scalar(shape: Any, text: str) -> Any:
    if shape.type_name == "boolean":
        return text.lower() == "true"
    if shape.type_name in ("integer", "long"):
        return int(text) if text.lstrip("-").isdigit() else text  # the emulator refuses a malformed number itself
    return text

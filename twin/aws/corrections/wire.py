"""AWS API messages as plain dicts, in the API's own names: what botocore does for a client, done for a server.

Which operation a request calls, what its parameters are, what an answer holds and how a changed answer is written are all
read from the service models that boto3 ships. So a correction is written against the names of the AWS API reference, and
one codec serves each protocol: query and EC2 query (XML), JSON 1.1, REST-XML.

Source: botocore's service models; https://smithy.io/2.0/aws/protocols/
"""

import base64
import datetime
import functools
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree  # writes only; what is read goes through botocore's parser

import botocore.model
import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

Parameters = dict[str, Any]
S3_CONTROL_PREFIX = "/v20180820/"


@dataclass(frozen=True)
class Request:
    """An HTTP request as it arrived. Header names are in lower case, the path is decoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def access_key(self) -> str:
        """The access key id of the credential, or an empty string for an anonymous caller."""
        return self._credential()[0]

    @property
    def region(self) -> str:
        """The region of the credential's scope, or an empty string for an anonymous caller."""
        return self._credential()[2]

    @property
    def signing_name(self) -> str:
        """The service of the credential's scope; only S3 is called without one."""
        return self._credential()[3] or "s3"

    def _credential(self) -> list[str]:
        authorization = self.headers.get("authorization", "")
        if "Credential=" in authorization:
            scope = authorization.split("Credential=", 1)[1].split(",", 1)[0]
        else:
            scope = dict(parse_qsl(self.query)).get("X-Amz-Credential", "")
        return [*scope.split("/"), "", "", "", ""][:5]


@dataclass(frozen=True)
class Operation:
    """One operation of one service."""

    service: str
    name: str

    @property
    def model(self) -> botocore.model.OperationModel:
        """The operation's model, with its input and output shapes."""
        return service_model(self.service).operation_model(self.name)

    @property
    def protocol(self) -> str:
        """`query`, `ec2`, `json` or `rest-xml`."""
        return str(service_model(self.service).resolved_protocol)


class AwsError(Exception):
    """An answer in the service's own error shape."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


@functools.cache
def service_model(service: str) -> botocore.model.ServiceModel:
    """The model of one service, under botocore's name for it (`ec2`, `s3control`)."""
    return _session().get_service_model(service)


@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def operation_of(request: Request) -> Operation | None:
    """Which operation this request calls; None for what is no API call (health checks, unknown services)."""
    service = request.signing_name
    if service == "s3":
        return _rest_operation(request)
    if service not in _session().get_available_services():
        return None
    model = service_model(service)
    if "x-amz-target" in request.headers:
        name = request.headers["x-amz-target"].rpartition(".")[2]
    else:
        name = dict(parse_qsl(request.query)).get("Action") or dict(_form(request.body)).get("Action", "")
    return Operation(service, name) if name in model.operation_names else None


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


# --- REST: method, number of path segments and what the query and the headers must hold ---


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


# --- Requests to parameters ---


def parameters_of(operation: Operation, request: Request) -> Parameters:
    """The request's parameters, typed and named as in the API reference."""
    shape = operation.model.input_shape
    if shape is None:
        return {}
    if operation.protocol in ("query", "ec2"):
        pairs = dict(_form(request.body)) | dict(parse_qsl(request.query, keep_blank_values=True))
        return dict(_from_form(shape, pairs, "", operation.protocol) or {})
    message = {"status_code": 200, "headers": HeadersDict(request.headers), "body": request.body}
    parsed: Parameters = create_parser(operation.protocol).parse(message, shape)
    parsed.pop("ResponseMetadata", None)
    if operation.protocol == "rest-xml":
        parsed |= _from_uri(shape, request)
    return parsed


def _from_uri(shape: Any, request: Request) -> Iterator[tuple[str, str]] | dict[str, str]:
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    bucket, _, key = request.path.lstrip("/").partition("/")
    found = {"Bucket": unquote(bucket), "Key": key}
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
        entries = _indexed(pairs, _joined(prefix, "entry"))
        return {pairs[f"{entry}.key"]: _from_form(shape.value, pairs, f"{entry}.value", protocol) for entry in entries}
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


# --- Answers ---


def answer_of(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> Parameters:
    """What a client would make of an answer; an error has the keys `Error.Code` and `Error.Message`."""
    message = {"status_code": status, "headers": HeadersDict(headers), "body": body}
    parsed: Parameters = create_parser(operation.protocol).parse(message, operation.model.output_shape)
    parsed.pop("ResponseMetadata", None)
    return parsed


def encode_answer(operation: Operation, answer: Parameters) -> tuple[dict[str, str], bytes]:
    """Headers and body of a successful answer."""
    shape = operation.model.output_shape
    if operation.protocol == "json":
        return {"content-type": "application/x-amz-json-1.1"}, json.dumps(_to_json(shape, answer)).encode()
    headers = {"content-type": "text/xml" if operation.protocol != "rest-xml" else "application/xml"}
    namespace = service_model(operation.service).metadata.get("xmlNamespace", "")
    if operation.protocol == "rest-xml":
        return _encode_rest(shape, answer, headers, str(namespace))
    root = ElementTree.Element(f"{operation.name}Response", {"xmlns": str(namespace)})
    if operation.protocol == "ec2":
        ElementTree.SubElement(root, "requestId").text = str(uuid.uuid4())
        inside = root
    else:
        inside = ElementTree.SubElement(root, (shape and shape.serialization.get("resultWrapper")) or "Result")
        metadata = ElementTree.SubElement(root, "ResponseMetadata")
        ElementTree.SubElement(metadata, "RequestId").text = str(uuid.uuid4())
    if shape is not None:
        _members_to_xml(inside, shape, answer)
    return headers, _document(root)


def _encode_rest(
    shape: Any, answer: Parameters, headers: dict[str, str], namespace: str
) -> tuple[dict[str, str], bytes]:
    if shape is None:
        return headers, b""
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header" and answer.get(name) is not None:
            headers[member.serialization["name"]] = _text(member, answer[name])
    payload = shape.serialization.get("payload")
    body = {name: value for name, value in answer.items() if not shape.members[name].serialization.get("location")}
    if not body:
        return headers, b""
    content = shape.members[payload] if payload else shape
    root = ElementTree.Element(
        content.serialization.get("name", content.name), {"xmlns": namespace} if namespace else {}
    )
    _members_to_xml(root, content, body[payload] if payload else body)
    return headers, _document(root)


def encode_error(operation: Operation, error: AwsError) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error in the service's own shape."""
    if operation.protocol == "json":
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code}, body
    fields = {"Code": error.code, "Message": error.message}
    request_id = str(uuid.uuid4())
    if operation.protocol == "ec2":
        root = ElementTree.Element("Response")
        inside = ElementTree.SubElement(ElementTree.SubElement(root, "Errors"), "Error")
        ElementTree.SubElement(root, "RequestID").text = request_id
    elif operation.service == "s3":
        inside = root = ElementTree.Element("Error")
        fields["RequestId"] = request_id
    else:
        root = ElementTree.Element("ErrorResponse")
        inside = ElementTree.SubElement(root, "Error")
        fields = {"Type": "Sender" if error.status < 500 else "Receiver"} | fields
        ElementTree.SubElement(root, "RequestId").text = request_id
    for name, value in fields.items():
        ElementTree.SubElement(inside, name).text = value
    return {"content-type": "application/xml" if operation.service == "s3" else "text/xml"}, _document(root)


def _document(root: ElementTree.Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root)


def _members_to_xml(parent: ElementTree.Element, shape: Any, value: Mapping[str, Any]) -> None:
    for name, member in shape.members.items():
        if value.get(name) is not None:
            _to_xml(parent, member.serialization.get("name", name), member, value[name])


def _to_xml(parent: ElementTree.Element, tag: str, shape: Any, value: Any) -> None:
    if shape.type_name == "list":
        flattened = shape.serialization.get("flattened")
        around = parent if flattened else ElementTree.SubElement(parent, tag)
        item_tag = shape.member.serialization.get("name", tag if flattened else "member")
        for item in value:
            _to_xml(around, item_tag, shape.member, item)
        return
    node = ElementTree.SubElement(parent, tag)
    if shape.type_name == "structure":
        _members_to_xml(node, shape, value)
    elif shape.type_name == "map":
        for key, item in value.items():
            entry = ElementTree.SubElement(node, "entry")
            _to_xml(entry, shape.key.serialization.get("name", "key"), shape.key, key)
            _to_xml(entry, shape.value.serialization.get("name", "value"), shape.value, item)
    else:
        node.text = _text(shape, value)


def _text(shape: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return str(value)


def _to_json(shape: Any, value: Any) -> Any:
    if shape is None or value is None:
        return {} if shape is None else None
    if shape.type_name == "structure":
        known = {name: member for name, member in shape.members.items() if value.get(name) is not None}
        return {m.serialization.get("name", name): _to_json(m, value[name]) for name, m in known.items()}
    if shape.type_name == "list":
        return [_to_json(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _to_json(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return base64.b64encode(value).decode() if shape.type_name == "blob" else value

"""Answers of the emulator to dicts, and dicts to answers in the protocol of their service."""

import base64
import datetime
import json
import uuid
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree  # writes only; what is read goes through botocore's parser

from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from twin.aws.corrections.wire.model import AwsError, Operation, Parameters, service_model


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
    if operation.protocol == "rest-json":
        return _encode_rest_json(shape, answer)
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


def _encode_rest_json(shape: Any, answer: Parameters) -> tuple[dict[str, str], bytes]:
    headers = {"content-type": "application/json"}
    if shape is None:
        return headers, b"{}"
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header" and answer.get(name) is not None:
            headers[member.serialization["name"]] = _text(member, answer[name])
    if payload := shape.serialization.get("payload"):
        return headers, json.dumps(_to_json(shape.members[payload], answer.get(payload))).encode()
    body = {name: value for name, value in answer.items() if not shape.members[name].serialization.get("location")}
    return headers, json.dumps(_to_json(shape, body)).encode()


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
    if operation.protocol in ("json", "rest-json"):
        kind = "application/json" if operation.protocol == "rest-json" else "application/x-amz-json-1.1"
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return {"content-type": kind, "x-amzn-errortype": error.code}, body
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
        iso = shape.serialization.get("timestampFormat") == "iso8601"
        return _text(shape, value) if iso else value.timestamp()
    return base64.b64encode(value).decode() if shape.type_name == "blob" else value

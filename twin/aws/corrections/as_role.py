"""Calls that a service makes with a role of its customer: signed as that session, and checked as any client's.

The emulator decides rights by who signed; so what a role may not do fails here with the error that a client would get.
"""

import asyncio
import hashlib
from typing import Any
from urllib.parse import unquote, urlencode

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.serialize import create_serializer

from twin.aws.corrections.emulator import Emulator, Message, answer_to
from twin.aws.corrections.wire import AwsError, Operation, Parameters, answer_of, service_model
from twin.aws.service_sessions import Session

HOST = "localhost"


class RoleRefusedError(Exception):
    """A role that the service cannot take."""


async def call_as(
    emulator: Emulator, session: Session, service: str, operation_name: str, parameters: Parameters
) -> Parameters:
    """Call an operation as a session. Errors: AwsError with the code and message of the answer."""
    operation = Operation(service, operation_name)
    request = create_serializer(operation.protocol).serialize_to_request(parameters, operation.model)
    body = request["body"]
    body = body.encode() if isinstance(body, str) else body
    query = urlencode(request["query_string"], doseq=True)
    path = request["url_path"]
    signed = AWSRequest(
        request["method"],
        f"https://{HOST}{path}{'?' if query else ''}{query}",
        {name: str(value) for name, value in request["headers"].items()},
        body,
    )
    given = session.credentials
    credentials = Credentials(given["accessKeyId"], given["secretAccessKey"], given["sessionToken"])
    name = service_model(service).signing_name
    signed.headers["Host"] = HOST
    if service == "s3":
        signed.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(credentials, name, emulator.region).add_auth(signed)
    headers = {key.lower(): str(value) for key, value in signed.headers.items()} | {"content-length": str(len(body))}
    scope: Message = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "https",
        "method": request["method"],
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in headers.items()],
        "client": ("127.0.0.1", 0),
    }
    # A task of its own: the emulator keeps the caller in context variables, and the client's must stay as they are.
    answer = await asyncio.create_task(answer_to(emulator.application, scope, body))
    parsed = answer_of(operation, answer.status, answer.headers, answer.body)
    if answer.status >= 300:
        error: dict[str, Any] = parsed.get("Error", {})
        raise AwsError(error.get("Code", "InternalFailure"), error.get("Message", ""), answer.status)
    return parsed

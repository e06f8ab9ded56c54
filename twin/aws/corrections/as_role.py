"""Calls that a service makes with a role of its customer: signed as that session, and checked as any client's.

The emulator decides rights by who signed; so what a role may not do fails here with the error that a client would get.
"""

import asyncio
import hashlib

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from twin.aws.corrections.emulator import Emulator, answer_to, answered, request_for
from twin.aws.corrections.wire import Operation, Parameters, service_model
from twin.aws.service_sessions import Session

HOST = "localhost"


class RoleRefusedError(Exception):
    """A role that the service cannot take."""


async def call_as(
    emulator: Emulator, session: Session, service: str, operation_name: str, parameters: Parameters
) -> Parameters:
    """Call an operation as a session. Errors: AwsError with the code and message of the answer."""
    operation = Operation(service, operation_name)
    request = request_for(operation, parameters)
    url = f"https://{HOST}{request.path}{'?' if request.query else ''}{request.query}"
    signed = AWSRequest(request.method, url, dict(request.headers), request.body)
    given = session.credentials
    credentials = Credentials(given["accessKeyId"], given["secretAccessKey"], given["sessionToken"])
    signed.headers["Host"] = HOST
    if service == "s3":
        signed.headers["x-amz-content-sha256"] = hashlib.sha256(request.body).hexdigest()
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(credentials, service_model(service).signing_name, emulator.region).add_auth(signed)
    scope = request.scope({key: str(value) for key, value in signed.headers.items()})
    # A task of its own: the emulator keeps the caller in context variables, and the client's must stay as they are.
    return answered(operation, await asyncio.create_task(answer_to(emulator.application, scope, request.body)))

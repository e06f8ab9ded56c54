"""The emulator inside this process: an ASGI application that can be called for a client, or by a correction.

A correction calls with the account's root credentials (ministack takes a 12-digit access key id as root of that
account), through the application itself and not through its modules, so that it depends on the AWS API alone.
"""

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from botocore.serialize import create_serializer

from twin.aws.corrections.wire import AwsError, Operation, Parameters, answer_of, service_model

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
asked_by_the_twin: ContextVar[bool] = ContextVar("asked_by_the_twin", default=False)
"""Whether the request at hand is a correction's own, and not a client's."""


@dataclass
class Answer:
    """A complete HTTP answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    async def send(self, send: Send) -> None:
        """Hand the answer to the server."""
        headers = self.headers | {"content-length": str(len(self.body))}
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": pairs})
        await send({"type": "http.response.body", "body": self.body})


async def answer_to(application: Application, scope: Message, body: bytes) -> Answer:
    """Call the application with a request whose body is known, and wait for the whole answer."""
    sent = False
    start: Message = {}
    chunks: list[bytes] = []

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await application(scope, receive, send)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(chunks))


@dataclass(frozen=True)
class Request:
    """A request that is not signed yet."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def scope(self, headers: Mapping[str, str]) -> Message:
        """The request with those headers, as an ASGI application takes it."""
        sent = {name.lower(): value for name, value in headers.items()} | {"content-length": str(len(self.body))}
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "https",
            "method": self.method,
            "path": unquote(self.path),
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 0),
        }


def request_for(operation: Operation, parameters: Parameters) -> Request:
    """The request by which a client asks for an operation."""
    found = create_serializer(operation.protocol).serialize_to_request(parameters, operation.model)
    body = found["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode()
    elif isinstance(body, str):
        body = body.encode()
    path, _, fixed_query = found["url_path"].partition("?")
    query = "&".join(filter(None, [fixed_query, urlencode(found["query_string"], doseq=True)]))
    headers = {name: str(value) for name, value in found["headers"].items()}
    return Request(found["method"], path, query, headers, body)


def answered(operation: Operation, answer: Answer) -> Parameters:
    """What an answer says. Errors: AwsError with the code and message of an error answer."""
    parsed = answer_of(operation, answer.status, answer.headers, answer.body)
    if answer.status >= 300:
        error: dict[str, Any] = parsed.get("Error", {})
        raise AwsError(error.get("Code", "InternalFailure"), error.get("Message", ""), answer.status)
    return parsed


@dataclass(frozen=True)
class Emulator:
    """The emulator as the root of one account sees it in one region."""

    application: Application
    account: str
    region: str

    async def call(self, service: str, operation_name: str, **parameters: Any) -> Parameters:
        """Call an operation.

        Errors: AwsError with the code and message of the emulator's own error answer.
        """
        operation = Operation(service, operation_name)
        request = request_for(operation, parameters)
        signing_name = service_model(service).signing_name
        today = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d")
        credential = f"{self.account}/{today}/{self.region}/{signing_name}/aws4_request"
        headers = request.headers | {
            "host": "localhost",
            "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=root",
        }
        # A task of its own: the emulator keeps the caller in context variables, and the client's must stay as they are.
        return answered(operation, await asyncio.create_task(self._ask(request.scope(headers), request.body)))

    async def _ask(self, scope: Message, body: bytes) -> Answer:
        asked_by_the_twin.set(True)
        return await answer_to(self.application, scope, body)

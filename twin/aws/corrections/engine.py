"""The layer in front of the emulator: finds the corrections of an operation and runs them around the emulator's answer.

A request with no correction passes through untouched, body unread. For the others the emulator answers first, so that
what it refuses (no credentials, no permission, no such thing) stays refused; only then is the answer corrected.
"""

import copy
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from ministack.core.iam_evaluator import pin_request_origin

from twin.aws.corrections.authorisation import account_of
from twin.aws.corrections.emulator import Answer, Application, Emulator, Message, Receive, Send, answer_to
from twin.aws.corrections.memory import Memory, Shelf
from twin.aws.corrections.wire import (
    AwsError,
    Operation,
    Parameters,
    Request,
    answer_of,
    encode_answer,
    encode_error,
    operation_of,
    parameters_of,
)

_log = logging.getLogger("twin.aws.corrections")
_NO_RIGHT = (401, 403)
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_UNKNOWN_OPERATION = {"InvalidAction", "InvalidURI"}
_NO_ROUTE = "No route for "
"""How the emulator's answer to an unknown operation of a REST-JSON service begins; the error's code says less."""


@dataclass
class Exchange:
    """One request and its answer, as a correction sees them."""

    operation: Operation
    parameters: Parameters
    access_key: str
    emulator: Emulator
    memory: Memory
    answer: Parameters = field(default_factory=dict)
    """What the emulator answered, in the API's names; a correction changes it in place."""

    @property
    def scope(self) -> str:
        """Account and region: what a regional id is unique in."""
        return f"{self.emulator.account}/{self.emulator.region}"

    def shelf(self, kind: str) -> Shelf:
        """What is remembered of one kind of thing."""
        return self.memory.shelf(kind)


Handler = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True)
class Correction:
    """What is added to some operations of a service. A handler raises AwsError to refuse."""

    service: str
    operations: tuple[str, ...]
    before: Handler | None = None
    """Runs before the emulator is asked: for what AWS refuses and the emulator would do. What it puts into the answer
    is the whole answer; it has then asked for the right itself, and the emulator is not asked."""
    after: Handler | None = None
    """Runs on the emulator's successful answer."""
    supply: Handler | None = None
    """Gives the whole answer of an operation that the emulator does not know; runs once it has said so."""
    refused: Handler | None = None
    """Gives the whole answer where the emulator refuses what AWS would do, such as to tell of a thing that is being
    deleted. Not where a right is missing. It replaces the answer; one that still has its `Error` stands."""


class Corrections:
    """ASGI application: the emulator with its answers corrected."""

    def __init__(self, application: Application, memory: Memory, corrections: Iterable[Correction]) -> None:
        self._application, self._memory = application, memory
        self._table: dict[Operation, list[Correction]] = {}
        for correction in corrections:
            for name in correction.operations:
                self._table.setdefault(Operation(correction.service, name), []).append(correction)
        self._services = {operation.service for operation in self._table}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection's event of the ASGI protocol."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        head = request_head(scope)
        # An S3 operation is known by its head, and its body may be huge; elsewhere the body may name the operation.
        concerned = operation_of(head) in self._table if head.signing_name == "s3" else head.service in self._services
        if not concerned:
            await self._application(scope, receive, send)
            return
        # As the emulator does, for what is decided in front of it.
        pin_request_origin((scope.get("client") or ("127.0.0.1",))[0], scope.get("scheme") == "https")
        body = await whole_body(receive)
        request = Request(head.method, head.path, head.query, head.headers, body)
        operation = operation_of(request)
        corrections = self._table.get(operation, []) if operation else []
        if operation is None or not corrections:
            answer = await answer_to(self._application, scope, body)
        else:
            answer = await self._corrected(operation, corrections, request, scope)
        await answer.send(send)

    async def _corrected(
        self, operation: Operation, corrections: list[Correction], request: Request, scope: Message
    ) -> Answer:
        emulator = Emulator(self._application, account_of(request.access_key), request.region)
        parameters = parameters_of(operation, request)
        exchange = Exchange(operation, parameters, request.access_key, emulator, self._memory)
        try:
            for correction in corrections:
                if correction.before:
                    await correction.before(exchange)
            if exchange.answer:
                headers, body = encode_answer(operation, exchange.answer)
                return Answer(200, headers, body)
            answer = await answer_to(self._application, scope, request.body)
            exchange.answer = answer_of(operation, answer.status, answer.headers, answer.body)
            if answer.status >= 300:
                unknown = _is_unknown(exchange.answer.get("Error", {}))
                suppliers = [correction.supply for correction in corrections if correction.supply]
                if not (unknown and suppliers):
                    return await _unless_refused(exchange, corrections, answer)
                exchange.answer = {}
                for supply in suppliers:
                    await supply(exchange)
                headers, body = encode_answer(operation, exchange.answer)
                return Answer(200, headers, body)
            original = copy.deepcopy(exchange.answer)
            for correction in corrections:
                if correction.after:
                    await correction.after(exchange)
        except AwsError as error:
            return Answer(error.status, *encode_error(operation, error))
        except Exception as error:
            _log.exception("a correction of %s:%s failed", operation.service, operation.name)
            failure = AwsError("InternalFailure", f"the twin's correction of {operation.name} failed: {error}", 500)
            return Answer(500, *encode_error(operation, failure))
        if exchange.answer == original:
            return answer
        headers, body = encode_answer(operation, exchange.answer)
        kept = {name: value for name, value in answer.headers.items() if name.startswith("x-amz")}
        return Answer(answer.status, kept | headers, body)


def _is_unknown(error: Parameters) -> bool:
    return error.get("Code") in _UNKNOWN_OPERATION or str(error.get("Message", "")).startswith(_NO_ROUTE)


async def _unless_refused(exchange: Exchange, corrections: list[Correction], answer: Answer) -> Answer:
    handlers = [correction.refused for correction in corrections if correction.refused]
    if not handlers or answer.status in _NO_RIGHT or exchange.answer.get("Error", {}).get("Code") in _DENIED:
        return answer
    for handler in handlers:
        await handler(exchange)
    return answer if "Error" in exchange.answer else Answer(200, *encode_answer(exchange.operation, exchange.answer))


def request_head(scope: Message) -> Request:
    """The request of an ASGI scope, without its body."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    path = unquote(scope["path"]) if "%" in scope["path"] else scope["path"]
    return Request(scope["method"], path, scope.get("query_string", b"").decode("latin-1"), headers, b"")


async def whole_body(receive: Receive) -> bytes:
    """The whole body of a request; a client that hangs up early has sent what it has sent."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(chunks)

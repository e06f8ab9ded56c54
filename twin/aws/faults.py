"""Faults for tests: the next requests that match are answered as AWS answers on a bad day.

Nothing happens unless the file `faults.json` is in the twin's folder. A test in another process writes it with
`plan`; each fault that has struck is counted down in the file, and the last one removes it.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from twin.aws.corrections.emulator import Answer, Application, Message, Receive, Send, answer_to
from twin.aws.corrections.engine import request_head, whole_body
from twin.aws.corrections.wire import AwsError, Operation, Request, encode_error, operation_of

Kind = Literal["internal-error", "unavailable", "throttled", "denied", "closed"]
_THROTTLED = {
    "s3": ("SlowDown", 503),
    "ec2": ("RequestLimitExceeded", 503),
    "rds": ("Throttling", 400),
    "iam": ("Throttling", 400),
}
_DENIED = {"s3": "AccessDenied", "ec2": "UnauthorizedOperation", "rds": "AccessDenied", "iam": "AccessDenied"}


@dataclass(frozen=True)
class Fault:
    """What happens to the next `times` requests of an operation."""

    service: str
    """botocore's name: `ec2`, `s3`, …; `*` for any."""
    operation: str
    """The API's name: `CreateBucket`; `*` for any."""
    kind: Kind
    """`internal-error` (500), `unavailable` (503), `throttled` (as the service words it), `denied` (403; nobody tries
    again), `closed` (the connection)."""
    times: int = 1
    after: bool = False
    """Strike when the emulator has done the work, so that the caller cannot know whether it was done."""

    def hits(self, operation: Operation) -> bool:
        """Whether a request of this operation is struck."""
        return self.service in ("*", operation.service) and self.operation in ("*", operation.name) and self.times > 0


def faults_file(root: Path) -> Path:
    """Where the planned faults of the twin in `root` are."""
    return root / "faults.json"


def plan(root: Path, faults: Sequence[Fault]) -> None:
    """Plan these faults, in place of those planned before; an empty list ends them."""
    with _alone(root):
        _write(root, faults)


def planned(root: Path) -> list[Fault]:
    """The faults that have not struck yet."""
    try:
        return [Fault(**fault) for fault in json.loads(faults_file(root).read_text())]
    except FileNotFoundError:
        return []


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Nobody else changes the plan meanwhile: a fault that strikes just now must not bring back what was ended."""
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(root: Path, faults: Sequence[Fault]) -> None:
    path = faults_file(root)
    left = [fault for fault in faults if fault.times > 0]
    if not left:
        path.unlink(missing_ok=True)
        return
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps([asdict(fault) for fault in left], indent=1))
    os.replace(temporary, path)


class BrokenOffError(Exception):
    """Ends a request in the middle of its answer, which makes the server close the connection."""


class Faults:
    """ASGI application: the one it wraps, with the planned faults."""

    def __init__(self, application: Application, root: Path) -> None:
        self._application, self._root = application, root

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection's event of the ASGI protocol."""
        if scope["type"] != "http" or not faults_file(self._root).exists():
            await self._application(scope, receive, send)
            return
        head = request_head(scope)
        body = await whole_body(receive)
        operation = operation_of(Request(head.method, head.path, head.query, head.headers, body))
        fault = self._next(operation) if operation else None
        answer = await answer_to(self._application, scope, body) if fault is None or fault.after else None
        if operation is not None and fault is not None:
            if fault.kind == "closed":
                await _break_off(send)
            answer = _failure(operation, fault)
        if answer is not None:
            await answer.send(send)

    def _next(self, operation: Operation) -> Fault | None:
        with _alone(self._root):
            faults = planned(self._root)
            for position, fault in enumerate(faults):
                if fault.hits(operation):
                    faults[position] = replace(fault, times=fault.times - 1)
                    _write(self._root, faults)
                    return fault
        return None


def _failure(operation: Operation, fault: Fault) -> Answer:
    if fault.kind == "throttled":
        code, status = _THROTTLED.get(operation.service, ("ThrottlingException", 400))
        error = AwsError(code, "Rate exceeded", status)
    elif fault.kind == "unavailable":
        error = AwsError("ServiceUnavailable", "The service is unavailable. Please try again shortly.", 503)
    elif fault.kind == "denied":
        code = _DENIED.get(operation.service, "AccessDeniedException")
        error = AwsError(code, f"You are not authorized to perform: {operation.service}:{operation.name}", 403)
    else:
        code = "InternalError" if operation.service in ("s3", "ec2") else "InternalFailure"
        error = AwsError(code, "We encountered an internal error. Please try again.", 500)
    return Answer(error.status, *encode_error(operation, error))


async def _break_off(send: Send) -> None:
    """Promise more than is sent: ASGI has no way to close a connection, but a server closes what was cut short."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"<", "more_body": True})
    raise BrokenOffError

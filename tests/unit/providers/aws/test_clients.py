"""Retries, against a server that fails in the ways that networks and services do."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import EndpointConnectionError

from twin.providers.aws.clients import Clients
from twin.providers.aws.errors import CallError

CLOSE = "close the connection"
THROTTLED = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class Server(ThreadingHTTPServer):
    """Answers each request with the next of the failures, then with success."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.failures: list[str | tuple[int, str]] = []
        self.requests: list[str] = []
        self.made = False


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        if self.command == "PUT":
            takes_effect = not self.server.failures or self.server.failures[0] == CLOSE
            self.server.made = self.server.made or takes_effect
        if self.command == "PUT" and self.server.failures:
            failure = self.server.failures.pop(0)
            if isinstance(failure, str):
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                return
            status, body = failure
        else:
            status, body = 200 if self.command == "PUT" or self.server.made else 404, ""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_PUT = do_HEAD = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    served = Server()
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{served.server_address[1]}")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)  # its pauses are up to four seconds
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def _find(clients: Clients) -> str | None:
    try:
        clients.call("s3", "head_bucket", {"Bucket": "b"})
    except CallError:
        return None
    return "b"


def _create(clients: Clients) -> bool:
    """Whether an answer came back; without one the bucket was found to be there."""
    answer = clients.call_creating("s3", "create_bucket", {"Bucket": "b"}, "us-east-1", lambda: _find(clients))
    return answer is not None


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([CLOSE], id="a lost connection"),
        pytest.param([(500, "")], id="a server's error"),
        pytest.param([(503, THROTTLED), CLOSE, (502, "<html>")], id="throttled, lost, a proxy's error"),
    ],
)
def test_other_calls_are_simply_repeated(server: Server, failures: list[str | tuple[int, str]]) -> None:
    server.failures = list(failures)
    Clients("us-east-1").call("s3", "put_bucket_policy", {"Bucket": "b", "Policy": "{}"})
    assert len(server.requests) == len(failures) + 1


def test_a_create_whose_answer_was_lost_is_looked_for_and_not_repeated(server: Server) -> None:
    server.failures = [CLOSE]
    assert _create(Clients("us-east-1")) is False
    assert server.requests == ["PUT /b", "HEAD /b"]


def test_a_create_that_failed_is_looked_for_and_then_repeated(server: Server) -> None:
    server.failures = [(500, "")]
    assert _create(Clients("us-east-1")) is True
    assert server.requests == ["PUT /b", "HEAD /b", "PUT /b"]


def test_a_create_that_was_throttled_is_repeated(server: Server) -> None:
    server.failures = [(503, THROTTLED)]
    assert _create(Clients("us-east-1")) is True
    assert server.requests == ["PUT /b", "PUT /b"]


def test_a_refusal_is_not_repeated(server: Server) -> None:
    server.failures = [(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")]
    with pytest.raises(CallError, match=r"s3:CreateBucket \(Bucket b\): AccessDenied: no"):
        _create(Clients("us-east-1"))
    assert server.requests == ["PUT /b"]


def test_a_wrong_parameter_is_not_repeated(server: Server) -> None:
    with pytest.raises(CallError, match="Parameter validation failed"):
        Clients("us-east-1").call_creating(
            "s3", "create_bucket", {"Bucket": "b", "Colour": "red"}, "us-east-1", lambda: None
        )
    assert server.requests == []


def test_a_create_waits_for_an_endpoint_that_is_just_starting(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients("us-east-1")
    refused: list[str] = []

    def refuse_twice(request: object, **_: object) -> None:
        if len(refused) < 2:
            refused.append(str(request))
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")

    monkeypatch.setattr(clients, "pause", lambda _seconds: None)
    clients.client("s3", attempts=1).meta.events.register("before-send.s3.CreateBucket", refuse_twice)
    assert _create(clients) is True
    assert server.requests == ["HEAD /b", "HEAD /b", "PUT /b"]


@pytest.mark.usefixtures("server")
def test_an_endpoint_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(CallError, match=r'Could not connect to the endpoint URL: "http://127\.0\.0\.1:9/"'):
        Clients("us-east-1").call("sts", "get_caller_identity", {}, attempts=1)


def test_a_client_is_made_once_for_a_service_and_region() -> None:
    clients = Clients("us-east-1")
    assert clients.client("s3") is clients.client("s3", "us-east-1")
    assert clients.client("s3") is not clients.client("s3", "eu-west-1")

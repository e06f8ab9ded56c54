"""The sidecar `events` over HTTP on loopback: what reaches the queue, and what MLflow is told."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from groundwork_mlflow import events
from groundwork_mlflow.errors import PodError

from tests.unit.images.test_signature import SECRET, signed

EVENT = {"entity": "model_version", "action": "created", "workspace": "vision", "data": {"name": "m", "version": "1"}}
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/groundwork-dev-registry-events"


class Queue:
    """Keeps what it is sent; refuses while it is down."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.down = False

    def send_message(self, **message: Any) -> None:
        if self.down:
            raise EndpointConnectionError(endpoint_url=QUEUE_URL)
        self.sent.append(message)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def address(queue: Queue) -> Iterator[tuple[str, int]]:
    handler = events.events_handler(events.Receiver(SECRET, queue, QUEUE_URL))
    yield from serving(ThreadingHTTPServer(("127.0.0.1", 0), handler))


def serving(server: ThreadingHTTPServer) -> Iterator[tuple[str, int]]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield ("127.0.0.1", server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def ask(
    address: tuple[str, int], method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(*address, timeout=20)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said


def post(address: tuple[str, int], event: object = EVENT) -> int:
    body = json.dumps(event).encode()
    return ask(address, "POST", "/", body, signed(body, at=int(time.time())))[0]


def test_a_signed_event_is_in_the_queue_before_mlflow_is_told_so(address: tuple[str, int], queue: Queue) -> None:
    assert post(address) == 204
    (message,) = queue.sent
    assert message["QueueUrl"] == QUEUE_URL
    assert json.loads(message["MessageBody"]) == EVENT | {"delivery_id": "d-1"}
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"entity": "model_version", "action": "created", "workspace": "vision"}


def test_mlflow_tries_again_while_the_queue_refuses(address: tuple[str, int], queue: Queue) -> None:
    queue.down = True
    assert post(address) == 503
    queue.down = False
    assert post(address) == 204
    assert len(queue.sent) == 1


def test_what_is_not_signed_never_reaches_the_queue(address: tuple[str, int], queue: Queue) -> None:
    body = json.dumps(EVENT).encode()
    assert ask(address, "POST", "/", body)[0] == 401
    assert ask(address, "POST", "/", body, signed(body, secret="guessed", at=int(time.time())))[0] == 401
    assert queue.sent == []


@pytest.mark.parametrize("event", [["a list"], {"entity": "model_version"}, "text", 7])
def test_what_is_no_event_is_refused_for_good(address: tuple[str, int], queue: Queue, event: object) -> None:
    assert post(address, event) == 400
    assert queue.sent == []


def test_a_large_body_is_refused_before_it_is_read(address: tuple[str, int], queue: Queue) -> None:
    status, said = ask(address, "POST", "/", b"", {"Content-Length": str(events.LARGEST_BODY + 1)})
    assert (status, said) == (413, f"at most {events.LARGEST_BODY} bytes")
    assert queue.sent == []


def test_a_body_of_unknown_length_is_refused(address: tuple[str, int]) -> None:
    assert ask(address, "POST", "/", b"", {"Content-Length": "-1"})[0] == 411


def test_a_body_that_never_ends_does_not_hold_the_receiver(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events._Handler, "timeout", 0.2)
    assert ask(address, "POST", "/", b"", {"Content-Length": "10"})[0] == 408


def test_only_posting_is_possible(address: tuple[str, int]) -> None:
    assert ask(address, "GET", "/")[0] == 501


def test_health_and_nothing_else_is_on_the_other_port(tmp_path: Path) -> None:
    for address in serving(ThreadingHTTPServer(("127.0.0.1", 0), events.metrics_handler(tmp_path))):
        assert ask(address, "GET", "/health") == (200, "OK")
        assert ask(address, "GET", "/")[0] == 404
        assert ask(address, "POST", "/", b"{}")[0] == 501


@pytest.mark.parametrize(("content", "said"), [(None, "is the secret mounted?"), ("\n", "is empty")])
def test_without_a_secret_it_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, said: str
) -> None:
    file = tmp_path / "webhook_secret"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", str(file))
    with pytest.raises(PodError, match=said) as refused:
        events.run()
    assert str(file) in str(refused.value)

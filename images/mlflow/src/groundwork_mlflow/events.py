"""The sidecar `events`: takes MLflow's registry webhooks and hands each to a queue of the platform.

MLflow posts to it on the loopback address of their pod, so that nobody else reaches it, and every request is checked
for its signature all the same. It says 204 only once the queue has the message; where the queue refuses, it says 503,
and MLflow tries again. A consumer may therefore see a delivery twice and tells by its `delivery_id`.

A second port, on the pod's address, serves `/health` for the kubelet and `/metrics`, the server's own metrics. The
server's port has them as well, but only for MLflow's administrators; here the network policy decides.

Source: MLflow documentation, "Webhooks"; Amazon SQS API reference, SendMessage (256 KiB until a queue allows more);
prometheus_client documentation, "Multiprocess Mode".
"""

import json
import signal
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from groundwork_mlflow import mounted
from groundwork_mlflow.errors import PodError, required
from groundwork_mlflow.signature import Headers, UnsignedError, verify

LOOPBACK = "127.0.0.1"
PORT = 8081
URL = f"http://localhost:{PORT}/"
"""Where MLflow posts to: the containers of a pod share their loopback address."""
METRICS_PORT = 9464
LARGEST_BODY = 200 * 1024
"""Room is left in a message of 256 KiB for its attributes."""
READ_SECONDS = 10
QUEUE_SECONDS = 5
"""With one more try, well within the 30 seconds that MLflow waits."""


class Receiver:
    """Decides on one request; knows nothing of HTTP but its words."""

    def __init__(self, secret: str, queue: Any, queue_url: str) -> None:
        self._secret, self._queue, self._queue_url = secret, queue, queue_url

    def receive(self, headers: Headers, body: bytes, now: float) -> tuple[HTTPStatus, str]:
        """Return the answer, after the queue has what was to be handed on."""
        try:
            delivery = verify(self._secret, headers, body, now)
        except UnsignedError as refused:
            return HTTPStatus.UNAUTHORIZED, str(refused)
        try:
            event = json.loads(body)
            message = json.dumps({**event, "delivery_id": delivery}, separators=(",", ":"))
            attributes = {
                name: {"DataType": "String", "StringValue": str(event[name])} for name in ("entity", "action")
            }
        except (ValueError, TypeError, KeyError):
            return HTTPStatus.BAD_REQUEST, "the body is no event of MLflow"
        if workspace := event.get("workspace"):
            attributes["workspace"] = {"DataType": "String", "StringValue": str(workspace)}
        try:
            self._queue.send_message(QueueUrl=self._queue_url, MessageBody=message, MessageAttributes=attributes)
        except (BotoCoreError, ClientError) as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"the queue did not take it: {error}"
        return HTTPStatus.NO_CONTENT, f"{event['entity']}.{event['action']} of {workspace} is in the queue"


def run() -> None:
    """Serve both ports until the pod ends."""
    secret = mounted.read(Path(required("WEBHOOK_SECRET_FILE")))
    timeouts = Config(connect_timeout=QUEUE_SECONDS, read_timeout=QUEUE_SECONDS, retries={"total_max_attempts": 2})
    receiver = Receiver(secret, boto3.client("sqs", config=timeouts), required("EVENTS_QUEUE_URL"))
    servers = [
        _server((LOOPBACK, PORT), events_handler(receiver)),
        _server((required("POD_IP"), METRICS_PORT), metrics_handler(Path(required("METRICS_DIRECTORY")))),
    ]
    stopped = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stopped.set())
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"events on {LOOPBACK}:{PORT}, health and metrics on port {METRICS_PORT}")
    stopped.wait()
    for server in servers:
        server.shutdown()


def events_handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    """Return the HTTP side of a receiver."""

    class Handler(_Handler):
        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit():
                self.answer(HTTPStatus.LENGTH_REQUIRED, "Content-Length is needed")
            elif int(length) > LARGEST_BODY:
                self.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_BODY} bytes")
            else:
                try:
                    body = self.rfile.read(int(length))
                except TimeoutError:
                    self.answer(HTTPStatus.REQUEST_TIMEOUT, f"the body took more than {READ_SECONDS} seconds")
                    return
                status, said = receiver.receive(self.headers, body, time.time())
                self.answer(status, said)
                print(f"{status.value} {said}", file=sys.stdout if status is HTTPStatus.NO_CONTENT else sys.stderr)

    return Handler


def metrics_handler(directory: Path) -> type[BaseHTTPRequestHandler]:
    """Return what serves health and the metrics that the server's processes keep in a folder they share."""

    class Handler(_Handler):
        def do_GET(self) -> None:
            if self.path == "/health":
                self.answer(HTTPStatus.OK, "OK")
            elif self.path == "/metrics":
                self.answer(HTTPStatus.OK, *metrics_of(directory))
            else:
                self.answer(HTTPStatus.NOT_FOUND, "/health or /metrics")

    return Handler


def metrics_of(directory: Path) -> tuple[str, str]:
    """Return the metrics of all of the server's processes, and their content type."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(directory))
    return generate_latest(registry).decode(), CONTENT_TYPE_LATEST


class _Handler(BaseHTTPRequestHandler):
    timeout = READ_SECONDS
    protocol_version = "HTTP/1.1"

    def answer(self, status: HTTPStatus, said: str, content_type: str = "text/plain; charset=utf-8") -> None:
        """Send an answer and close: what is left of a refused body is not read as another request."""
        content = b"" if status is HTTPStatus.NO_CONTENT else said.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing of each request: probes and scrapes would fill the log."""


def _server(address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer(address, handler)
    except OSError as error:
        raise PodError(f"cannot listen on {address[0]}:{address[1]}: {error.strerror}") from None
